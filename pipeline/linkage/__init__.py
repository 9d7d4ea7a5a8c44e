"""Participations joined with registers: months, outcomes and coverage, computed by an engine over Parquet.

Belongs here: one SQL file per step (its first line states the grain) and the functions that run them in order.
Must not be here: identities, or any rule about a delivery.
"""

from pipeline.linkage.link_quality import koblingskvalitet
from pipeline.linkage.outcomes import utfall
from pipeline.linkage.person_months import person_maaned
from pipeline.linkage.placement_jobs import praksisutfall
from pipeline.linkage.reach import kobling

__all__ = ["kobling", "koblingskvalitet", "person_maaned", "praksisutfall", "utfall"]
