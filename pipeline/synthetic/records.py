"""What an adviser would have registered: the weekly course as dated spells, assessments, contacts and exits.

Every frame has the column ``i`` (the participation's index); nothing after the project's statusdato is in it.

Belongs here: weeks to dates. Must not be here: identifiers of persons, table schemas.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.synthetic.dynamics import EDUCATION, MOVED, OTHER, PHASED_OUT, WORK, Course
from pipeline.synthetic.people import People
from pipeline.tables.deliveries import LANGUAGE, LIMITS

EMPLOYERS_PER_UNIT = 40
_REASONS = {
    WORK: (("lonnsarbeid", "selvstendig"), (0.94, 0.06)),
    EDUCATION: (("videregaende", "fagbrev_laerling", "hoyere_utdanning"), (0.60, 0.22, 0.18)),
    OTHER: (
        ("annet_tiltak", "kvp", "sosialhjelp", "grunnskole", "helse", "permisjon", "avbrutt", "ukjent", "dod"),
        (0.24, 0.08, 0.17, 0.15, 0.15, 0.08, 0.10, 0.028, 0.002),
    ),
    MOVED: (("flyttet",), (1.0,)),
    PHASED_OUT: (("faset_ut",), (1.0,)),
}  # fmt: skip
_POSITIONS = ((100.0, 80.0, 60.0, 50.0, 30.0, 20.0), (0.36, 0.15, 0.19, 0.15, 0.10, 0.05))
_COURSES = ("bransjekurs", "jobbklubb", "mestringskurs", "grunnskole", "mentor", "helsetiltak", "videregaende_moduler")


def exit_offset(course: Course) -> np.ndarray:
    """Days from start to the exit, one per participation."""
    return np.asarray(7 * (course.exit_week - 1) + course.exit_day)


def _until_exit(course: Course, flags: np.ndarray) -> np.ndarray:
    week = np.arange(1, flags.shape[0] + 1)[:, None]
    return np.asarray(flags & (week <= course.exit_week[None, :]))


def exits(people: People, course: Course, rng: np.random.Generator) -> pl.DataFrame:
    """One row per participation: i, slutt_dato, avslutning, norsk_slutt, stillingsprosent_slutt, as they truly happen."""
    n = len(people)
    pick, position = rng.random(n), rng.choice(_POSITIONS[0], size=n, p=_POSITIONS[1])
    reason = np.full(n, "ukjent", dtype=object)
    for kind, (names, shares) in _REASONS.items():
        chosen = np.searchsorted(np.cumsum(shares)[:-1], pick, side="right")
        reason = np.where(course.exit_kind == kind, np.array(names, dtype=object)[chosen], reason)
    level = np.array(LANGUAGE)[np.clip(np.floor(course.language_end), 0, 5).astype(int)]
    last = people.start + exit_offset(course)
    frame = pl.DataFrame({
        "i": np.arange(n), "slutt_dato": last, "avslutning": reason.astype(str), "norsk_slutt": level,
        "stillingsprosent_slutt": np.where(course.exit_kind == WORK, position, np.nan),
    })  # fmt: skip
    return frame.with_columns(pl.col("stillingsprosent_slutt").fill_nan(None))


def reported(people: People, exit_frame: pl.DataFrame) -> pl.DataFrame:
    """The exits as far as they are known at statusdato: null for those still enrolled."""
    left = pl.Series("left", exit_frame["slutt_dato"].to_numpy() <= people.statusdato)
    return exit_frame.select("i", *(pl.when(left).then(pl.col(c)).alias(c) for c in exit_frame.columns if c != "i"))


def _spells(flags: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(participation, first week, last week) of every unbroken run of true in (weeks, participants)."""
    edge = np.zeros((flags.shape[1], 1), np.int8)
    step = np.diff(np.hstack([edge, flags.T.astype(np.int8), edge]), axis=1)
    who, first = np.nonzero(step == 1)
    return who, first + 1, np.nonzero(step == -1)[1]


def _spell_frame(
    people: People, course: Course, kind: np.ndarray, who: np.ndarray, first: np.ndarray, last: np.ndarray
) -> pl.DataFrame:
    """Spells by day offsets; a spell that runs at statusdato has no last day."""
    begin, end = people.start[who] + first, people.start[who] + np.minimum(last, exit_offset(course)[who])
    frame = pl.DataFrame(
        {"i": who, "tiltak_type": kind, "start_dato": begin, "slutt_dato": end, "statusdato": people.statusdato[who]}
    )
    known = pl.when(pl.col("slutt_dato") <= pl.col("statusdato")).then(pl.col("slutt_dato")).alias("slutt_dato")
    return frame.filter(pl.col("start_dato") <= pl.col("statusdato")).with_columns(known).drop("statusdato")


