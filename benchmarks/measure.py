"""How every benchmark measures: whole commands, several runs, median with minimum and maximum, peak memory of the largest process."""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figures:
    """Wall seconds of several runs, and the peak resident memory among all children so far (MB)."""

    seconds: tuple[float, ...]
    peak_mb: float

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def line(self, name: str) -> str:
        spread = f"{min(self.seconds):.2f}–{max(self.seconds):.2f}"
        return f"{name:<56}{self.median:8.2f} s   ({spread}, {len(self.seconds)} runs, peak {self.peak_mb:.0f} MB)"


def time_command(command: Sequence[str], runs: int, before: Callable[[], None] = lambda: None) -> Figures:
    """Run ``command`` so many times, ``before`` each run untimed.

    Raises:
        subprocess.CalledProcessError: the command failed.
    """
    seconds = []
    for _ in range(runs):
        before()
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    return Figures(tuple(seconds), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)


def time_call(call: Callable[[], object], runs: int) -> Figures:
    """Call so many times in this process."""
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return Figures(tuple(seconds), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def own_peak_mb() -> int:
    """The largest resident memory of this process since its program started; ``ru_maxrss`` also holds what its parent had when it began."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM:"))
