"""A comparison of two runs as tables for people at a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

from evaluation.measures import measure


def difference_table(report: Mapping[str, Any]) -> Table:
    """Each measure in both runs, its difference with interval and p, and wins, ties, losses."""
    ((title, found),) = report["comparisons"].items()
    before, after = report["figures"].values()
    counts = report["counts"]
    alone = counts["only_first"] + counts["only_second"]
    table = Table(
        "measure",
        *map(escape, report["figures"]),
        "difference",
        "95 % interval",
        "p",
        "win / tie / loss",
        title=escape(f"{title}: {counts['shared']} examples in both, {alone} in one only"),
    )
    for name, comparison in found.items():
        said = measure(name)
        difference = comparison["difference"]
        table.add_row(
            escape(said.label),
            said.say(before[name]["value"]),
            said.say(after[name]["value"]),
            said.say_change(difference["value"]),
            f"{said.say_change(difference['low'])} … {said.say_change(difference['high'])}",
            f"{comparison['p']:.4f}",
            f"{comparison['wins']} / {comparison['ties']} / {comparison['losses']}",
        )
    return table


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
