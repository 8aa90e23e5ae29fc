"""One run as a section of the page: its figures, differences, curves, examples and settings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from evaluation.measures import is_detail, measure, standing
from evaluation.report.brief import describe, measures_in
from evaluation.report.differences import differences_table, settings_table
from evaluation.report.example_cards import moved_examples, worst_examples
from evaluation.report.figures import figures_table, groups_table, points_table
from evaluation.report.latency import is_percentile, latencies, latency_table
from evaluation.report.markup import element
from evaluation.report.plots import charts
from evaluation.runs import Run, flat_settings
from evaluation.sweep.table import ranking

_GROUP_COLUMNS = 6


def section(run: Run, anchor: str) -> Markup:
    """Everything there is to say about one run; `anchor` is its id on the page."""
    parts = _comparison(run) if run.is_comparison else _sweep(run) if run.is_sweep else _means(run)
    return element(
        "section",
        element("h2", run.name),
        element("p", describe(run), class_="about"),
        _notes(run.content),
        parts,
        _settings(run.content),
        id=anchor,
    )


def _means(run: Run) -> Iterable[Markup | None]:
    """A run of its own: means of measures, and whatever else its verb reports."""
    content = run.content
    yield _figures(run)
    yield _part("Paired differences", _differences(content.get("comparisons", {})))
    yield _part("By group", _groups(content.get("groups", {})))
    drawn = charts(content)
    yield element("div", drawn, class_="part charts") if drawn else None
    for leg, latency in latencies(run).items():
        yield _part(f"Latency, {leg}" if leg else "Latency", latency_table(latency))
    if run.has_rows:
        yield _part("The worst examples", worst_examples(run.rows))


def _comparison(run: Run) -> Iterable[Markup | None]:
    """Two runs held against each other."""
    content = run.content
    names = list(content["figures"])
    changed = {**content.get("settings", {}), **content.get("versions_differing", {})}
    (pair,) = content["comparisons"]
    yield _part(pair, _differences(content["comparisons"]))
    yield _part("What differs in the settings", settings_table(changed, names) if changed else None)
    yield _part(f"What moved most in {measure(content['measure']).label}", moved_examples(content))
    yield _behind("Figures of both", _figures(run))


def _sweep(run: Run) -> Iterable[Markup | None]:
    """The points best first, and each against the default."""
    content = run.content
    name = content["measure"]
    label = measure(name).label
    not_run = content.get("not_run", {})
    yield _callouts(f"{point} was not run. {why}" for point, why in not_run.items())
    yield _part(label, points_table({p: run.legs[p] for p in ranking(content)}, name))
    differences = {
        pair.removesuffix(" − default"): found for pair, found in content["comparisons"].items()
    }
    yield _part(f"{label}, difference from the default", _differences(differences, [name]))


def _figures(run: Run) -> Markup | None:
    names = [name for name in measures_in(run) if not is_percentile(name)]
    if not names:
        return None
    first = [name for name in names if not is_detail(name)] or names
    rest = [name for name in names if name not in first]
    return element(
        "div",
        figures_table(run.legs, first),
        _behind("More measures", figures_table(run.legs, rest) if rest else None),
        class_="part",
    )


def _differences(
    comparisons: Mapping[str, Mapping[str, Any]], names: list[str] | None = None
) -> Markup | None:
    every = names or list(dict.fromkeys(name for found in comparisons.values() for name in found))
    if not any(name in found for found in comparisons.values() for name in every):
        return None
    first = [name for name in every if not is_detail(name)] or every
    return differences_table(comparisons, first)


def _groups(groups: Mapping[str, Mapping[str, Any]]) -> Markup | None:
    every = dict.fromkeys(name for found in groups.values() for name in found)
    shown = [name for name in every if not is_detail(name) and measure(name).plotted]
    names = sorted(shown, key=standing)
    return groups_table(groups, names[:_GROUP_COLUMNS]) if names else None


def _settings(content: Mapping[str, Any]) -> Markup | None:
    """Settings, data, versions, machine, seed and command, behind a click."""
    shown: dict[str, Any] = {"command": content.get("command"), "seed": content.get("seed")}
    for name in ("settings", "data", "versions", "machine", "reports"):
        flat = flat_settings(content.get(name, {}))
        shown |= {f"{name}.{key}": value for key, value in flat.items()}
    shown["date"] = content.get("date")
    rows = [
        element("tr", element("th", name, scope="row"), element("td", _said(value)))
        for name, value in shown.items()
        if value not in ("", None)
    ]
    plain = element("table", element("tbody", rows), class_="plain")
    return _behind("Settings and provenance", plain)


def _notes(content: Mapping[str, Any]) -> Markup | None:
    missing = content.get("sources_not_found", ())
    lost = f"No single file of the index goes by these sources: {', '.join(missing)}."
    return _callouts([*content.get("notes", ()), *([lost] if missing else [])])


def _callouts(notes: Iterable[str]) -> Markup | None:
    found = [element("p", note, class_="note") for note in notes]
    return element("div", found) if found else None


def _part(title: str, content: Markup | None) -> Markup | None:
    return element("div", element("h3", title), content, class_="part") if content else None


def _behind(title: str, content: Markup | None) -> Markup | None:
    return element("details", element("summary", title), content) if content else None


def _said(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
