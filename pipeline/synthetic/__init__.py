"""The synthetic generator with known truth, and the maker of ``data/sample``.

Belongs here: simulation of the programme, deliveries and registry extracts made from it, truth by intervention.
Must not be here: any estimator, or anything that a real night runs.
"""
