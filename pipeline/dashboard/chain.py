"""The programme theory as a drawing: boxes in layers, numbered links with effect, interval and grade.

Belongs here: where things stand in the picture. Must not be here: colours and fonts (the style sheet has them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import wrap

BOX_WIDTH, BOX_HEIGHT = 146.0, 68.0
ROW_STEP, BESIDE_LABEL = 122.0, 44.0
MARGIN, LINE, CHARACTER = 12.0, 18.0, 8.6
LANE = 64.0
_EARLY_X, _EARLY_Y = 0.384, 0.282  # the curve's point at t = 0.35, where links that meet or cross are still apart


@dataclass(frozen=True)
class Link:
    """One link to draw: codes of cause and effect, the label's lines, and its line style (``a``, ``b``, ``none``, ``open``)."""

    cause: str
    effect: str
    lines: tuple[str, ...]
    style: str


@dataclass(frozen=True)
class Box:
    """One node: corner of its box and its text, line by line."""

    x: float
    y: float
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Arrow:
    """One link as drawn: number, path, style, and where its label stands."""

    number: int
    path: str
    style: str
    x: float
    y: float
    lines: tuple[str, ...]

    @property
    def width(self) -> float:
        """Width of the label, which begins with the number and a colon."""
        return 12 + CHARACTER * max(
            len(line) + (len(f"{self.number}: ") if place == 0 else 0) for place, line in enumerate(self.lines)
        )

    @property
    def height(self) -> float:
        """Height of the label."""
        return 4 + LINE * len(self.lines)


