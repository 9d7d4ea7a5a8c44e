"""The face: command line and analyst kit. Thin; the only place that knows both ``pipeline`` and ``assets``."""
