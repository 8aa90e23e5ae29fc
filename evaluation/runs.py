"""Reports of earlier runs, read back to be compared or shown.

Every verb of `lectern eval` writes `R.json` in one form: `figures` is measure → figure, or leg →
measure → figure where several systems were measured on the same examples; a figure is `value` with
`low`, `high` (its interval) and `n`. `R.rows.jsonl` beside it has a line for each example, with its
`id` and `measures`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from evaluation.answers import rows_path
from evaluation.jsonl import malformed, read_objects
from evaluation.rows import Row
from ingestion.errors import LecternError


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its interval, as far as it has one, over `n` examples."""

    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None


Figures = dict[str, Figure]


@dataclass(frozen=True)
class Run:
    """One report. `legs` has the one key "" where a single system was measured."""

    path: Path
    content: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What the report is called: its file's name."""
        return self.path.stem

    @cached_property
    def legs(self) -> dict[str, Figures]:
        figures = self.content["figures"]
        if any(is_figure(value) for value in figures.values()):
            figures = {"": figures}
        return {leg: read_figures(measured) for leg, measured in figures.items()}

    @cached_property
    def rows(self) -> dict[str, Row]:
        """id → row. Raises `LecternError` when there are none, or one has no id or measures."""
        path = rows_path(self.path)
        if not path.is_file():
            raise LecternError(
                f"{self.path} has no rows beside it ({path.name}).",
                "Run that measurement again; it writes a line for each example.",
            )
        rows: dict[str, Row] = {}
        for number, row in read_objects(path):
            if "id" not in row or not isinstance(row.get("measures"), dict):
                raise malformed(path, number, "a row without `id` and `measures`")
            rows[str(row["id"])] = row
        return rows

    @property
    def is_sweep(self) -> bool:
        """Whether it is of `lectern eval sweep`, whose legs are points."""
        return "points" in self.content

    @property
    def is_comparison(self) -> bool:
        """Whether it is of `lectern eval compare`, whose legs are two runs."""
        return "moved" in self.content

    @property
    def has_rows(self) -> bool:
        return rows_path(self.path).is_file()


def load_run(path: Path) -> Run:
    """The report in file `path`. Raises `LecternError` when it is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _no_report(path, str(error)) from error
    if not isinstance(content, dict) or not isinstance(content.get("figures"), dict):
        raise _no_report(path, "it has no `figures`")
    return Run(path, content)


def is_figure(value: object) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("value"), int | float)


def read_figures(measured: object) -> Figures:
    """Measure → figure of a JSON object; what is no figure is passed over."""
    if not isinstance(measured, Mapping):
        return {}
    return {
        name: Figure(found["value"], found.get("low"), found.get("high"), found.get("n"))
        for name, found in measured.items()
        if is_figure(found)
    }


def measures_of(row: Row) -> dict[str, float]:
    """Measure → value of one example; those of several legs are called `leg/measure`."""
    return dict(_flat(row["measures"], "/"))


def flat_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings as `chatbot.passages` → value."""
    return dict(_flat(settings, "."))


def _flat(values: Mapping[str, Any], join: str, before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, join, f"{before}{name}{join}")
        else:
            yield f"{before}{name}", value


def _no_report(path: Path, why: str) -> LecternError:
    return LecternError(
        f"{path} is not a report of `lectern eval` ({why}).", "Give the JSON file of its --out."
    )
