"""What runs a step of SQL over registers: DuckDB in this process, or Spark on a cluster; the same files, the same tables.

Belongs here: connections, views over Parquet, running a step, sorted Parquet out. Must not be here: what a step computes.
"""

from pipeline.engine.base import Engine, StepFailed
from pipeline.engine.duck import connect, copy_sorted, cure_of, doubled_keys, escaped
from pipeline.engine.opening import open_engine
from pipeline.engine.spill import spill_place

__all__ = ["Engine", "StepFailed", "connect", "copy_sorted", "cure_of", "doubled_keys", "escaped", "open_engine", "spill_place"]
