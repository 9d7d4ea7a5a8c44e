"""The eight registry extracts of a simulated programme, as their owners would deliver them, keyed by ``person_id``.

They agree with the simulated exits: a job follows lonnsarbeid, a spell of education follows the educational exits, and
later life goes on from there. A few persons are missing from every register, some emigrate, some die.

Belongs here: register rows and files. Must not be here: linkage of any kind.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.store import parquet_bytes, write_bytes
from pipeline.synthetic.livelihood import AFTER, BEFORE, DURING, NO_JOB, Livelihood, live
from pipeline.synthetic.world import REGISTERS_STREAM, World, stream
from pipeline.tables import REGISTERS
from pipeline.tables.deliveries import LANGUAGE

MISSING_SHARE = 0.008
_SEEKER = ("helt_ledig", "delvis_ledig", "paa_tiltak", "nedsatt_arbeidsevne")
_LEVEL = {
    "grunnskole": "grunnskole", "videregaende": "videregaende", "fagbrev_laerling": "videregaende", "hoyere_utdanning": "hoyere",
}  # fmt: skip
_INDUSTRIES = ("47.111", "56.101", "81.210", "88.911", "87.102", "85.100", "55.101", "10.710", "49.410", "96.020")


def _monthly(life: Livelihood, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    row, who = np.nonzero(chosen & ~life.gone)
    return row, who, life.months[row].astype("datetime64[D]")


def _subsidised_jobs(world: World, until: date) -> pl.DataFrame:
    spells = world.spells.filter(pl.col("tiltak_type") == "lonnstilskudd").with_columns(
        last=pl.col("slutt_dato").fill_null(until), first=pl.col("start_dato").dt.truncate("1mo")
    )
    months = spells.with_columns(maaned=pl.date_ranges("first", "last", "1mo")).explode("maaned", empty_as_null=False)
    jobs = months.with_columns(
        type=pl.lit("lonnstilskudd"), stillingsprosent=pl.lit(80.0), timer_per_uke=pl.lit(30.0), lonn_nok=pl.lit(24_000.0)
    )
    return jobs.select("i", "maaned", "employer", "type", "stillingsprosent", "timer_per_uke", "lonn_nok")


def _arbeidsforhold(world: World, life: Livelihood, until: date, rng: np.random.Generator) -> pl.DataFrame:
    row, who, month = _monthly(life, life.employer >= 0)
    share = life.position[row, who]
    year = life.months[row].astype("datetime64[Y]").astype(int) + 1970
    level = np.random.default_rng(int(rng.integers(2**31))).uniform(0.88, 1.18, len(world.people))[who]
    pay = np.round(37_000 * 1.035 ** (year - 2019) * share / 100 * level, -2)
    ordinary = pl.DataFrame({
        "i": who, "maaned": month, "employer": life.employer[row, who], "type": np.where(who % 29 == 0, "frilans", "ordinaert"),
        "stillingsprosent": share, "timer_per_uke": np.round(share * 0.375, 1), "lonn_nok": pay,
    })  # fmt: skip
    jobs = pl.concat([ordinary, _subsidised_jobs(world, until)], how="vertical_relaxed")
    jobs = jobs.unique(["i", "maaned", "employer", "type"], keep="first", maintain_order=True)
    return jobs.with_columns(orgnr=pl.Series(world.orgnr[jobs["employer"].to_numpy()]))


def _selvstendig(world: World, life: Livelihood, until: date, rng: np.random.Generator) -> pl.DataFrame:
    own = world.true_exits.filter(pl.col("avslutning") == "selvstendig").with_columns(aar=pl.col("slutt_dato").dt.year())
    rows = []
    for i, first in own.select("i", "aar").iter_rows():
        years = 1 + int(rng.geometric(0.18))
        left = life.left[i]
        last = until.year - 1 if np.isnat(left) else int(left.astype("datetime64[Y]").astype(int)) + 1970
        for year in range(first, min(first + years, last + 1, until.year)):
            rows.append({"i": i, "aar": year, "naeringsinntekt_nok": float(rng.integers(40, 420) * 1000)})
    return pl.DataFrame(rows, schema={"i": pl.Int64, "aar": pl.Int64, "naeringsinntekt_nok": pl.Float64})


def _utdanning(world: World, until: date, rng: np.random.Generator) -> pl.DataFrame:
    n = len(world.people)
    wait, length, done = rng.integers(0, 40, n), rng.integers(280, 1100, n), rng.random(n) < 0.72
    frame = world.true_exits.with_columns(
        wait=pl.Series(wait), length=pl.Series(length), done=pl.Series(done),
        niva=pl.col("avslutning").replace_strict(_LEVEL, default=None, return_dtype=pl.String),
    ).filter(pl.col("niva").is_not_null())  # fmt: skip
    start = pl.col("slutt_dato") + pl.duration(days=pl.col("wait"))
    frame = frame.with_columns(start_dato=start, ends=start + pl.duration(days=pl.col("length"))).filter(
        pl.col("start_dato") <= until
    )
    over = pl.col("ends") <= until
    return frame.select(
        "i", "start_dato", "niva", slutt_dato=pl.when(over).then(pl.col("ends")),
        status=pl.when(~over).then(pl.lit("pagaende")).when("done").then(pl.lit("fullfort")).otherwise(pl.lit("avbrutt")),
    )  # fmt: skip


def _arbeidssoker(life: Livelihood) -> pl.DataFrame:
    row, who, month = _monthly(life, life.seeker >= 0)
    return pl.DataFrame({"i": who, "maaned": month, "status": np.array(_SEEKER)[life.seeker[row, who]]})


def _benefit_rules(world: World, life: Livelihood) -> list[tuple[str, float, np.ndarray]]:
    """(benefit, monthly amount, months in which it is paid): income at start before, the stipend during, the exit after."""
    reason = world.true_exits["avslutning"].to_numpy().astype(str)
    end = world.true_exits["slutt_dato"].to_numpy().astype("datetime64[M]")
    since = (life.months[:, None] - end[None, :]).astype(int)
    idle = life.employer == NO_JOB
    before, after = (life.phase == BEFORE), (life.phase == AFTER) & idle
    income, number = world.people.income[None, :], np.arange(len(world.people))[None, :]
    job_ended = after & np.vstack([np.zeros((6, idle.shape[1]), bool), ~idle[:-6]])
    return [
        ("sosialhjelp", 11_500.0, (before & (income == 2)) | (after & (reason == "sosialhjelp") & (number % 4 > 0))
         | (after & np.isin(reason, ("avbrutt", "annet_tiltak", "ukjent")) & (number % 3 == 0))),
        ("overgangsstonad", 17_200.0, (before & (income == 1)) | (after & (income == 1) & (since <= 10) & (number % 2 == 0))),
        ("introduksjonsstonad", 19_400.0, life.phase == DURING),
        ("kvp", 19_000.0, after & (reason == "kvp") & (since <= 18)),
        ("aap", 20_300.0, after & (reason == "helse")),
        ("dagpenger", 13_800.0, job_ended & (number % 5 < 3)),
        ("tiltakspenger", 9_200.0, after & (reason == "annet_tiltak") & (since <= 9)),
        ("foreldrepenger", 21_000.0, (reason == "permisjon") & (life.phase == AFTER) & (since <= 11)),
    ]  # fmt: skip


def _ytelse(world: World, life: Livelihood) -> pl.DataFrame:
    parts = []
    # Benefits long before the start carry no information for anybody; the pipeline looks at twelve months.
    near = life.months[:, None] >= world.people.start.astype("datetime64[M]")[None, :] - 14
    for name, amount, paid in _benefit_rules(world, life):
        _, who, month = _monthly(life, paid & near)
        level = amount * (0.9 + 0.05 * (who % 5))
        parts.append(pl.DataFrame({"i": who, "maaned": month, "ytelse": np.full(len(who), name), "belop_nok": level}))
    return pl.concat(parts)


def _norskprove(world: World, until: date, rng: np.random.Generator) -> pl.DataFrame:
    """Two sittings, in and at the end of the programme, from the latent language; at most B2."""
    people, course, parts = world.people, world.course, []
    for share, taken in ((0.45, 0.6), (1.0, 0.75)):
        day = people.start + np.round(share * (7 * course.exit_week)).astype(int)
        latent = people.language + share * (course.language_end - people.language)
        sits = (rng.random(len(people)) < taken) & (day <= np.datetime64(until))
        for part in ("lese", "lytte", "skrive", "muntlig"):
            level = np.clip(np.floor(latent + 0.35 * rng.standard_normal(len(people))), 0, 4).astype(int)
            frame = pl.DataFrame({"i": np.arange(len(people)), "prove_dato": day, "niva": np.array(LANGUAGE)[level]})
            parts.append(frame.filter(pl.Series(sits)).with_columns(delprove=pl.lit(part)))
    return pl.concat(parts)


def _folkeregister(world: World, life: Livelihood, until: date, rng: np.random.Generator) -> pl.DataFrame:
    """Residence spells; komm_nr in today's numbers, as a register that has been renumbered hands them out."""
    n, people = len(world.people), world.people
    marital = np.array(("gift", "ugift", "skilt", "separert"))[rng.choice(4, size=n, p=(0.66, 0.16, 0.12, 0.06))]
    moved = (world.true_exits["avslutning"] == "flyttet").to_numpy() & (
        world.true_exits["slutt_dato"].to_numpy() <= people.statusdato
    )
    refs = np.array(people.units.komm_nr_ref)
    new_home = refs[(people.unit + 1) % len(refs)]
    facts = world.baseline.select("i", "kjonn", "fodselsdato", "landbakgrunn", "innvandret_dato").with_columns(
        sivilstand=pl.Series(marital)
    )
    change = world.true_exits["slutt_dato"].to_numpy() + 1
    left = life.left.astype("datetime64[D]")
    ends = [np.where(moved, change, left), left]
    first = facts.with_columns(
        komm_nr=pl.Series(refs[people.unit]),
        status=pl.lit("bosatt"),
        gyldig_fra=pl.col("innvandret_dato"),
        gyldig_til=pl.Series(ends[0]),
    )
    second = facts.with_columns(
        komm_nr=pl.Series(new_home), status=pl.lit("bosatt"), gyldig_fra=pl.Series(change), gyldig_til=pl.Series(left)
    ).filter(pl.Series(moved & ~(left <= change)))
    away = facts.with_columns(
        komm_nr=pl.lit(None, pl.String), status=pl.Series(np.where(life.died, "dod", "utvandret")), gyldig_fra=pl.Series(left),
        gyldig_til=pl.lit(None, pl.Date),
    ).filter(pl.Series(~np.isnat(left)))  # fmt: skip
    return _as_known(pl.concat([first, second, away], how="diagonal"), until)


