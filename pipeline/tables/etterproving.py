"""The proof: what the engine finds of effects that were planted in data of the home's size and shape.

Belongs here: the table that ``jobbsjansen prove`` writes. Must not be here: estimates from real data; a night makes none of this.
"""

from __future__ import annotations

from pipeline.tables.base import Column as C
from pipeline.tables.base import Table

PROGRAMMES = ("uten_virkning", "5_poeng", "10_poeng", "antatt")

ETTERPROVING = Table(
    "etterproving", "statistikk", "one planted size and analysis, over many simulated programmes of the home's size and shape", (
        C("program", "text",
          "what was planted: no effort has any effect; placement by week 8 moves work or education by week 52 by 5 or 10 points; "
          "the generator's own effects",
          required=True, key=True, codes=PROGRAMMES),
        C("analyse", "text", "analysis, as in effekt", required=True, key=True),
        C("strategi", "text", "strategy", required=True, key=True),
        C("sammenligning", "text", "comparison", required=True, key=True),
        C("utfall", "text", "outcome", required=True, key=True),
        C("horisont_uker", "int", "horizon from time zero", required=True, key=True, unit="weeks"),
        C("variant", "text", "rule inside the grace period", key=True),
        C("plantet", "float", "true effect, by forcing both strategies in the generator", required=True, unit="share"),
        C("plantet_se", "float", "simulation error of the true effect", unit="share"),
        C("skjevhet", "float", "mean estimate minus true effect; null when nothing could be estimated", unit="share"),
        C("skjevhet_se", "float", "simulation error of skjevhet", unit="share"),
        C("sd", "float", "standard deviation of the estimates", unit="share"),
        C("middel_se", "float", "mean standard error", unit="share"),
        C("dekning", "float", "share of the 95 % intervals that hold the true effect", unit="share"),
        C("andel_funnet", "float",
          "share of the programmes where a night would show a number and its interval lies on the true effect's side of 0 (power); "
          "next to nothing planted: either side (false alarms)", required=True, unit="share"),
        C("andel_vist", "float", "share of the programmes where a night would show a number (grade A or B)", required=True, unit="share"),
        C("grader", "text", "JSON: share of the programmes by grade", required=True),
        C("n_gjentak", "int", "simulated programmes", required=True, unit="programmes"),
        C("n_uten_anslag", "int", "of them without an estimate or standard error", required=True, unit="programmes"),
        C("n_deltakelser", "int", "persons followed per programme, as in the home to two significant figures", required=True, unit="persons"),
        C("n_kommuner", "int", "municipalities per programme, likewise", required=True, unit="clusters"),
        C("setning", "text", "the row in words, bokmål", required=True),
        C("inndata_hash", "text", "hash of the tables whose size and shape was imitated", required=True),
        C("kode_versjon", "text", "version and hash of the code", required=True),
        C("beregnet", "text", "time of computation, ISO 8601", required=True),
    ), "proof",
)  # fmt: skip