@dataclass(frozen=True)
class Drawing:
    """The whole picture in its own units."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    box: tuple[float, float] = (BOX_WIDTH, BOX_HEIGHT)


def draw_chain(links: Sequence[Link], names: Mapping[str, str]) -> Drawing:
    """Lay out the links left to right: a cause stands as close before its first effect as the theory allows.

    Between two layers there is room for the widest label and a piece of line on either side, no more: a page is narrow.

    Args:
        links: in the order in which they are numbered; a link that would close a circle is drawn backwards.
        names: code to the reader's word, for every node.
    """
    layer = _layers(links)
    lanes = {id(link): lane for lane, link in enumerate(k for k in links if layer[k.effect] - layer[k.cause] != 1)}
    headroom = LANE * len(lanes)
    edges = _edges(layer, [link for link in links if id(link) not in lanes])
    places = {node: (edges[layer[node]], y + headroom) for node, y in _heights(layer, links).items()}
    rows = max((list(layer.values()).count(k) for k in layer.values()), default=1)
    arrows = [
        _lane_arrow(n, link, places, MARGIN + LANE * (lanes[id(link)] + 0.4))
        if id(link) in lanes
        else _straight_arrow(n, link, places)
        for n, link in enumerate(links, start=1)
    ]
    return Drawing(
        width=max(edges) + BOX_WIDTH + MARGIN,
        height=2 * MARGIN + headroom + ROW_STEP * (rows - 1) + BOX_HEIGHT,
        boxes=tuple(Box(x, y, tuple(wrap(names[node], 15)[:3])) for node, (x, y) in sorted(places.items())),
        arrows=tuple(_separated(arrows)),
    )


def _layers(links: Sequence[Link]) -> dict[str, int]:
    """Longest path from a source, then every cause pulled up to the layer before its first effect.

    As many rounds as there are nodes are enough for any theory without circles.
    """
    layer = {node: 0 for link in links for node in (link.cause, link.effect)}
    forward = _without_circles(links)
    for _ in layer:
        for link in forward:
            layer[link.effect] = max(layer[link.effect], layer[link.cause] + 1)
    for _ in layer:
        for cause in {link.cause for link in forward}:
            layer[cause] = min(layer[link.effect] for link in forward if link.cause == cause) - 1
    return layer


def _without_circles(links: Sequence[Link]) -> list[Link]:
    kept: list[Link] = []
    for link in links:
        if not _reaches(kept, link.effect, link.cause):
            kept.append(link)
    return kept


def _reaches(links: Sequence[Link], start: str, goal: str) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        if here == goal:
            return True
        ahead = {k.effect for k in links if k.cause == here} - seen
        seen |= ahead
        waiting += sorted(ahead)
    return False


def _edges(layer: Mapping[str, int], straight: Sequence[Link]) -> list[float]:
    """Left edge of each layer."""
    edges = [MARGIN]
    for k in range(max(layer.values(), default=0)):
        widths = [Arrow(99, "", "", 0, 0, link.lines).width for link in straight if layer[link.cause] == k]
        edges.append(edges[-1] + BOX_WIDTH + BESIDE_LABEL + max(widths, default=0.0))
    return edges


def _heights(layer: Mapping[str, int], links: Sequence[Link]) -> dict[str, float]:
    """Top of each box; within a layer the node with most links stands highest, columns are centred."""
    named = [node for link in links for node in (link.cause, link.effect)]
    order = sorted(layer, key=lambda node: (-named.count(node), named.index(node)))
    columns = {k: [n for n in order if layer[n] == k] for k in sorted(set(layer.values()))}
    tallest = max((len(c) for c in columns.values()), default=1)
    return {
        node: MARGIN + (row + (tallest - len(column)) / 2) * ROW_STEP
        for column in columns.values()
        for row, node in enumerate(column)
    }


def _ends(link: Link, places: Mapping[str, tuple[float, float]]) -> tuple[float, float, float, float]:
    (x0, y0), (x1, y1) = places[link.cause], places[link.effect]
    return x0 + BOX_WIDTH, y0 + BOX_HEIGHT / 2, x1 - 4, y1 + BOX_HEIGHT / 2


def _straight_arrow(number: int, link: Link, places: Mapping[str, tuple[float, float]]) -> Arrow:
    x0, y0, x1, y1 = _ends(link, places)
    middle = (x0 + x1) / 2
    path = f"M{x0:g},{y0:g} C{middle:g},{y0:g} {middle:g},{y1:g} {x1:g},{y1:g}"
    if y0 == y1:
        level = Arrow(number, path, link.style, middle, y0, link.lines)
        return replace(level, y=y0 - level.height / 2 - 4)
    arrow = Arrow(number, path, link.style, x0 + (x1 - x0) * _EARLY_X, y0 + (y1 - y0) * _EARLY_Y, link.lines)
    return replace(arrow, x=min(max(arrow.x, x0 + arrow.width / 2 + 6), x1 - arrow.width / 2 - 14))


def _lane_arrow(number: int, link: Link, places: Mapping[str, tuple[float, float]], lane: float) -> Arrow:
    """A link that is not to the next layer runs in a lane of its own above all boxes."""
    x0, y0, x1, y1 = _ends(link, places)
    rise, fall = x0 + LANE, x1 - LANE
    path = (
        f"M{x0:g},{y0:g} C{rise:g},{y0:g} {x0:g},{lane:g} {rise:g},{lane:g} "
        f"L{fall:g},{lane:g} C{x1:g},{lane:g} {fall:g},{y1:g} {x1:g},{y1:g}"
    )
    return Arrow(number, path, link.style, (x0 + x1) / 2, lane, link.lines)


def _separated(arrows: Sequence[Arrow]) -> list[Arrow]:
    """Labels moved up or down, as little as needed, until none covers another; links with an estimate keep their place first."""
    placed: list[Arrow] = []
    for arrow in sorted(arrows, key=lambda a: (a.style == "open", a.y, a.number)):
        beside = [p for p in placed if abs(p.x - arrow.x) < (p.width + arrow.width) / 2]
        placed.append(replace(arrow, y=_nearest_free(arrow, beside)))
    return sorted(placed, key=lambda a: a.number)


def _nearest_free(label: Arrow, taken: Sequence[Arrow]) -> float:
    """The free height nearest to the wanted one that still lies inside the picture."""
    apart = {other.number: (other.height + label.height) / 2 for other in taken}
    edges = [other.y + sign * apart[other.number] for other in taken for sign in (-1, 1)]
    free = [
        y for y in (label.y, *edges) if y >= label.height / 2 and all(abs(y - other.y) >= apart[other.number] for other in taken)
    ]
    return min(free, key=lambda y: (abs(y - label.y), y))
