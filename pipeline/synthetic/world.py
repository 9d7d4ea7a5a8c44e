"""One simulated programme: the participants, what happened to them, and the same as senders would write it.

Belongs here: ``simulate`` and ``World``. Must not be here: files, registers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from pipeline.synthetic import records
from pipeline.synthetic.dynamics import Course, run_course
from pipeline.synthetic.identity import organisation_numbers, synthetic_fnr
from pipeline.synthetic.params import SyntheticParams
from pipeline.synthetic.people import COUNTRIES, EDUCATION, INCOME, People, make_people
from pipeline.synthetic.regimes import NATURAL, Regime
from pipeline.synthetic.returning import returning
from pipeline.synthetic.units import make_units
from pipeline.tables import DELIVERY_TABLES
from pipeline.tables.deliveries import DIRECT_TRANSITION, LANGUAGE, LIMITS, SECTORS

# One random stream per purpose, so that a change in one part leaves the others as they were.
_PEOPLE, _COURSE, _EXITS, _SPELLS, _CONTACTS, _DETAILS, _PROJECTS, REGISTERS_STREAM, SENDERS_STREAM, _RETURNING = range(10)


def stream(seed: int, purpose: int) -> np.random.Generator:
    """The random stream of one purpose."""
    return np.random.default_rng([seed, purpose])


def population(params: SyntheticParams, seed: int, n: int) -> People:
    """``n`` participants at day 0."""
    rng = stream(seed, _PEOPLE)
    return make_people(params, make_units(params, rng), n, rng)


def course_of(people: People, params: SyntheticParams, seed: int, regime: Regime = NATURAL, **how: object) -> Course:
    """The programme's course for these people under a regime; the same code path as ``simulate``."""
    return run_course(people, params, stream(seed, _COURSE), regime, **how)  # type: ignore[arg-type]


def _text(values: tuple[str, ...], index: np.ndarray) -> pl.Series:
    return pl.Series(np.array(values)[index])


def _yes_no(flag: np.ndarray) -> pl.Series:
    return pl.Series(np.where(flag, "ja", "nei"))


