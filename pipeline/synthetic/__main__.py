"""Make the sample anew: ``python -m pipeline.synthetic FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from pipeline.synthetic import make_sample

if len(sys.argv) != 2:
    sys.exit("usage: python -m pipeline.synthetic FOLDER")
make_sample(Path(sys.argv[1]))
