"""Proof: does the engine find what was planted? Simulated programmes with known effects, analysed as a night would.

The only stage that knows both the generator and the estimators: a proof is where they meet.
Belongs here: planting, estimating, comparing with the truth, and what that says about data of a given size.
Must not be here: an estimator of its own that a night runs, anything read from deliveries, files of a home.
"""
