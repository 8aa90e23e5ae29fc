"""What the lines of a data file must hold; the line that does not is named."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evaluation.jsonl import malformed, read_lines


def text_of(
    path: Path, number: int, row: Mapping[str, Any], name: str, *, blank: bool = False
) -> str:
    """The text `name` of a row. Raises `LecternError` where it is missing, no text, or (unless it
    may be) blank.
    """
    value = row.get(name)
    if not isinstance(value, str) or not (blank or value.strip()):
        raise malformed(path, number, f"needs the text {name}")
    return value


def texts_of(path: Path, number: int, row: Mapping[str, Any], name: str) -> list[str]:
    """The list `name` of a row. Raises `LecternError` where it is missing or not all texts."""
    values = row.get(name)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise malformed(path, number, f"{name} must be a list of texts")
    return values


@contextmanager
def line_of(path: Path, number: int, what: str) -> Iterator[None]:
    """A row that is read within this block and is not `what` becomes a `LecternError`."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise malformed(path, number, f"not {what} ({error!r})") from error


def read_csv(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, row) of a CSV file with a head. Raises `LecternError` for a broken line."""
    rows = csv.DictReader(f"{line}\n" for _, line in read_lines(path))
    try:
        for row in rows:
            yield rows.line_num, row
    except csv.Error as error:
        raise malformed(path, rows.reader.line_num, f"not CSV: {error}") from error
