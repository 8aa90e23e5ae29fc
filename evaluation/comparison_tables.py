"""A comparison of two runs as tables for people at a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from evaluation.measures import Measure, measure


def difference_table(report: Mapping[str, Any]) -> Table:
    """Each measure in both runs, its difference with interval and p, and wins, ties, losses."""
    (found,) = report["comparisons"].values()
    before, after = report["figures"].values()
    counts = report["counts"]
    alone = counts["only_first"] + counts["only_second"]
    first, second = map(escape, report["figures"])
    heading = f"A = {first}, B = {second}: {counts['shared']} examples in both, {alone} in one only"
    table = Table(title=heading, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("measure", overflow="fold")
    for head in ("A", "B", "B − A (95 % interval)", "p", "win/tie/loss"):
        table.add_column(head, justify="right", no_wrap=True)
    for name, comparison in found.items():
        said = measure(name)
        table.add_row(
            escape(said.label),
            said.say(before[name]["value"]),
            said.say(after[name]["value"]),
            said_difference(said, comparison["difference"]),
            f"{comparison['p']:.4f}",
            f"{comparison['wins']}/{comparison['ties']}/{comparison['losses']}",
        )
    return table


def said_difference(said: Measure, difference: Mapping[str, float]) -> str:
    """`+0.064 (+0.032…+0.095)`."""
    low, high = (said.say_change(difference[end]) for end in ("low", "high"))
    return f"{said.say_change(difference['value'])} ({low}…{high})"


def settings_table(report: Mapping[str, Any]) -> Table:
    """The settings that differ between the runs."""
    changed = report["settings"] | report["versions_differing"]
    table = Table(
        "setting",
        *map(escape, report["figures"]),
        title="What differs in the settings" if changed else "The settings are the same",
    )
    for name, values in changed.items():
        table.add_row(escape(name), *(escape(str(value)) for value in values))
    return table


def moved_table(report: Mapping[str, Any]) -> Table:
    """The examples whose chosen measure moved most, with both answers."""
    name = report["measure"]
    table = Table(
        "change",
        "question and gold answer",
        *map(escape, report["figures"]),
        title=escape(
            f"The {len(report['moved'])} examples that moved most in {measure(name).label}"
        ),
        show_lines=True,
    )
    for example in report["moved"]:
        before, after = example["first"], example["second"]
        asked = f"{example['id']}: {before['question']}\n→ {' | '.join(before['gold'])}"
        table.add_row(
            measure(name).say_change(example["change"]),
            escape(asked),
            *(escape(_answer(side)) for side in (before, after)),
        )
    return table


def _answer(side: Mapping[str, Any]) -> str:
    return "(abstained)" if side["abstained"] else str(side["answer"])
