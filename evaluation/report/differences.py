"""Paired differences between systems, written and drawn; the settings that two runs differ in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from evaluation.measures import measure
from evaluation.report.intervals import Mark, axis_cell, interval_cell, plot_scale
from evaluation.report.scale import Scale, centred
from evaluation.report.tables import Cell, number, row, table

_BETTER, _WORSE, _NEITHER = 2, 1, 5
"""Colors of a difference whose interval is on one side of zero, and of one that is not."""

Found = Mapping[str, Any]
"""`difference`, `p` and perhaps `wins`, `ties`, `losses` of one measure."""


def differences_table(
    comparisons: Mapping[str, Mapping[str, Found]], names: Sequence[str]
) -> Markup:
    """The measures `names` of each pair; a single measure needs no column of its own."""
    listed = [
        (pair, name, found[name])
        for pair, found in comparisons.items()
        for name in names
        if name in found
    ]
    drawn = [found["difference"] for _, name, found in listed if measure(name).plotted]
    scale = plot_scale(centred(change[end] for change in drawn for end in ("low", "high")))
    several = len(names) > 1
    judged = any("wins" in found for *_, found in listed)
    rows = []
    before = None
    for pair, name, found in listed:
        rows.append(
            row(
                pair if pair != before else "",
                [
                    *([Cell(measure(name).label)] if several else []),
                    *_cells(pair, name, found, scale, judged),
                ],
                first=pair != before and several,
            )
        )
        before = pair
    axis = axis_cell(scale, _say_tick, zero=True) if drawn else None
    heads: list[str | Cell] = [
        "pair",
        *(["measure"] if several else []),
        *map(number, ("difference", "95 % interval", "p")),
        *([number("win / tie / loss")] if judged else []),
        Cell(axis, "drawn"),
    ]
    return table(heads, rows)


def settings_table(changed: Mapping[str, Sequence[object]], names: Sequence[str]) -> Markup:
    """The settings that differ, in both runs."""
    rows = [row(name, [Cell(str(value)) for value in values]) for name, values in changed.items()]
    return table(["setting", *names], rows)


def _cells(pair: str, name: str, found: Found, scale: Scale, judged: bool) -> list[Cell]:
    said, change = measure(name), found["difference"]
    value, low, high = change["value"], change["low"], change["high"]
    unclear = low <= 0 <= high
    better = (value < 0) == said.less_is_better
    spread = f"{said.say_change(low)} … {said.say_change(high)}"
    color = _NEITHER if unclear else _BETTER if better else _WORSE
    told = f"{pair}, {said.label}: {said.say_change(value)} ({spread})"
    mark = Mark(value, low, high, color, told, hollow=unclear)
    wins = f"{found['wins']} / {found['ties']} / {found['losses']}" if "wins" in found else ""
    return [
        number(said.say_change(value), "value"),
        number(spread),
        number(f"{found['p']:.4f}"),
        *([number(wins, "quiet")] if judged else []),
        Cell(interval_cell(mark, scale, zero=True) if said.plotted else None, "drawn"),
    ]


def _say_tick(value: float) -> str:
    return f"{value:+g}".replace("-", "−") if value else "0"
