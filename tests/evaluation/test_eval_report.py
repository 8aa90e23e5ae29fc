"""The report page: what it shows, that it escapes what it shows, and that it stands alone."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup
from sample_runs import HOSTILE, write_all
from typer.testing import CliRunner

from evaluation.commands import eval_app
from evaluation.report.markdown import markdown_page
from evaluation.report.markup import element
from evaluation.report.page import html_page
from evaluation.report.scale import Scale, centred, domain
from evaluation.runs import load_run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_all(tmp_path_factory.mktemp("runs"))


def page_of(*paths: Path) -> str:
    return html_page([load_run(path) for path in paths], "Week 2")


class _Page(HTMLParser):
    """Tags with their attributes, and the text of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.text += data


def test_every_measure_stands_there_with_its_interval(runs: dict[str, Path]) -> None:
    text = _Page(page_of(runs["answers"])).text

    assert "token F1" in text and "0.400" in text and "0.300 – 0.500" in text
    assert "CRAG score" in text and "−0.100 – 0.300" in text
    assert "direct" in text, "the groups"
    assert "retrieve" in text and "12 ms" in text, "the latencies"
    assert "chatbot.passages" in text and "AMD EPYC" in text, "settings and machine"


def test_the_worst_examples_come_first_wrong_before_silent(runs: dict[str, Path]) -> None:
    text = _Page(page_of(runs["answers"])).text

    order = [text.index(f"Question {key}?") for key in ("wrong", "silent", "right")]
    assert order == sorted(order)
    assert "Question perfect?" not in text, "nothing is wrong with it"
    assert "notes.pdf, page 3" in text
    assert "abstained" in text


def test_untrusted_text_is_never_markup(runs: dict[str, Path]) -> None:
    html = page_of(*runs.values())

    assert HOSTILE not in html
    page = _Page(html)
    assert HOSTILE in page.text
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "img", "iframe", "link", "object"})
    assert not [name for _, attributes in page.tags for name in attributes if name[:2] == "on"]


def test_the_page_is_well_formed_and_points_nowhere_else(runs: dict[str, Path]) -> None:
    html = page_of(*runs.values())

    page = _Page(html)
    assert page.open == []
    links = [a[name] or "" for _, a in page.tags for name in ("href", "src") if name in a]
    anchors = {a.get("id") for _, a in page.tags}
    assert links and all(link.startswith("#") and link[1:] in anchors for link in links)
    style = re.findall(r"<style>(.*?)</style>", html, re.S)[0]
    assert "url(" not in style and "@import" not in style
    policies = [a["content"] for _, a in page.tags if "http-equiv" in a]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]


def test_several_legs_are_told_apart_and_compared(runs: dict[str, Path]) -> None:
    page = _Page(page_of(runs["retrieval"]))

    for leg in ("lexical", "dense", "fusion"):
        assert leg in page.text
    assert "fusion − lexical" in page.text and "+0.064" in page.text
    colors = {a["class"] for t, a in page.tags if t == "svg" and "series" in str(a.get("class"))}
    assert {"plot series-0", "plot series-1", "plot series-2"} <= colors


def test_curves_are_drawn_point_by_point(runs: dict[str, Path]) -> None:
    page = _Page(page_of(runs["abstention"]))

    lines = [a["points"] for tag, a in page.tags if tag == "polyline"]
    assert len(lines) == 3
    coverage = [float(pair.split(",")[0]) for pair in str(lines[0]).split()]
    assert coverage == sorted(coverage)
    assert "share of the questions answered" in page.text
    assert "Fitting the fusion weight" in _Page(page_of(runs["retrieval"])).text


def test_a_sweep_shows_its_points_best_first_and_what_was_not_run(runs: dict[str, Path]) -> None:
    text = _Page(page_of(runs["sweep"])).text

    body = text[text.index("point", text.index("Settings") - 3000) :]
    assert body.index("passages=8") < body.index("neighbours=1")
    assert "answerer=generative was not run. There is no generator." in text


def test_a_comparison_shows_both_answers_and_the_changed_settings(runs: dict[str, Path]) -> None:
    text = _Page(page_of(runs["comparison"])).text

    assert "after − before" in text
    assert "before says" in text and "after says" in text
    assert "chatbot.passages" in text
    assert "What moved most in token F1" in text


def test_markdown_has_the_same_figures_and_no_markup_of_the_answers(runs: dict[str, Path]) -> None:
    page = markdown_page([load_run(path) for path in runs.values()], "Week 2")

    assert page.startswith("# Week 2\n")
    assert "| token F1 | 0.400 | 0.300 – 0.500 | 3 |" in page
    assert "| fusion − lexical | nDCG@10 | +0.064 |" in page
    assert "<img" not in page


def test_on_the_command_line(runs: dict[str, Path], tmp_path: Path) -> None:
    paths = [str(path) for path in runs.values()]
    for name in ("new/report.html", "report.md"):
        out = tmp_path / name
        result = CliRunner().invoke(
            eval_app, ["report", *paths, "--out", str(out)], catch_exceptions=False
        )
        assert result.exit_code == 0
        assert "answers" in out.read_text(encoding="utf-8")
    assert CliRunner().invoke(eval_app, ["report", *paths, "--out", "r.pdf"]).exit_code == 2
    assert CliRunner().invoke(eval_app, ["report", "--out", "r.html"]).exit_code == 2


def test_a_report_of_a_benchmark_without_rows_is_shown_too(tmp_path: Path) -> None:
    path = tmp_path / "cold_start.json"
    path.write_text(json.dumps({"figures": {"first_token_seconds": {"value": 1.27}}}))

    assert "1.27 s" in _Page(page_of(path)).text


@pytest.mark.parametrize(
    ("children", "attributes", "expected"),
    [
        (["<b>"], {}, "<p>&lt;b&gt;</p>"),
        ([Markup("<b>x</b>")], {}, "<p><b>x</b></p>"),
        ([["a", None, ["b"]], 3], {}, "<p>ab3</p>"),
        ([], {"class_": 'x" onclick="y'}, '<p class="x&#34; onclick=&#34;y"></p>'),
        (
            [],
            {"hidden": True, "title": None, "stroke_width": 1.5},
            '<p hidden stroke-width="1.5"></p>',
        ),
    ],
)
def test_elements_escape_their_children_and_attributes(
    children: list[Any], attributes: dict[str, Any], expected: str
) -> None:
    assert element("p", *children, **attributes) == expected


def test_ticks_are_round_numbers_within_the_scale() -> None:
    assert Scale(0, 1, 0, 100).ticks() == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert Scale(-0.13, 0.13, 0, 100).ticks() == [-0.1, -0.05, 0, 0.05, 0.1]
    assert Scale(0.004, 2.0, 0, 100, log=True).ticks() == [0.01, 0.1, 1.0]


def test_a_scale_maps_its_ends_to_its_pixels_and_keeps_within() -> None:
    scale = Scale(0.01, 1.0, 20, 120, log=True)
    assert scale(0.01) == 20
    assert scale(0.1) == pytest.approx(70)
    assert scale(5.0) == 120
    assert Scale(2, 2, 0, 100)(2) == 50


def test_axes_hold_what_is_drawn_on_them() -> None:
    assert domain([0.2, 0.9]) == (0.0, 1.0)
    low, high = domain([-0.5, 0.7])
    assert low < -0.5 and high > 0.7
    assert centred([]) == (-0.1, 0.1)
    low, high = centred([-0.2, 0.1])
    assert low == -high and high > 0.2
