"""The only place for Great Expectations: suites made from the rules, and a runner whose reports hold no value.

``validate`` judges the rows of deliveries. Great Expectations is imported when the first batch is judged, never before:
its import costs seconds.
"""

from expectations.deliveries import validate
from expectations.runner import ValidatorCrashed, judge

__all__ = ["ValidatorCrashed", "judge", "validate"]
