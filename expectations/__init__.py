"""The only place for Great Expectations: suites made from the rules, and a runner whose reports hold no value.

``validate`` judges the rows of deliveries, ``judge_extract`` the measures of a registry extract. Great Expectations is
imported when the first batch is judged, or in the background after ``prepare``: its import costs seconds.
"""

from expectations.deliveries import validate
from expectations.extracts import judge_extract
from expectations.runner import ValidatorCrashed, judge, prepare

__all__ = ["ValidatorCrashed", "judge", "judge_extract", "prepare", "validate"]
