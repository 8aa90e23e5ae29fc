"""The whole page: one HTML file, its style within it, no script, and nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from markupsafe import Markup

from evaluation.report.brief import describe, facts
from evaluation.report.markup import element
from evaluation.report.sections import section
from evaluation.runs import Run

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What the browser may fetch for this page: nothing."""


def html_page(runs: Sequence[Run], title: str) -> str:
    """The page about `runs`, in their order."""
    anchors = [f"run-{number}" for number in range(1, len(runs) + 1)]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("title", title),
        element("style", _style()),
    )
    body = element(
        "body",
        element("header", element("h1", title), element("p", _when(runs)), class_="top"),
        _contents(runs, anchors),
        element(
            "main",
            element("div", map(_card, runs, anchors), class_="cards"),
            map(section, runs, anchors),
        ),
        element("footer", element("p", _EXPLAINED)),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


_EXPLAINED = (
    "Intervals hold 95 % of a seeded bootstrap (10,000 resamples) over the examples; examples that "
    "depend on one another are drawn together. Of repeated timings they hold the least and the "
    "greatest. Hollow points are differences whose interval holds zero. p is two-sided and not "
    "corrected for the number of comparisons."
)


def _style() -> Markup:
    """The style sheet beside this file; it holds nothing that HTML would read as markup."""
    return Markup(files(__package__).joinpath("style.css").read_text(encoding="utf-8"))


def _when(runs: Sequence[Run]) -> str:
    dates = sorted({str(run.content.get("date", ""))[:10] for run in runs} - {""})
    measured = f", measured {dates[0]}" if dates else ""
    until = f" to {dates[-1]}" if len(dates) > 1 else ""
    return f"{len(runs)} {'runs' if len(runs) > 1 else 'run'}{measured}{until}"


def _contents(runs: Sequence[Run], anchors: Sequence[str]) -> Markup:
    links = (
        element("li", element("a", run.name, href=f"#{anchor}"))
        for run, anchor in zip(runs, anchors, strict=True)
    )
    return element("nav", element("ul", links), aria_label="Runs")


def _card(run: Run, anchor: str) -> Markup:
    """A run in brief, leading to its section."""
    shown = (
        element(
            "div",
            element("dt", fact.label),
            element("dd", fact.value, element("small", fact.interval)),
        )
        for fact in facts(run)
    )
    return element(
        "a",
        element("h2", run.name),
        element("p", describe(run)),
        element("dl", shown),
        href=f"#{anchor}",
        class_="card",
    )
