"""Registry columns that the program computes nothing with: minimisation that can be looked up.

Belongs here: reading the SQL for what it uses. Must not be here: what a column is for (``formaal.toml``).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import sqlglot
from sqlglot import exp

from pipeline.tables import INNDATA, REGISTERS
from pipeline.tables.purposes import unused_declared

LINKAGE = Path(__file__).parents[1] / "pipeline" / "linkage"


def unused_columns(folder: Path = LINKAGE) -> list[str]:
    """``register.column`` of the registers that no query in the folder reads, in the order of the file description.

    The person's key and the key columns are left out: without them a row cannot be told from another. A column without a table's
    name in a query over several tables counts as used by every register of it that has such a column, so that what is listed here
    is surely unused.
    """
    used = {name for path in sorted(folder.glob("*.sql")) for name in _used(path.read_text(encoding="utf-8"))}
    listed = [f"{t.name}.{c.name}" for t in REGISTERS.values() for c in t.columns if not (c.key and "person_key" in t)]
    return [name for name in listed if name not in used]


def disagreements() -> list[str]:
    """Where ``[ubrukt]`` of formaal.toml and the program's SQL say different things, one sentence each."""
    found, declared = unused_columns(), unused_declared()
    return [f"{name} is used by no query: give its reason in [ubrukt], or drop it." for name in found if name not in declared] + [
        f"{name} stands in [ubrukt] but is used, or is no column." for name in declared if name not in found
    ]


def _used(sql: str) -> Iterator[str]:
    for column in sqlglot.parse_one(sql, read="duckdb").find_all(exp.Column):
        select = column.find_ancestor(exp.Select)
        own = _sources(select)
        if column.table:  # may name a table of a query around it
            while select is not None and column.table not in own:
                select = select.find_ancestor(exp.Select)
                own = _sources(select)
            own = {alias: name for alias, name in own.items() if alias == column.table}
        delivered = ((name, _delivered(name, column.name)) for name in own.values())
        yield from (f"{name}.{source}" for name, source in delivered if source in REGISTERS[name])


def _delivered(register: str, column: str) -> str:
    """What the owner calls a column of the admitted extract: the border keeps the order, and of a birth date the year."""
    admitted = INNDATA[f"register_{register}"].names
    return REGISTERS[register].names[admitted.index(column)] if column in admitted else column


def _sources(select: exp.Select | None) -> dict[str, str]:
    """Alias to register, of the registers that the query itself reads, not those of queries inside it."""
    if select is None:
        return {}
    tables = (t for t in select.find_all(exp.Table) if t.name in REGISTERS and t.find_ancestor(exp.Select) is select)
    return {t.alias_or_name: t.name for t in tables}
