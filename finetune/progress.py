"""A line that says how far a training run is, how it goes, and how long it will still take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from chatbot.commands.console import err


class Report(Protocol):
    def __call__(self, done: int, **figures: float) -> None:
        """`done` steps are behind; `figures` (loss, KL…) are shown beside the bar."""


@contextmanager
def training_progress(
    what: str, total: int, *, start: int = 0, shown: bool = True
) -> Iterator[Report]:
    """Gives the callable that is told each step; ETA from those after `start`, made here."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
    )
    with Progress(*columns, console=err, disable=not shown) as bar:
        task = bar.add_task(what, total=total, completed=start, figures="")

        def report(done: int, **figures: float) -> None:
            text = "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
            bar.update(task, completed=done, figures=text)

        yield report
