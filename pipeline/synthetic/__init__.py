"""The synthetic generator with known truth, and the maker of ``data/sample``.

Belongs here: simulation of the programme, deliveries and registry extracts made from it, truth by intervention.
Must not be here: any estimator, or anything that a real night runs.
"""

from pipeline.synthetic.deliveries import write_deliveries
from pipeline.synthetic.extracts import write_extracts
from pipeline.synthetic.klargjort import as_klargjort
from pipeline.synthetic.params import SyntheticParams, preset
from pipeline.synthetic.sample import load_sample, make_sample, synthesise
from pipeline.synthetic.truth import truth
from pipeline.synthetic.world import World, simulate

__all__ = [
    "SyntheticParams", "World", "as_klargjort", "load_sample", "make_sample", "preset", "simulate", "synthesise", "truth",
    "write_deliveries", "write_extracts",
]  # fmt: skip
