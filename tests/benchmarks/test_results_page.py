"""The results page: rows from result files, verdicts against bars, tables filled in place."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.bars import LINES, Line, load_results
from benchmarks.fill_tables import fill

PAGE = Path(__file__).parents[2] / "docs" / "results.md"


def row(line: Line, **figure: float) -> str:
    return line.row({line.file: {"figures": {"x": figure}}})


def test_a_share_is_judged_from_below() -> None:
    line = Line("t", "f", ("figures", "x"), "evidence", 0.9, 0.95)

    assert "stretch reached" in row(line, value=0.95)
    assert "| reached |" in row(line, value=0.9)
    assert "**missed**" in row(line, value=0.899)


def test_seconds_are_judged_from_above() -> None:
    line = Line("t", "f", ("figures", "x"), "start", 7, 3.5, "seconds")

    assert "stretch reached" in row(line, value=3.4)
    assert "| reached |" in row(line, value=3.5)
    assert "**missed**" in row(line, value=7.0)


def test_brief_times_are_seconds_written_in_milliseconds() -> None:
    line = Line("t", "f", ("figures", "x"), "retrieve", 0.05, form="brief")

    assert "| 6.5 ms |  | < 50.0 ms |  | reached |" in row(line, value=0.0065)


def test_a_row_shows_the_spread_and_the_bars() -> None:
    line = Line("t", "f", ("figures", "x"), "evidence", 0.9, 0.95)

    assert row(line, value=0.91, low=0.85, high=0.96) == (
        "| evidence | 0.910 | 0.850–0.960 | ≥ 0.900 | ≥ 0.950 | reached |"
    )


def test_a_spread_that_reaches_below_zero_is_told_from_a_range() -> None:
    line = Line("t", "f", ("figures", "x"), "difference")

    assert "| −0.050 | −0.100 … −0.010 |" in row(line, value=-0.05, low=-0.1, high=-0.01)


def test_a_bar_counts_only_together_with_the_one_it_is_set_beside() -> None:
    answered = Line("t", "f", ("figures", "answered"), "answered", 0.9)
    refused = Line("t", "f", ("figures", "refused"), "refused", 0.5, 0.7, beside=answered)

    def verdict(share: float) -> str:
        figures = {"answered": {"value": share}, "refused": {"value": 0.8}}
        return refused.row({"f": {"figures": figures}})

    assert "stretch reached" in verdict(0.95)
    assert "**missed** with the row above" in verdict(0.4)


def test_a_figure_that_nobody_measured_is_said_to_be_missing() -> None:
    line = Line("t", "f", ("figures", "y"), "evidence", 0.9)

    assert "not measured" in row(line, value=1.0)
    assert "reached" not in row(line, value=1.0)


def test_filling_replaces_the_tables_and_leaves_the_prose() -> None:
    page = PAGE.read_text(encoding="utf-8")
    results = {"cold_start": {"figures": {"first_token": {"value": 99.0}}}}

    filled = fill(page, results)

    assert "| 99.00 s |" in filled
    assert "## What is approximate" in filled
    assert fill(filled, results) == filled


def test_the_page_says_what_the_result_files_hold() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert fill(page, load_results(PAGE.parent / "results")) == page


def test_a_page_that_lacks_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="tables"):
        fill("<!-- table speed -->\n<!-- end -->", {})


def test_every_bar_has_one_row() -> None:
    """A figure may stand in two tables, for comparison in one of them; it is judged in one."""
    places = [(line.table, line.file, line.path) for line in LINES]
    judged = [(line.file, line.path) for line in LINES if line.bar is not None]

    assert len(set(places)) == len(places)
    assert len(set(judged)) == len(judged)
