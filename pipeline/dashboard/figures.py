"""The only place for plotly: pure functions from a frame to a figure as a plain dictionary (plotly's JSON).

Belongs here: marks, axes, colours. Must not be here: numbers that the frame does not hold, sentences, page layout.
Shares are drawn in percent. Text from the data is escaped, since plotly reads a subset of HTML in labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from textwrap import wrap
from typing import Any

import plotly
import plotly.graph_objects as go
import polars as pl

Figure = dict[str, Any]

INK, MUTED, GRID = "#1e2b3c", "#5b6470", "#d9dde2"
BLUE, ORANGE, GREEN, PURPLE = "#0062ba", "#b34700", "#00755c", "#7a3e9d"
ORDERED = ("#0b2a6b", "#0062ba", "#00857a", "#5f7d00", "#a86400")
FONT = "Inter, system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
FOREST = {
    "gruppe": pl.String, "navn": pl.String, "estimat": pl.Float64, "ki_nedre": pl.Float64, "ki_ovre": pl.Float64, "naiv": pl.Float64,
    "tekst": pl.String,
}  # fmt: skip
_LINE_LENGTH = 38
CONFIG: Figure = {"displayModeBar": False, "responsive": True, "displaylogo": False, "scrollZoom": False, "doubleClick": False}


def trend_figure(frame: pl.DataFrame, names: dict[str, str], target: str, y_title: str) -> Figure:
    """National share by year with its interval, one line per denominator rule, and the target as steps.

    Args:
        frame: one row per year and rule: ``aar, nevnerregel, verdi, ki_nedre, ki_ovre, maaltall`` (shares, null = gap).
        names: rule to the reader's word; the first rule is the main one and carries the intervals.
        target: the reader's word for the target.
        y_title: title of the value axis.
    """
    figure = go.Figure()
    for position, (rule, name) in enumerate(names.items()):
        figure.add_trace(_trend_line(frame.filter(pl.col("nevnerregel") == rule).sort("aar"), name, main=position == 0))
    goal = frame.filter(pl.col("maaltall").is_not_null()).group_by("aar").agg(pl.col("maaltall").max()).sort("aar")
    if goal.height:
        line = {"color": INK, "dash": "dash", "width": 2, "shape": "hvh"}
        figure.add_trace(
            go.Scatter(x=_list(goal, "aar"), y=_percent(goal, "maaltall"), mode="lines", name=_plain(target), line=line)
        )
    years = sorted(set(frame["aar"].to_list()))
    figure.update_layout(_layout(height=380))
    figure.update_xaxes(tickvals=years, ticktext=[str(y) for y in years])
    figure.update_yaxes(title_text=_plain(y_title), ticksuffix=" %", rangemode="tozero", range=[0, 100])
    return _as_dict(figure)


def funnel_figure(
    points: pl.DataFrame, limits: pl.DataFrame, centre: float | None, target: float | None, words: dict[str, str]
) -> Figure:
    """Shares against size with exact limits around the national mean; the target is a line of its own.

    Args:
        points: one row per municipality: ``navn, n, andel, utenfor_998`` (null = too small to say).
        limits: one row per n: ``n, nedre_95, ovre_95, nedre_998, ovre_998`` (shares).
        centre: national share, null when none is released.
        target: target as a share, null when the period has none.
        words: the reader's words for ``mean, target, inside, outside, limit_95, limit_998, x, y``.
    """
    figure = go.Figure()
    for column, name, dash in (("95", words["limit_95"], "dot"), ("998", words["limit_998"], "solid")):
        for side in ("nedre", "ovre"):
            figure.add_trace(_limit_line(limits, f"{side}_{column}", name, dash, legend=side == "nedre"))
    largest = pl.concat([limits["n"], points["n"]]).max()
    ends = [0, int(largest) if isinstance(largest, int) else 1]
    if centre is not None:
        figure.add_trace(_flat_line(ends, centre, words["mean"], INK, "solid"))
    if target is not None:
        figure.add_trace(_flat_line(ends, target, words["target"], ORANGE, "dash"))
    outside = pl.col("utenfor_998").fill_null(False)
    figure.add_trace(_funnel_points(points.filter(~outside), words["inside"], "circle", BLUE))
    figure.add_trace(_funnel_points(points.filter(outside), words["outside"], "diamond", PURPLE))
    figure.update_layout(_layout(height=460))
    figure.update_xaxes(title_text=_plain(words["x"]), range=ends)
    figure.update_yaxes(title_text=_plain(words["y"]), ticksuffix=" %", range=[0, 104], dtick=20)
    return _as_dict(figure)


def forest_figure(frame: pl.DataFrame, words: dict[str, str]) -> Figure:
    """Effects in percentage points with intervals, top to bottom in the frame's order, grade and n as text over each mark.

    Args:
        frame: ``FOREST``, one row per estimate; ``gruppe`` becomes a heading where it changes; without an estimate only the text.
        words: the reader's words for ``effect, naive, x``.
    """
    figure = go.Figure()
    texts, marks, height = _forest_places(frame)
    placed = frame.with_columns(rad=pl.Series(marks, dtype=pl.Int64))
    shown, naive = (placed.filter(pl.col(c).is_not_null()) for c in ("estimat", "naiv"))
    if naive.height:
        marker = {"symbol": "x-thin-open", "size": 10, "color": MUTED, "line": {"width": 2, "color": MUTED}}
        figure.add_trace(
            go.Scatter(
                x=_percent(naive, "naiv"), y=_list(naive, "rad"), mode="markers", name=_plain(words["naive"]), marker=marker
            )
        )
    figure.add_trace(_forest_marks(shown, words["effect"]))
    figure.update_layout(_layout(height=130 + height))
    figure.update_layout(margin={"l": 10, "r": 10, "t": 40}, shapes=[_zero_line()], annotations=texts)
    figure.update_xaxes(title_text=_plain(words["x"]), zeroline=False, ticksuffix=" pp")
    figure.update_yaxes(range=[height, 0], showticklabels=False, showgrid=False)
    return _as_dict(figure)


def curves_figure(frame: pl.DataFrame, names: dict[str, str], words: dict[str, str]) -> Figure:
    """Cumulative incidence by strategy, each line labelled where it ends; straight between the weeks that are shown.

    Args:
        frame: one row per strategy and week: ``strategi, uke, risiko`` (share, null = hidden).
        names: strategy to the reader's word, earliest first; a strategy whose code starts with ``ikke`` is drawn grey.
        words: the reader's words for ``x, y``.
    """
    figure = go.Figure()
    ends: list[tuple[float, float, str, str]] = []
    for position, (code, name) in enumerate(names.items()):
        line = frame.filter((pl.col("strategi") == code) & pl.col("risiko").is_not_null()).sort("uke")
        if line.height:
            trace = _curve(line, name, _curve_style(code, position))
            figure.add_trace(trace)
            ends.append((trace.y[-1], trace.x[-1], trace.name, trace.line.color))
    ends.sort()
    last = max(frame["uke"].to_list(), default=104)
    top = max([y for y, *_ in ends], default=100.0) * 1.05 or 100.0
    heights = _spread([y for y, *_ in ends], gap=top * 0.058)
    figure.update_layout(_layout(height=440))
    figure.update_layout(showlegend=False, margin={"r": 132}, annotations=_end_labels(ends, heights))
    figure.update_xaxes(title_text=_plain(words["x"]), range=[0, last], tickvals=list(range(0, int(last) + 1, 26)))
    figure.update_yaxes(title_text=_plain(words["y"]), ticksuffix=" %", range=[0, max([top, *heights])])
    return _as_dict(figure)


def bar_figure(frame: pl.DataFrame, x: str, y: str, title: str) -> Figure:
    """Horizontal bars of ``y`` for each value of ``x``, in the frame's order, with the number at the end of the bar."""
    labels, values = [_plain(str(v)) for v in frame[x].to_list()], _list(frame, y)
    figure = go.Figure(go.Bar(x=values, y=labels, orientation="h", marker_color=BLUE, texttemplate="%{x}", textposition="auto"))
    figure.update_layout(_layout(height=120 + 34 * max(frame.height, 1)), title={"text": _plain(title), "font": {"size": 16}})
    figure.update_layout(margin={"t": 56})
    figure.update_yaxes(autorange="reversed", automargin=True, showgrid=False)
    figure.update_xaxes(title_text=_plain(y), rangemode="tozero")
    return _as_dict(figure)


