"""Released tables: only what passed the one gate. Hidden values are null and carry ``status = ':'``."""

from __future__ import annotations

from pipeline.tables.base import Column as C
from pipeline.tables.base import Table
from pipeline.tables.statistikk import AARSAKSKJEDE, EFFEKT, EFFEKT_NAIV, KOMMUNE, KURVER

STATUS = C("status", "text", "empty = shown, : = cannot be published, . = cannot occur, .. = missing, - = zero")


def _released(table: Table) -> Table:
    return Table(table.name, "utdata", table.grain, (*table.columns, STATUS), "disclosure")


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
        _released(EFFEKT), _released(EFFEKT_NAIV), _released(KURVER), _released(AARSAKSKJEDE), _released(KOMMUNE),
    )
}  # fmt: skip
