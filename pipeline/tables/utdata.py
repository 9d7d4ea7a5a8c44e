"""Released tables: only what passed the one gate. Hidden values are null and carry ``status = ':'``."""

from __future__ import annotations

from dataclasses import replace

from pipeline.tables.base import Column as C
from pipeline.tables.base import Table
from pipeline.tables.etterproving import ETTERPROVING
from pipeline.tables.selvtest import SELVTEST
from pipeline.tables.statistikk import AARSAKSKJEDE, EFFEKT, EFFEKT_NAIV, KOMMUNE, KURVER, LOSS_MEANINGS

STATUS = C("status", "text", "empty = shown, : = cannot be published, . = cannot occur, .. = missing, - = zero")


_COUNT = "; rounded down to a multiple of 5, or of the threshold where that is larger"
_SHARE = "; rounded to as many half percentage points as cover the threshold's persons of the smaller arm (a ratio: ten times as coarse)"
_NEVER = "; never released (null)"
_TENTH = "; to a tenth of a percentage point"
_WHOLE = "; to whole percent"
_END = "; as far from the rounded estimate as before, rounded up, and stopped where the finding says that it ends"
_ROUNDED = {
    "effekt": {
        "n_personer": _COUNT, "n_hendelser": _COUNT + "; null for grades C and D", "ess": _COUNT, "estimat": _SHARE, "se": _SHARE + ", up",
        "n_klynger": _COUNT + "; null where fewer",
        "ki_nedre": _END, "ki_ovre": _END, "e_verdi": _SHARE, "porter": "; counts rounded down, shares and E-values as coarse as the row's estimates",
        **dict.fromkeys(("kan_si", "kan_si_nn", "kan_si_en"), "; with the rounded numbers; null where a number is hidden"),
        **dict.fromkeys(("kan_ikke_si", "kan_ikke_si_nn", "kan_ikke_si_en"), "; null where a number is hidden"),
    },
    "effekt_naiv": {
        "n_strategi": _COUNT, "n_sammenligning": _COUNT, "andel_strategi": _SHARE, "andel_sammenligning": _SHARE,
        "estimat": "; of the rounded shares", "ki_nedre": "; of the rounded shares", "ki_ovre": "; of the rounded shares",
    },
    "kurver": {"risiko": _SHARE, "ki_nedre": _END, "ki_ovre": _END, "n_hendelser": _NEVER, "n_under_risiko": _NEVER},
    "aarsakskjede": {
        "n": _COUNT, "n_hendelser": _COUNT + "; null for grades C and D", "ki_nedre": _END, "ki_ovre": _END,
        "estimat": "; the number of the same row of effekt, else shares rounded as there, slopes to three decimals",
    },
    "kommune": {
        "forventet": "; to whole persons",
        **dict.fromkeys(("andel", "krympet_andel", "ki_nedre", "ki_ovre"), "; whole percent where n is under 100, else one decimal"),
    },
    "etterproving": {
        **dict.fromkeys(("plantet", "plantet_se", "skjevhet", "skjevhet_se", "sd", "middel_se"), _TENTH),
        **dict.fromkeys(("dekning", "andel_funnet", "andel_vist", "grader"), _WHOLE),
    },
    "selvtest": dict.fromkeys(("middel", "sd", "grense"), "; to whole percentage points, or as coarse as the estimate that it tests"),
}  # fmt: skip


def _released(table: Table) -> Table:
    added = _ROUNDED.get(table.name, {})
    columns = (replace(c, meaning=c.meaning + added.get(c.name, "")) for c in table.columns)
    return Table(table.name, "utdata", table.grain, (*columns, STATUS), "disclosure")


UTDATA: dict[str, Table] = {
    t.name: t
    for t in (
        Table("nokkeltall", "utdata", "one released indicator, level, area, period and breakdown", (
            C("kpi", "text", "indicator", required=True, key=True),
            C("nivaa", "text", "level", required=True, key=True),
            C("omraade", "text", "area code; 0 for the country", required=True, key=True),
            C("periode", "text", "year or pool", required=True, key=True),
            C("dim", "text", "breakdown; alle = none", required=True, key=True),
            C("dim_verdi", "text", "value of the breakdown; alle = none", required=True, key=True),
            C("nevnerregel", "text", "denominator rule", required=True, key=True),
            C("teller", "int", "numerator", unit="persons"),
            C("nevner", "int", "denominator", unit="persons"),
            C("verdi", "float", "value; shares are whole percent when the denominator is under 100"),
            C("ki_nedre", "float", "lower end of the 95 % interval (Wilson) of a share"),
            C("ki_ovre", "float", "upper end of the 95 % interval (Wilson) of a share"),
            C("enhet", "text", "unit", required=True),
            C("maaltall", "float", "the year's target"),
            STATUS,
        ), "disclosure"),
        _released(EFFEKT), _released(EFFEKT_NAIV), _released(KURVER), _released(AARSAKSKJEDE), _released(SELVTEST), _released(KOMMUNE),
        _released(ETTERPROVING),
        Table("koblingstap", "utdata", "one register and group: the share of the country's participations that the register knows", (
            C("register", "text", "register", required=True, key=True),
            C("dim", "text", "group variable at the start of the participation; alle = none", required=True, key=True),
            C("dim_verdi", "text", "group; alle = everybody, ukjent = not known", required=True, key=True),
            C("betydning", "text", "what no row means: the register does not know a person it should, or nothing of its kind has happened",
              required=True, codes=LOSS_MEANINGS),
            C("andel_koblet", "float",
              "share of the participations with at least one row in the register, in steps of as many whole percents as cover the threshold's "
              "persons of the group", unit="share"),
            STATUS,
        ), "disclosure"),
    )
}  # fmt: skip