@dataclass(frozen=True)
class World:
    """One simulated programme. Frames are made when first asked for.

    Attributes:
        params, seed: what it was made from.
        people: the participants at day 0.
        course: weekly truth.
    """

    params: SyntheticParams
    seed: int
    people: People
    course: Course

    @cached_property
    def true_exits(self) -> pl.DataFrame:
        """One row per participation: how it ends, also after statusdato (registers know)."""
        return records.exits(self.people, self.course, stream(self.seed, _EXITS))

    @cached_property
    def exits(self) -> pl.DataFrame:
        """One row per participation: how it ended, as far as is known at statusdato."""
        return records.reported(self.people, self.true_exits)

    @cached_property
    def spells(self) -> pl.DataFrame:
        """One row per measure, by participation index."""
        return records.spells(self.people, self.course, stream(self.seed, _SPELLS))

    @cached_property
    def assessed(self) -> pl.DataFrame:
        """One row per assessment, by participation index."""
        return records.assessments(self.people, self.course)

    @cached_property
    def contacted(self) -> pl.DataFrame:
        """One row per contact, by participation index."""
        return records.contacts(self.people, self.course, self.spells, stream(self.seed, _CONTACTS))

    @cached_property
    def fnr(self) -> pl.Series:
        """The synthetic identity number of each participation's person."""
        return synthetic_fnr(self.people.birth, self.people.woman).gather(self.person)

    @cached_property
    def person(self) -> np.ndarray:
        """Index of the person's first participation, one per participation."""
        exits, rng = self.true_exits, stream(self.seed, _RETURNING)
        stays_away = exits["avslutning"].is_in((*DIRECT_TRANSITION, "dod")).to_numpy()
        left = exits["slutt_dato"].to_numpy()
        may_return = ~stays_away & (left <= self.people.statusdato)
        return returning(self.people, left, may_return, self.params.returning_share, rng)

    @cached_property
    def orgnr(self) -> np.ndarray:
        """Organisation number per employer index."""
        return organisation_numbers(len(self.people.units.weight) * records.EMPLOYERS_PER_UNIT)

    @cached_property
    def employers(self) -> pl.DataFrame:
        """One row per employer: employer (index), arbeidsgiver_orgnr, arbeidsgiver_sektor."""
        number = np.arange(len(self.orgnr))
        sector = np.array(SECTORS)[np.array((0, 0, 1, 0, 0, 1, 2, 0, 3))[number % 9]]
        return pl.DataFrame({"employer": number, "arbeidsgiver_orgnr": self.orgnr, "arbeidsgiver_sektor": sector})

    @cached_property
    def baseline(self) -> pl.DataFrame:
        """One row per participation: everything known at day 0, with ``i``, ``era``, ``avsender`` and ``prosjekt_id``."""
        people, rng = self.people, stream(self.seed, _DETAILS)
        eras, n = people.units.eras, len(people)
        queue, intro, past = rng.gamma(3.0, 12.0, n).astype(int), rng.random(n) < 0.4, rng.integers(760, 2200, n)
        immigrated = people.immigrated[self.person]
        intro_end = np.maximum(people.start - past, immigrated + 200)
        era = people.era
        return pl.DataFrame({
            "i": np.arange(n), "era": era,
            "avsender": _text(tuple(e.avsender for e in eras), era), "prosjekt_id": _text(tuple(e.prosjekt_id for e in eras), era),
            "komm_nr": _text(tuple(e.komm_nr for e in eras), era),
            "bydel_nr": pl.Series([eras[k].bydel_nr for k in era], dtype=pl.String),
            "komm_nr_ref": _text(people.units.komm_nr_ref, people.unit),
            "malgruppe": _text(tuple(e.malgruppe for e in eras), era),
            "organisering": _text(tuple(e.organisering for e in eras), era),
            "start_dato": people.start, "statusdato": people.statusdato, "soknad_dato": people.start - queue,
            "planlagt_slutt_dato": people.start + 730, "kjonn": _text(("mann", "kvinne"), people.woman.astype(int)),
            "fodselsdato": people.birth[self.person], 
            "landbakgrunn": _text(COUNTRIES, people.country[self.person]), "innvandret_dato": immigrated,
            "inntektskilde_start": _text(INCOME, people.income), "utdanning_start": _text(EDUCATION, people.education),
            "norsk_start": _text(LANGUAGE, people.language_start), "arbeidserfaring_norge": _yes_no(people.worked_here),
            "arbeidserfaring_utland": _yes_no(people.worked_abroad), "antall_barn": people.children,
            "antall_barn_under_6": people.small_children, "helse_start": _text(LIMITS, people.health),
            "intro_avsluttet_dato": pl.Series(intro_end).set(pl.Series(~intro), None),
            "timer_per_uke": np.full(n, 37.5),
        }).with_columns(
            veileder_id=pl.format("{}-V{}", "prosjekt_id", 1 + pl.int_range(pl.len()).over("prosjekt_id") // 24),
        )  # fmt: skip

    @cached_property
    def _identity(self) -> pl.DataFrame:
        return self.baseline.select("i", "prosjekt_id", "avsender", fnr=self.fnr)

    @cached_property
    def projects(self) -> pl.DataFrame:
        """``prosjekt`` rows in the delivery schema, one per project and grant year, plus ``avsender``."""
        rng, rows = stream(self.seed, _PROJECTS), []
        for number, era in enumerate(self.people.units.eras):
            members = int((self.people.era == number).sum())
            years = range(era.first.year, era.last.year + 1)
            places = max(5, round(1.4 * members / len(years)))
            for year in years:
                grant = round(places * float(rng.uniform(120_000, 165_000)), -3)
                rows.append({
                    "avsender": era.avsender, "prosjekt_id": era.prosjekt_id, "tilskuddsaar": year, "komm_nr": era.komm_nr,
                    "bydel_nr": era.bydel_nr, "navn": f"Jobbsjansen i {era.navn}", "malgruppe": era.malgruppe,
                    "organisering": era.organisering, "start_dato": era.first, "slutt_dato": None, "tilskudd_nok": grant,
                    "plasser": places, "veileder_aarsverk": round(places / 13, 1),
                })  # fmt: skip
        return _deliver("prosjekt", pl.DataFrame(rows, infer_schema_length=None))

    @cached_property
    def participants(self) -> pl.DataFrame:
        """``deltaker`` rows in the delivery schema, plus ``avsender``."""
        frame = self.baseline.join(self.exits, on="i", how="left", maintain_order="left")
        return _deliver("deltaker", frame.with_columns(self.fnr.alias("fnr"), deltakelse_id=pl.format("D{}", pl.col("i") + 1)))

    @cached_property
    def measures(self) -> pl.DataFrame:
        """``tiltak`` rows in the delivery schema, plus ``avsender``."""
        frame = self.spells.join(self.employers, on="employer", how="left", maintain_order="left")
        frame = frame.join(self._identity, on="i", how="left", maintain_order="left")
        return _deliver("tiltak", frame.with_columns(tiltak_id=pl.format("T{}", pl.col("spell") + 1)))

    @cached_property
    def contacts(self) -> pl.DataFrame:
        """``oppfolging`` rows in the delivery schema, plus ``avsender``."""
        frame = self.contacted.with_row_index("nr").join(self._identity, on="i", how="left", maintain_order="left")
        return _deliver("oppfolging", frame.with_columns(
            oppfolging_id=pl.format("O{}", pl.col("nr") + 1), tiltak_id=pl.format("T{}", pl.col("spell") + 1)
        ))  # fmt: skip

    @cached_property
    def assessments(self) -> pl.DataFrame:
        """``kartlegging`` rows in the delivery schema, plus ``avsender``."""
        frame = self.assessed.with_row_index("nr").join(self._identity, on="i", how="left", maintain_order="left")
        return _deliver("kartlegging", frame.with_columns(kartlegging_id=pl.format("K{}", pl.col("nr") + 1)))


def _deliver(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    described = DELIVERY_TABLES[table]
    return described.conform(frame, sort_by=()).with_columns(frame["avsender"])


def simulate(params: SyntheticParams, seed: int) -> World:
    """One programme of ``params.participants`` participations; same arguments, same world."""
    people = population(params, seed, params.participants)
    return World(params, seed, people, course_of(people, params, seed))
