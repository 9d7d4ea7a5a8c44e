"""What runs a step of SQL over registers: DuckDB in this process, or Spark on a cluster; the same files, the same tables.

Belongs here: connections, views over Parquet, running a step, sorted Parquet out. Must not be here: what a step computes.
"""

from pipeline.engine.duck import connect

__all__ = ["connect"]
