"""CSV files, gzipped where the name ends in `.gz`, with errors that name the file and the row."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingestion.errors import LecternError


def read_rows(
    path: Path, columns: Sequence[str], header: bool = True
) -> Iterator[tuple[int, dict[str, str]]]:
    """(row number, column → value); without a header the columns are named by `columns`, in order.

    Raises `LecternError` for a file that cannot be read, lacks a column or has a short row.
    """
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise LecternError(
            f"{path} cannot be read ({error}).", "Check the path, or fetch the file again."
        ) from error
    rows = csv.reader(io.StringIO(text, newline=""))
    names = next(rows, []) if header else list(columns)
    missing = [column for column in columns if column not in names]
    if missing:
        raise LecternError(
            f"{path} has no column {', '.join(missing)}; it has {', '.join(names) or 'none'}.",
            "Give the file as it was published.",
        )
    for number, row in enumerate(rows, start=2 if header else 1):
        if len(row) != len(names):
            raise bad_row(path, number, f"has {len(row)} cells where {len(names)} are due")
        yield number, dict(zip(names, row, strict=True))


def bad_row(path: Path, number: int, why: str) -> LecternError:
    return LecternError(f"{path}, row {number} {why}.", "Mend that row and run again.")
