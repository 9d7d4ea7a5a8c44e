"""From efforts to outcomes: what early placement does, by how much, and whether the data can tell.

Belongs here: estimators, gates, grades and their sentences. Must not be here: reading of files, disclosure control, pages.
"""

from pipeline.effects.arbeidsgiver import arbeidsgivere
from pipeline.effects.estimate import Effects, Stamps, estimate
from pipeline.effects.funnel import municipality_table

__all__ = ["Effects", "Stamps", "arbeidsgivere", "estimate", "municipality_table"]
