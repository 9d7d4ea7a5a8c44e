"""The one list of what ``prove`` tries; another analysis is proved by adding its entry. Must not be here: anything else."""

from __future__ import annotations

from pipeline.proof.efforts import EFFORTS
from pipeline.proof.estimands import E1, E2
from pipeline.proof.mediated import MEDIATED

PROVED = (E1, E2, *EFFORTS, *MEDIATED)
