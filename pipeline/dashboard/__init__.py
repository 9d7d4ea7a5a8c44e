"""Static dashboard: released tables in, a folder of pages out that opens from ``file://`` without a server or a network.

Belongs here: pages, figures, texts, styles. Must not be here: any number that is not in the release, any estimate,
any disclosure decision.
"""

from __future__ import annotations

from pipeline.dashboard.build import build_site
from pipeline.dashboard.freshness import Freshness

__all__ = ["Freshness", "build_site"]
