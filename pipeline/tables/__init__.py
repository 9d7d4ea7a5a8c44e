"""The one source of columns, types, keys and sensitivity; schema checks, rules, dictionary and codebook are made from it.

Belongs here: descriptions of tables. Must not be here: any computation on rows.
"""

from pipeline.tables.base import Column, Table
from pipeline.tables.deliveries import DELIVERY_TABLES
from pipeline.tables.inndata import INNDATA
from pipeline.tables.klargjort import KLARGJORT
from pipeline.tables.registers import REGISTERS
from pipeline.tables.statistikk import STATISTIKK
from pipeline.tables.utdata import UTDATA

STATES: dict[str, dict[str, Table]] = {
    "kildedata": DELIVERY_TABLES,
    "register": REGISTERS,
    "inndata": INNDATA,
    "klargjort": KLARGJORT,
    "statistikk": STATISTIKK,
    "utdata": UTDATA,
}

__all__ = ["DELIVERY_TABLES", "INNDATA", "KLARGJORT", "REGISTERS", "STATES", "STATISTIKK", "UTDATA", "Column", "Table"]
