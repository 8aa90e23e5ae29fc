"""CSV files, gzipped where the name ends in `.gz`, with errors that name the file and the row."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
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
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
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
    number = 1 if header else 0
    try:
        for row in rows:
            number += 1
            if len(row) != len(names):
                raise bad_row(path, number, f"has {len(row)} cells where {len(names)} are due")
            yield number, dict(zip(names, row, strict=True))
    except csv.Error as error:  # a quote that is never closed takes in all that follows
        raise bad_row(path, number + 1, f"cannot be read ({error})") from error


def bad_row(path: Path, number: int, why: str) -> LecternError:
    return LecternError(f"{path}, row {number} {why}.", "Mend that row and run again.")
