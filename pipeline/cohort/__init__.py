"""From accepted rows to the tables that analysts and estimators start from, and the indicators computed on them.

Belongs here: derivations over one participation and its spells, municipality harmonisation, indicators, plain descriptions.
Must not be here: register linkage (``linkage``), models (``effects``), suppression (``disclosure``).
"""

from pipeline.cohort.forlop import forlop
from pipeline.cohort.klargjort import Klargjort, build_klargjort
from pipeline.cohort.nokkeltall import nokkeltall
from pipeline.cohort.sekvens import opphold, sekvenser
from pipeline.cohort.undersokelse import arbeidsgiversvar, prosjektundersokelse

__all__ = [
    "Klargjort", "arbeidsgiversvar", "build_klargjort", "forlop", "nokkeltall", "opphold", "prosjektundersokelse", "sekvenser",
]  # fmt: skip
