"""Numbers, texts, funnel limits, the chain's layout, figures: each on its own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest
from scipy.stats import binom

from pipeline.dashboard import figures, numbers
from pipeline.dashboard.chain import BOX_HEIGHT, BOX_WIDTH, Drawing, Link, draw_chain
from pipeline.dashboard.estimates import effect_text
from pipeline.dashboard.funnel import binomial_limits
from pipeline.dashboard.hiding import released_frames
from pipeline.dashboard.texts import CATALOGUE, MissingText, Texts
from pipeline.dashboard.views import csv_bytes, script_json, slug
from pipeline.effects.protocol import declared_theory
from pipeline.released import ReleasedTables
from tests.dashboard.dash_release import HOSTILE

SOURCE = Path(figures.__file__).parent


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (numbers.percent(0.7098), "71 %"), (numbers.percent(None), ".."), (numbers.percent_range(0.668, 0.751), "67–75 %"),
        (numbers.points(0.062, 0.021, 0.103), "+6,2 pp [2,1–10,3]"), (numbers.points(-0.012, -0.053, 0.029), "−1,2 pp [−5,3 til 2,9]"),
        (numbers.points(-0.0001, None, None), "0,0 pp"), (numbers.decimal(1234567.5, 1), "1 234 567,5"),
        (numbers.measure(0.7098, "andel", 99), "71 %"), (numbers.measure(0.7098, "andel", 100), "71,0 %"), (numbers.measure(31.5, "dager"), "31,5"),
        (numbers.effect(0.4, 0.2, 0.6, "nivåer"), "+0,40 nivåer [0,20–0,60]"),
    ],
)  # fmt: skip
def test_numbers_as_norwegians_write_them(written: str, expected: str) -> None:
    assert written.replace("\u00a0", " ") == expected


def test_missing_text_is_an_error_in_every_language() -> None:
    with pytest.raises(MissingText):
        Texts("nb")("no.such.key")
    with pytest.raises(MissingText):
        Texts("xx")("site.name")


def test_every_key_the_pages_name_is_in_the_catalogue() -> None:
    catalogue = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    named = set()
    for path in [*SOURCE.glob("*.py"), *(SOURCE / "templates").iterdir()]:
        named |= set(re.findall(r"\bt\(\s*['\"]([a-z_]+\.[a-z0-9_.]+[a-z0-9_])['\"]\s*[,)]", path.read_text(encoding="utf-8")))
    assert len(named) > 100
    assert named - set(catalogue) == set()
    assert all(entry.get("nb") is not None for entry in catalogue.values())


def test_limits_hold_the_tail_they_promise() -> None:
    """The interpolated limit lies between the two counts whose tail probabilities enclose the promised one."""
    limits = binomial_limits(0.72, 200)
    assert limits.height == 200
    for n in (20, 57, 200):
        row = limits.row(n - 1, named=True)
        lower = row["nedre_998"] * n
        assert binom.cdf(int(lower), n, 0.72) <= 0.001 <= binom.cdf(int(lower) + 1, n, 0.72)
        upper = row["ovre_95"] * n
        assert binom.cdf(int(upper), n, 0.72) <= 0.975 <= binom.cdf(int(upper) + 1, n, 0.72)
        assert row["nedre_998"] < row["nedre_95"] < 0.72 < row["ovre_95"] < row["ovre_998"]


def test_labels_and_boxes_of_the_chain_do_not_cover_each_other() -> None:
    links = [
        Link(a, b, ("+6,2 pp [2,1–10,3]", "Grad A"), "a")
        for a, b in (("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("a", "e"), ("c", "e"), ("d", "e"))
    ]
    _nothing_covered(draw_chain(links, {n: n for n in "abcde"}))


def test_the_declared_theory_has_room_for_a_number_on_every_link() -> None:
    links = [
        Link(k["fra"], k["til"], ("−12,0 pp", "[−24,5 til 10,5]", "per kontakt"), "b") for k in declared_theory()[0]["lenke"]
    ]
    assert len(links) > 8
    drawing = draw_chain(links, {n: Texts("nb").label("ledd", n) for k in links for n in (k.cause, k.effect)})
    _nothing_covered(drawing)
    # At 1 186 pixels, the width of the page on a desktop, text of 15 units must stay over 11 pixels.
    assert drawing.width * 11 / 15 <= 1186
    assert drawing.boxes[-1].x + BOX_WIDTH <= drawing.width


def _nothing_covered(drawing: Drawing) -> None:
    for place, label in enumerate(drawing.arrows):
        for other in drawing.arrows[place + 1 :]:
            beside = abs(label.x - other.x) >= (label.width + other.width) / 2
            assert beside or abs(label.y - other.y) >= (label.height + other.height) / 2
        for box in drawing.boxes:
            beside = label.x + label.width / 2 <= box.x or label.x - label.width / 2 >= box.x + BOX_WIDTH
            assert beside or label.y + label.height / 2 <= box.y or label.y - label.height / 2 >= box.y + BOX_HEIGHT
    assert all(0 <= b.x <= drawing.width - BOX_WIDTH and 0 <= b.y <= drawing.height for b in drawing.boxes)


def test_a_circle_in_the_theory_is_drawn_and_ends() -> None:
    drawing = draw_chain([Link("a", "b", ("1",), "a"), Link("b", "a", ("2",), "open")], {"a": "A", "b": "B"})
    assert [a.number for a in drawing.arrows] == [1, 2]


def test_figures_are_plain_json_without_buttons_or_numbers_for_nulls() -> None:
    frame = pl.DataFrame({"strategi": ["innen_4u"] * 2, "uke": [4, 8], "risiko": [0.1, None]})
    figure = figures.curves_figure(frame, {"innen_4u": HOSTILE}, {"x": "x", "y": "y"})
    text = json.dumps(figure)
    assert figure["data"][0]["y"] == [10.0]
    assert "<img" not in text
    assert figures.CONFIG["displayModeBar"] is False
    assert figure["layout"]["separators"] == ",\u00a0"


def test_curves_are_named_where_they_end_in_their_order() -> None:
    ends = {"innen_4u": (64, 0.525), "innen_8u": (84, 0.52), "innen_26u": (104, 0.67)}
    rows = [(s, week, share * week / last) for s, (last, share) in ends.items() for week in (0, last // 2, last)]
    frame = pl.DataFrame(rows, schema=["strategi", "uke", "risiko"], orient="row")
    labels = figures.curves_figure(frame, {s: s for s in ends}, {"x": "x", "y": "y"})["layout"]["annotations"]
    assert {a["text"]: a["x"] for a in labels} == {s: last for s, (last, _) in ends.items()}
    assert [a["text"] for a in sorted(labels, key=lambda a: a["y"])] == ["innen_8u", "innen_4u", "innen_26u"]
    assert all(abs(a["y"] - 100 * ends[a["text"]][1]) < 3 for a in labels)


def test_funnel_marks_only_what_the_release_marks() -> None:
    points = pl.DataFrame(
        {"navn": ["a", "b", "c"], "n": [30, 200, 12], "andel": [0.1, 0.72, 0.9], "utenfor_998": [False, True, None]}
    )
    words = dict.fromkeys(("mean", "target", "inside", "outside", "limit_95", "limit_998", "x", "y"), "")
    figure = figures.funnel_figure(points, binomial_limits(0.72, 200), 0.72, 0.7, words | {"outside": "UT", "inside": "INN"})
    marks = {trace["name"]: trace["x"] for trace in figure["data"] if trace["mode"] == "markers"}
    assert marks == {"INN": [30, 12], "UT": [200]}


def test_forest_draws_nothing_where_there_is_no_estimate() -> None:
    frame = pl.DataFrame(
        {
            "gruppe": ["g", "g"],
            "navn": ["a", "b"],
            "estimat": [0.062, None],
            "ki_nedre": [0.021, None],
            "ki_ovre": [0.103, None],
            "naiv": [0.3, None],
            "tekst": ["x", "ikke grunnlag"],
        }
    )  # fmt: skip
    figure = figures.forest_figure(frame, {"effect": "e", "naive": "n", "x": "x"})
    naive, effect = figure["data"]
    assert (naive["x"], effect["x"], naive["y"]) == ([30.0], [6.2], effect["y"])
    assert [a["text"] for a in figure["layout"]["annotations"]] == ["<b>g</b>", "<b>a</b><br>x", "<b>b</b><br>ikke grunnlag"]


def test_bar_figure_keeps_the_order_of_the_frame() -> None:
    figure = figures.bar_figure(pl.DataFrame({"gruppe": ["b", "a"], "antall": [3, 9]}), "gruppe", "antall", "Tittel")
    assert figure["data"][0]["y"] == ["b", "a"]
    assert figure["data"][0]["x"] == [3, 9]


def test_only_figures_knows_plotly() -> None:
    importing = [p.name for p in SOURCE.glob("*.py") if "plotly.graph_objects" in p.read_text(encoding="utf-8")]
    assert importing == ["figures.py"]


def test_second_fence_empties_planted_cells(released: ReleasedTables) -> None:
    frames = released_frames(released.tables)
    hidden = frames["kommune"].filter(pl.col("status") == ":")
    assert hidden.select("n", "observert", "andel", "krympet_andel").row(0) == (None,) * 4
    ungraded = frames["aarsakskjede"].filter(pl.col("grad") == "C")
    assert ungraded["estimat"].to_list() == [None]
    assert ungraded["n"].to_list() == [1240]
    shown = frames["effekt"].filter(pl.col("grad").is_in(["A", "B"]) & (pl.col("status") == ""))
    assert shown["estimat"].null_count() == 0


def test_nothing_runs_from_a_csv_or_leaves_a_script_element() -> None:
    written = csv_bytes(pl.DataFrame({"a": ["=1+1", "-", ":", "@x", 'a;"b'], "b": [0.5, None, 1.0, -2.0, 1e-9]})).decode(
        "utf-8-sig"
    )
    assert written.splitlines()[1:] == ["'=1+1;0,5", "-;", ":;1", "'@x;-2", '"a;""b";0']
    assert "</script>" not in script_json({"a": HOSTILE})
    assert json.loads(script_json({"a": HOSTILE})) == {"a": HOSTILE}
    assert slug("../../etc/x") == "etc-x"


def test_what_nobody_tried_is_called_not_computed() -> None:
    row = {"status": "..", "maal": "risikodifferanse", "grad": "D", "estimat": None, "ki_nedre": None, "ki_ovre": None}
    assert effect_text(row, Texts("nb")) == "ikke beregnet"
    assert effect_text(row | {"status": ""}, Texts("nb")) == "ikke grunnlag"
    assert effect_text(row | {"status": ":", "grad": "A"}, Texts("nb")) == ":"