def _layout(height: int) -> Figure:
    axis = {"gridcolor": GRID, "linecolor": MUTED, "ticks": "", "automargin": True, "fixedrange": True, "zeroline": False}
    return {
        "template": go.layout.Template(),
        "height": height,
        "separators": ",\u00a0",
        "font": {"family": FONT, "size": 14, "color": INK},
        "margin": {"l": 56, "r": 16, "t": 16, "b": 56},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "colorway": [BLUE, ORANGE, GREEN, PURPLE, MUTED],
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemclick": False, "itemdoubleclick": False},
        "hoverlabel": {"bgcolor": "#ffffff", "font": {"color": INK}},
        "xaxis": axis,
        "yaxis": axis,
    }


def _trend_line(rows: pl.DataFrame, name: str, main: bool) -> go.Scatter:
    colour = BLUE if main else GREEN
    middle, low, high = (_percent(rows, c) for c in ("verdi", "ki_nedre", "ki_ovre"))
    bars = {
        "type": "data", "symmetric": False, "color": colour, "thickness": 1.5, "width": 4, "visible": main,
        "array": [_gap(h, m) for h, m in zip(high, middle, strict=True)],
        "arrayminus": [_gap(m, lo) for m, lo in zip(middle, low, strict=True)],
    }  # fmt: skip
    marker = {"size": 9 if main else 7, "symbol": "circle" if main else "square-open"}
    line = {"color": colour, "width": 3 if main else 1.5, "dash": "solid" if main else "dot"}
    return go.Scatter(
        x=_list(rows, "aar"), y=middle, mode="lines+markers", name=_plain(name), line=line, marker=marker,
        error_y=bars, hovertemplate="%{x}: %{y:.1f}",
    )  # fmt: skip


