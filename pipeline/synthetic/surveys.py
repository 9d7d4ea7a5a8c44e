"""What projects and employers answer in surveys, as the central register would send it: one file for all projects.

Answers are drawn by themselves: no effort and no outcome of the simulated programme depends on them. Must not be here: files' forms.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

from pipeline.synthetic.deliveries import Delivery, pack
from pipeline.synthetic.world import World, stream
from pipeline.tables import DELIVERY_TABLES
from pipeline.tables.deliveries import EMPLOYER_ANSWERS

YEARS = (2021, 2024)
_STREAM = 20  # none of the world's own: whoever adds a survey moves nothing else
_SENDER, _RECEIVED = "imdi", datetime(2026, 1, 25, 8, 0, 0)
_RESPONDING, _ANSWERING_EMPLOYERS = 0.79, 0.2
# Category and share of the answering projects that name it.
_NAMED: dict[str, dict[str, float]] = {
    "malsetting": {"arbeid": 0.9, "utdanning": 0.55, "bedre_norsk": 0.5, "selvforsorging": 0.4, "nettverk": 0.2},
    "arbeidsretting": {"praksis": 0.8, "tidlig_praksis": 0.3, "individuell_plan": 0.6, "jobbsokerkurs": 0.4, "tett_oppfolging": 0.5},
    "suksess_arbeidsgiver": {"tett_oppfolging": 0.6, "avklarte_forventninger": 0.45, "fast_kontaktperson": 0.4, "fadder": 0.25},
    "barriere_arbeidsgiver": {
        "tid_og_ressurser": 0.55, "sprak": 0.6, "darlige_erfaringer": 0.2, "tidspress": 0.3, "konkurranse_om_plasser": 0.35,
    },
    "suksess_tjenester": {"faste_moter": 0.5, "samlokalisering": 0.35, "felles_mal": 0.3, "forankring_i_ledelsen": 0.3},
    "barriere_tjenester": {"ulike_regelverk": 0.4, "lite_tid": 0.45, "uklart_ansvar": 0.35, "lite_kjennskap": 0.25},
}  # fmt: skip


def project_survey(world: World) -> pl.DataFrame:
    """``undersokelse`` in the delivery schema: about four in five of the projects that run in a survey's year answer it."""
    rng, rows = stream(world.seed, _STREAM), []
    for year in YEARS:
        for era in world.people.units.eras:
            answers = rng.random() < _RESPONDING
            drawn = {question: rng.random(len(shares)) for question, shares in _NAMED.items()}
            if not (answers and era.first.year <= year <= era.last.year):
                continue
            rows += [
                {"prosjekt_id": era.prosjekt_id, "aar": year, "sporsmal": question, "kategori": name}
                for question, shares in _NAMED.items()
                for (name, share), draw in zip(shares.items(), drawn[question], strict=True)
                if draw < share
            ]
    return DELIVERY_TABLES["undersokelse"].conform(pl.DataFrame(rows, infer_schema_length=None))


def employer_answers(world: World) -> pl.DataFrame:
    """``arbeidsgiver_svar`` in the delivery schema: one in five ended placements, every question once, two weeks after its end."""
    rng = stream(world.seed, _STREAM + 1)
    ended = world.measures.filter(pl.col("arbeidsgiver_orgnr").is_not_null() & pl.col("slutt_dato").is_not_null())
    asked = ended.filter(pl.Series(rng.random(ended.height) < _ANSWERING_EMPLOYERS))
    parts = []
    for question, categories in EMPLOYER_ANSWERS.items():
        falling = 1 / np.arange(2, len(categories) + 2)  # the first of the listed words are the commonest
        chosen = pl.Series(np.array(categories)[rng.choice(len(categories), asked.height, p=falling / falling.sum())])
        parts.append(asked.select(
            "prosjekt_id", svar_id=pl.format("{}-{}", "tiltak_id", pl.lit(question)), orgnr="arbeidsgiver_orgnr",
            dato=pl.col("slutt_dato") + pl.duration(days=14), sporsmal=pl.lit(question), kategori=chosen,
        ))  # fmt: skip
    return DELIVERY_TABLES["arbeidsgiver_svar"].conform(pl.concat(parts).filter(pl.col("dato") <= _RECEIVED.date()))


def survey_delivery(world: World) -> Delivery:
    """The central register's one file with both surveys."""
    tables = {"undersokelse": project_survey(world), "arbeidsgiver_svar": employer_answers(world)}
    suffix, data = pack({name: frame for name, frame in tables.items() if frame.height}, "zip_utf8")
    return Delivery(_SENDER, f"undersokelser_{YEARS[-1]}{suffix}", data, _RECEIVED)
