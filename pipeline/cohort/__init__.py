"""From accepted rows to the tables that analysts and estimators start from, and the indicators computed on them.

Belongs here: derivations over one participation and its spells, municipality harmonisation, indicators. Must not be here:
register linkage (``linkage``), models (``effects``), suppression (``disclosure``).
"""

from pipeline.cohort.klargjort import Klargjort, build_klargjort
from pipeline.cohort.nokkeltall import nokkeltall

__all__ = ["Klargjort", "build_klargjort", "nokkeltall"]
