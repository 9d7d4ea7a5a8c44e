"""Valid identity numbers of persons who cannot exist (month + 80)."""

from __future__ import annotations

from itertools import count


def numbers(n: int) -> list[str]:
    """The first ``n`` valid synthetic numbers of 1 January 1990, 1991, …"""
    found: list[str] = []
    for serial in count():
        stem = f"0181{90 + serial // 500 % 10}{serial % 500:03d}"
        k1 = -sum(w * int(d) for w, d in zip((3, 7, 6, 1, 8, 9, 4, 5, 2), stem, strict=True)) % 11
        if k1 == 10:
            continue
        k2 = -sum(w * int(d) for w, d in zip((5, 4, 3, 2, 7, 6, 5, 4, 3, 2), f"{stem}{k1}", strict=True)) % 11
        if k2 < 10:
            found.append(f"{stem}{k1}{k2}")
        if len(found) == n:
            return found
    return found
