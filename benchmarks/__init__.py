"""Benchmarks, a command each (`python -m benchmarks.nightly`); never part of the tests."""