def _as_known(spells: pl.DataFrame, until: date) -> pl.DataFrame:
    """The spells as a register knows them on that day: none begins later, and an end that lies ahead is open."""
    ended = pl.when(pl.col("gyldig_til") <= until).then(pl.col("gyldig_til"))
    return spells.filter(pl.col("gyldig_fra") <= until).with_columns(ended.alias("gyldig_til"))


def _virksomhet(world: World, rng: np.random.Generator) -> pl.DataFrame:
    n = world.employers.height
    return world.employers.select(orgnr="arbeidsgiver_orgnr", sektor="arbeidsgiver_sektor").with_columns(
        naering=pl.Series(rng.choice(_INDUSTRIES, n)),
        antall_ansatte=pl.Series(np.round(rng.lognormal(2.8, 1.0, n)).astype(int) + 1),
    )


def _keyed(name: str, frame: pl.DataFrame, world: World, known: np.ndarray) -> pl.DataFrame:
    described = REGISTERS[name]
    if "person_key" not in described:
        return described.conform(frame)
    who = frame["i"].to_numpy()
    rows = frame.with_columns(person_key=world.fnr.gather(who)).filter(pl.Series(known[world.person[who]]))
    if name == "folkeregister":  # one residence history per person, the first participation's
        rows = rows.filter(pl.col("i") == pl.Series(world.person).gather(rows["i"]))
    rows = rows.unique(["person_key", *(k for k in described.key if k != "person_key")], keep="first", maintain_order=True)
    return described.conform(rows).rename({"person_key": "person_id"})


