"""Hand-made courses and contacts, and many simulated programmes analysed for combination tracks and follow-up intensity.

Run ``python -m tests.effects.effects_efforts --replicates 40`` to measure bias and coverage again (prints a table).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from pipeline.effects.answers import contrast
from pipeline.effects.combination import COMBINATION, combination_protocol, combination_study, run_combination
from pipeline.effects.contacts import EMPLOYER, PARTICIPANT, contact_protocol, contact_study, run_contacts
from pipeline.effects.incidence import cumulative_incidence
from pipeline.effects.study import Results, Study, Tables
from pipeline.synthetic.params import preset
from pipeline.synthetic.truth_efforts import truth_combination, truth_contacts, truth_employer_contacts
from tests.effects.effects_worlds import START, cohort_of, frame, synthetic

OUTCOME, WEEK = "arbeid_eller_utdanning", 52
# Nothing that is done has any effect; contacts that matter so much that a year of them shows.
NO_EFFECT = {
    "participant_contact_work": 0.0,
    "participant_contact_readiness": 0.0,
    "course_language": 0.0,
    "course_readiness": 0.0,
}
STRONG = {"participant_contact_work": 1.5, "employer_contact_work": 1.5}


def contact(i: int, day: int, part: str = "deltaker", start: date = START) -> dict[str, Any]:
    """A contact so many days after the start of participation ``i``."""
    return {
        "oppfolging_id": f"o{i:04d}_{day}_{part}", "prosjekt_id": "P1", "deltakelse_key": f"d{i:04d}", "person_key": f"p{i:04d}",
        "dato": start + timedelta(day), "part": part,
    }  # fmt: skip


def spell(i: int, first: int, last: int | None, kind: str = "norskopplaering", start: date = START) -> dict[str, Any]:
    """A measure from day ``first`` through day ``last`` (None = without an end) of participation ``i``."""
    return {
        "tiltak_id": f"t{i:04d}_{first}_{kind}", "prosjekt_id": "P1", "deltakelse_key": f"d{i:04d}", "person_key": f"p{i:04d}",
        "tiltak_type": kind, "er_praksis": kind in ("arbeidspraksis", "lonnstilskudd"), "start_dato": start + timedelta(first),
        "slutt_dato": None if last is None else start + timedelta(last),
    }  # fmt: skip


def contacted(tables: Tables, rows: list[dict[str, Any]]) -> Tables:
    return replace(tables, oppfolging=frame("oppfolging", rows))


def incidence_by_the_book(weights: dict[int, list[float]], weeks: Any) -> np.ndarray:
    """(horizon, causes) incidence from one list of weekly weights per person."""
    full = np.zeros((weeks.n, weeks.horizon))
    for i, its in weights.items():
        full[i, : len(its)] = its
    return cumulative_incidence(full, weeks)


def differences(results: Results, study: Study) -> dict[str, tuple[float, float]]:
    """Per strategy the difference by the week and its standard error, whatever the grade."""
    out = {}
    for c in study.contrasts:
        if c.comparison:
            interval, _ = contrast(results, c.strategy, c.comparison, OUTCOME, WEEK)
            out[f"{study.protocol.name} {c.strategy.name}"] = interval.estimate, interval.se
    return out


def replicate(
    name: str, seed: int, changes: dict[str, float], analyses: Iterable[str], n: int = 2500, bootstraps: int = 200
) -> dict[str, tuple[float, float]]:
    """Every difference of one simulated programme."""
    tables = synthetic(name, seed, n, 60, **changes)
    cohort = cohort_of(tables)
    out = {}
    for analysis in analyses:
        if analysis in (PARTICIPANT, EMPLOYER):
            protocol = contact_protocol(analysis)
            found = run_contacts(cohort, tables, protocol, seed=seed, bootstraps=bootstraps)
            out |= differences(found, contact_study(protocol))
        else:
            protocol = combination_protocol()
            found = run_combination(cohort, tables, protocol, seed=seed, bootstraps=bootstraps)
            out |= differences(found, combination_study(protocol))
    return out


REFERENCES = {COMBINATION: "ingen_av_delene", PARTICIPANT: "naturlig", EMPLOYER: "naturlig"}
TRUTHS = {COMBINATION: truth_combination, PARTICIPANT: truth_contacts, EMPLOYER: truth_employer_contacts}


def true_differences(name: str, changes: dict[str, float], analyses: Iterable[str], n: int = 60_000) -> dict[str, float]:
    """The planted difference behind each of :func:`replicate`'s."""
    params = preset(name, participants=n, municipalities=60, **changes)
    out = {}
    for analysis in analyses:
        risk = {strategy: risks[OUTCOME][WEEK] for strategy, risks in TRUTHS[analysis](params, 1, n).items()}
        other = risk.pop(REFERENCES[analysis])
        out |= {f"{analysis} {strategy}": value - other for strategy, value in risk.items()}
        if analysis == COMBINATION:
            both, one, another = (out[f"{analysis} {track}"] for track in ("praksis_og_norsk", "bare_praksis", "bare_norsk"))
            out[f"{analysis} samspill"] = both - one - another
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=40)
    parser.add_argument("--participants", type=int, default=2500)
    parser.add_argument("--analyses", nargs="+", default=list(TRUTHS))
    arguments = parser.parse_args()
    print("| programme | analysis | truth | bias (± simulation error) | sd | mean se | coverage |\n|---|---|---|---|---|---|---|")
    for name, label, changes in (("main", "main", {}), ("main", "strong contacts", STRONG), ("null", "no effect", NO_EFFECT)):
        planted = true_differences(name, changes, arguments.analyses)
        runs = [
            replicate(name, 7000 + i, changes, arguments.analyses, arguments.participants) for i in range(arguments.replicates)
        ]
        for key in runs[0]:
            found, se = np.array([r[key] for r in runs]).T
            sd, covered = found.std(ddof=1), np.mean(np.abs(found - planted[key]) <= 1.96 * se)
            print(
                f"| {label} | {key} | {planted[key]:+.4f} | {found.mean() - planted[key]:+.4f} ± {sd / len(found) ** 0.5:.4f}"
                f" | {sd:.4f} | {se.mean():.4f} | {covered:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
