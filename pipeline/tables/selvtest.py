"""The night's self-test: whether the method finds nothing where starts were drawn by lot.

Belongs here: the table of the self-test. Must not be here: estimates.
"""

from __future__ import annotations

from pipeline.tables.base import Column as C
from pipeline.tables.base import Table

SELVTEST = Table(
    "selvtest", "statistikk", "one analysis whose starts were drawn anew within each week's risk set, exits as they were", (
        C("analyse", "text", "analysis, as in effekt", required=True, key=True),
        C("strategi", "text", "strategy"),
        C("sammenligning", "text", "comparison"),
        C("utfall", "text", "outcome"),
        C("horisont_uker", "int", "horizon from time zero", unit="weeks"),
        C("n_trekninger", "int", "draws", required=True, unit="draws"),
        C("middel", "float", "mean difference over the draws; the truth is 0", unit="share"),
        C("sd", "float", "standard deviation over the draws", unit="share"),
        C("grense", "float", "3 standard errors of the mean: further from 0 chance does not explain", unit="share"),
        C("bestatt", "bool", "the mean is within the limit; null when nothing could be estimated"),
        C("begrunnelse", "text", "why nothing could be estimated (code of a reason)"),
        C("protokoll_hash", "text", "hash of the protocol"),
        C("inndata_hash", "text", "hash of the input tables", required=True),
        C("kode_versjon", "text", "version and hash of the code", required=True),
        C("beregnet", "text", "time of first computation, ISO 8601", required=True),
    ), "effects",
)  # fmt: skip