def extracts(world: World, until: date) -> dict[str, pl.DataFrame]:
    """One frame per register in ``tables.REGISTERS`` with ``person_id`` in front, complete to and including ``until``.

    Sorted by key; ``virksomhet`` has no person. Rows of a person hidden from the registers are nowhere.
    """
    rng = stream(world.seed, REGISTERS_STREAM)
    known = rng.random(len(world.people)) >= MISSING_SHARE
    life = live(world, until, rng)
    rows = {
        "folkeregister": _folkeregister(world, life, until, rng),
        "norskprove": _norskprove(world, until, rng),
        "arbeidsforhold": _arbeidsforhold(world, life, until, rng),
        "selvstendig": _selvstendig(world, life, until, rng),
        "utdanning": _utdanning(world, until, rng),
        "arbeidssoker": _arbeidssoker(life),
        "ytelse": _ytelse(world, life),
        "virksomhet": _virksomhet(world, rng),
    }
    return {name: _keyed(name, frame, world, known) for name, frame in rows.items()}


def write_extracts(world: World, out: Path, until: date) -> list[Path]:
    """Write ``<out>/<register>/<register>_<yyyy-mm>.parquet`` for every register and return the paths, sorted."""
    paths = []
    for name, frame in extracts(world, until).items():
        path = out / name / f"{name}_{until:%Y-%m}.parquet"
        write_bytes(path, parquet_bytes(frame))
        paths.append(path)
    return sorted(paths)