def _placements(people: People, course: Course, rng: np.random.Generator) -> pl.DataFrame:
    who, first, last = _spells(_until_exit(course, course.placed))
    is_first = first == course.placement_week[who]
    day = np.where(is_first, course.placement_day[who], rng.integers(0, 7, len(who)))
    begin = np.minimum(7 * (first - 1) + day, exit_offset(course)[who])
    subsidised = course.subsidised[first - 1, who]
    frame = pl.DataFrame({
        "i": who, "first": begin, "last": 7 * last - 1, "subsidised": subsidised, "buddy": course.buddy[first - 1, who],
        "employer": people.unit[who] * EMPLOYERS_PER_UNIT + rng.integers(0, EMPLOYERS_PER_UNIT, len(who)),
        "avbrutt": np.where((last - first < 8) & (rng.random(len(who)) < 0.3), "ja", "nei"),
    })  # fmt: skip
    kind = np.where(subsidised, "lonnstilskudd", "arbeidspraksis")
    spells = _spell_frame(people, course, kind, who, begin, frame["last"].to_numpy())
    kept = frame.filter(pl.Series(people.start[who] + begin <= people.statusdato[who]))
    hours = pl.lit(np.where(rng.random(spells.height) < 0.5, 22.5, 30.0))
    return spells.with_columns(
        kept["employer"], fadder=pl.when(kept["buddy"]).then(pl.lit("ja")).otherwise(pl.lit("nei")), avbrutt=kept["avbrutt"],
        timer_per_uke=hours,
    )  # fmt: skip


def _other_measures(people: People, course: Course, rng: np.random.Generator) -> pl.DataFrame:
    """Measures without an effect of their own: an opening assessment for half, then one course or so each."""
    who = np.repeat(np.arange(len(people)), rng.poisson(1.1, len(people)))
    kind = rng.choice(_COURSES, size=len(who), p=(0.34, 0.2, 0.16, 0.12, 0.08, 0.05, 0.05))
    begin = 14 + (rng.random(len(who)) * 420).astype(int)
    once = np.unique(np.char.add(np.char.add(who.astype(str), " "), kind), return_index=True)[1]
    chosen = np.sort(once[begin[once] <= exit_offset(course)[who[once]]])
    who, kind, begin = who[chosen], kind[chosen], begin[chosen]
    opening = np.flatnonzero(rng.random(len(people)) < 0.5)
    return pl.concat([
        _spell_frame(people, course, np.full(len(opening), "kartlegging"), opening, 0 * opening, 0 * opening + 13),
        _spell_frame(people, course, kind, who, begin, begin + rng.integers(14, 84, len(who))),
    ]).with_columns(timer_per_uke=pl.lit(12.0))  # fmt: skip


def spells(people: People, course: Course, rng: np.random.Generator) -> pl.DataFrame:
    """One row per measure: i, spell, tiltak_type, start_dato, slutt_dato, timer_per_uke, employer, fadder, avbrutt."""
    parts = [_placements(people, course, rng)]
    for name, flags, hours in (("norskopplaering", course.course, 15.0), ("spraakpraksis", course.language_practice, 15.0)):
        who, first, last = _spells(_until_exit(course, flags))
        frame = _spell_frame(people, course, np.full(len(who), name), who, 7 * (first - 1), 7 * last - 1)
        parts.append(frame.with_columns(timer_per_uke=pl.lit(hours)))
    parts.append(_other_measures(people, course, rng))
    together = pl.concat(parts, how="diagonal")
    return together.sort("i", "start_dato", "tiltak_type", "slutt_dato", nulls_last=True).with_row_index("spell")


def assessments(people: People, course: Course) -> pl.DataFrame:
    """One row per assessment: i, dato, norsk_niva, arbeidsklar (1–5), helse, omsorg."""
    who, day, level, ready, health, care = np.hstack(course.assessments)
    date = people.start[who] + day
    kept = (day <= exit_offset(course)[who]) & (date <= people.statusdato[who])
    limits = np.array(LIMITS)
    frame = pl.DataFrame({
        "i": who, "dato": date, "norsk_niva": np.array(LANGUAGE)[level], "arbeidsklar": ready,
        "helse": limits[health], "omsorg": limits[care],
    })  # fmt: skip
    return frame.filter(pl.Series(kept)).sort("i", "dato")


def _contact_frame(people: People, course: Course, flags: np.ndarray, days: np.ndarray, part: str) -> pl.DataFrame:
    who, row = np.nonzero(_until_exit(course, flags).T)
    day = 7 * row + days[row, who]
    kept = (day <= exit_offset(course)[who]) & (people.start[who] + day <= people.statusdato[who])
    return pl.DataFrame({"i": who[kept], "dato": (people.start[who] + day)[kept], "part": np.full(int(kept.sum()), part)})


def contacts(people: People, course: Course, spell_frame: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """One row per contact: i, dato, part, form, minutter, metode, spell (the placement an employer contact belongs to)."""
    frame = pl.concat([
        _contact_frame(people, course, course.contact, course.contact_day, "deltaker"),
        _contact_frame(people, course, course.employer_contact, course.employer_day, "arbeidsgiver"),
    ]).sort("dato", "i", "part")  # fmt: skip
    n = frame.height
    frame = frame.with_columns(
        form=pl.Series(rng.choice(("mote", "telefon", "digital", "arbeidsplassbesok"), size=n, p=(0.5, 0.25, 0.15, 0.1))),
        minutter=pl.Series(rng.choice((15, 30, 45, 60), size=n)),
        metode=pl.Series(rng.choice(("mi", "loft", "ai", "annet"), size=n, p=(0.35, 0.2, 0.05, 0.4))),
    )
    placements = spell_frame.filter(pl.col("employer").is_not_null()).select("i", "start_dato", "spell").sort("start_dato")
    joined = frame.join_asof(
        placements, left_on="dato", right_on="start_dato", by="i", strategy="backward", check_sortedness=False
    )
    spell = pl.when(pl.col("part") == "arbeidsgiver").then(pl.col("spell")).alias("spell")
    return joined.with_columns(spell).drop("start_dato", strict=False).sort("i", "dato", "part")
