"""All benchmarks, one after the other."""

import runpy
import sys

for name in ("nightly", "intake", "pseudonyms", "linkage", "effects", "disclosure"):
    print(f"== {name}", flush=True)
    sys.argv = [name]
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")