def _limit_line(limits: pl.DataFrame, column: str, name: str, dash: str, legend: bool) -> go.Scatter:
    return go.Scatter(
        x=_list(limits, "n"), y=_percent(limits, column), mode="lines", name=_plain(name), showlegend=legend,
        legendgroup=name, hoverinfo="skip", line={"color": MUTED, "dash": dash, "width": 1.5},
    )  # fmt: skip


def _flat_line(ends: Sequence[int], share: float, name: str, colour: str, dash: str) -> go.Scatter:
    return go.Scatter(
        x=list(ends), y=[round(share * 100, 2)] * 2, mode="lines", name=_plain(name),
        line={"color": colour, "dash": dash, "width": 2}, hoverinfo="name+y",
    )  # fmt: skip


def _funnel_points(points: pl.DataFrame, name: str, symbol: str, colour: str) -> go.Scatter:
    return go.Scatter(
        x=_list(points, "n"), y=_percent(points, "andel"), mode="markers", name=_plain(name),
        text=[_plain(v) for v in points["navn"].to_list()], hovertemplate="%{text}<br>n = %{x}<br>%{y:.0f} %<extra></extra>",
        marker={"symbol": symbol, "color": colour, "size": 12 if symbol == "diamond" else 9, "line": {"color": "#ffffff", "width": 1}},
    )  # fmt: skip


def _forest_marks(shown: pl.DataFrame, name: str) -> go.Scatter:
    middle, low, high = (_percent(shown, c) for c in ("estimat", "ki_nedre", "ki_ovre"))
    bars = {
        "type": "data", "symmetric": False, "thickness": 2, "width": 6, "color": BLUE,
        "array": [_gap(h, m) for h, m in zip(high, middle, strict=True)],
        "arrayminus": [_gap(m, lo) for m, lo in zip(middle, low, strict=True)],
    }  # fmt: skip
    return go.Scatter(
        x=middle, y=_list(shown, "rad"), mode="markers", name=_plain(name), error_x=bars,
        marker={"symbol": "square", "size": 10, "color": BLUE}, text=[_plain(v) for v in shown["navn"].to_list()],
        hovertemplate="%{text}: %{x:.1f} pp<extra></extra>",
    )  # fmt: skip


