"""The one gate between the pseudonymised zone and everything that is shown.

Belongs here: what may be released, its proof, and the numbered releases. Must not be here: how anything is presented.
"""

from pipeline.disclosure.audit import Audit, audit
from pipeline.disclosure.cube_file import disclose_file
from pipeline.disclosure.gate import build_release
from pipeline.disclosure.microdata import approve_microdata
from pipeline.disclosure.problem import Pattern, Problem, TableSpec, build_problem
from pipeline.disclosure.protect import suppress
from pipeline.disclosure.release import (
    is_news,
    latest_release,
    load_release,
    point_to_newest,
    previous_releases,
    release_due,
    write_release,
)

__all__ = [
    "Audit", "Pattern", "Problem", "TableSpec", "approve_microdata", "audit", "build_problem", "build_release", "disclose_file",
    "is_news", "latest_release", "load_release", "point_to_newest", "previous_releases", "release_due", "suppress", "write_release",
]  # fmt: skip