def _zero_line() -> Figure:
    return {
        "type": "line", "xref": "x", "yref": "paper", "x0": 0, "x1": 0, "y0": 0, "y1": 1,
        "line": {"color": INK, "width": 1}, "layer": "below",
    }  # fmt: skip


def _forest_places(frame: pl.DataFrame) -> tuple[list[Figure], list[int], int]:
    """Texts, heights of the marks and the whole height, in pixels from the top: names over the marks never squeeze a narrow screen."""
    texts, marks, top, group = [], [], 4, ""
    for heading, name, text, *values in frame.select("gruppe", "navn", "tekst", "estimat", "naiv").iter_rows():
        if heading and heading != group:
            lines = wrap(heading, _LINE_LENGTH)
            texts.append(_row_text(lines, "", top + 10, size=15))
            top += 16 + 20 * len(lines)
        lines, group = wrap(name, _LINE_LENGTH), heading
        texts.append(_row_text(lines, text, top))
        bottom = top + 18 * (len(lines) + 1)
        marks.append(bottom + 12)
        top = bottom + (30 if any(v is not None for v in values) else 8)
    return texts, marks, max(top, 68)


def _row_text(lines: Sequence[str], text: str, top: int, size: int = 13) -> Figure:
    bold = [f"<b>{_plain(line)}</b>" for line in lines]
    return {
        "xref": "paper", "x": 0, "xanchor": "left", "yref": "y", "y": top, "yanchor": "top", "showarrow": False,
        "align": "left", "font": {"size": size}, "bgcolor": "#ffffff", "borderpad": 1,
        "text": "<br>".join([*bold, *([_plain(text)] if text else [])]),
    }  # fmt: skip


def _curve(line: pl.DataFrame, name: str, style: Figure) -> go.Scatter:
    return go.Scatter(
        x=_list(line, "uke"), y=_percent(line, "risiko"), mode="lines+markers", name=_plain(name), line=style, hovertemplate="%{x}: %{y:.1f} %",
    )  # fmt: skip


def _curve_style(code: str, position: int) -> Figure:
    if code.startswith("ikke"):
        return {"color": MUTED, "dash": "dash", "width": 2.5}
    return {"color": ORDERED[position % len(ORDERED)], "width": 2.5}


def _spread(heights: Sequence[float], gap: float) -> list[float]:
    """Ascending heights moved as little as needed to stand ``gap`` apart: the mean of pushing upwards and downwards."""
    upwards, downwards = list(heights), list(heights)
    for place in range(1, len(heights)):
        upwards[place] = max(upwards[place], upwards[place - 1] + gap)
    for place in reversed(range(len(heights) - 1)):
        downwards[place] = min(downwards[place], downwards[place + 1] - gap)
    return [(up + down) / 2 for up, down in zip(upwards, downwards, strict=True)]


def _end_labels(ends: list[tuple[float, float, str, str]], heights: Sequence[float]) -> list[Figure]:
    """A label right of where its curve ends: a curve that cannot be shown to the last week is not sought at the margin."""
    return [
        {
            "x": week, "xanchor": "left", "xshift": 6, "y": round(y, 3), "yanchor": "middle", "showarrow": False, "borderpad": 1,
            "text": name, "align": "left", "font": {"color": colour, "size": 13}, "bgcolor": "rgba(255,255,255,0.85)",
        }
        for (_, week, name, colour), y in zip(ends, heights, strict=True)
    ]  # fmt: skip


def _list(frame: pl.DataFrame, column: str) -> list[Any]:
    return list(frame[column].to_list())


def _percent(frame: pl.DataFrame, column: str) -> list[float | None]:
    return [None if v is None else round(v * 100, 2) for v in frame[column].to_list()]


def _gap(upper: float | None, lower: float | None) -> float:
    return 0.0 if upper is None or lower is None else round(upper - lower, 2)


def _plain(text: str) -> str:
    return escape(text, quote=False)


def _as_dict(figure: go.Figure) -> Figure:
    return dict(figure.to_plotly_json())


def plotly_script() -> bytes:
    """The drawing library as the installed wheel carries it."""
    return (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()
