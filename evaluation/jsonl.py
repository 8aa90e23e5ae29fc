"""JSON lines, JSON lists and gzipped text, read with errors that name the file and the line."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingestion.errors import LecternError

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
"""How half a character is written in JSON; in UTF-8 it cannot be."""


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """(line number, line without its newline) of a text file, gzipped where the name ends in `.gz`.

    Raises `LecternError` when the file is missing, is not UTF-8 or is a damaged archive.
    """
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LecternError(f"{path} is not UTF-8 text ({error}).", "Save it as UTF-8.") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise LecternError(
            f"{path} is a damaged gzip file ({error}).", "Fetch it again."
        ) from error
    except OSError as error:
        raise LecternError(f"{path} cannot be read ({error}).", "Check the path.") from error
    for number, line in enumerate(text.split("\n"), start=1):
        yield number, line.rstrip("\r")


def read_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of a JSON-lines file; blank lines are skipped.

    Raises `LecternError` naming file and line for anything that is not a JSON object.
    """
    for number, line in read_lines(path):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:  # too long a number, too deep a list
            raise malformed(path, number, f"not JSON: {error}") from error
        if not isinstance(value, dict):
            raise malformed(path, number, f"a JSON {type(value).__name__}, not an object")
        if _SURROGATE.search(line) and not _is_text(value):
            raise malformed(path, number, "it has half of a surrogate pair, which is no text")
        yield number, value


def read_list(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(place, object) of a JSON list, from 1.

    Raises `LecternError` naming the file, and the place of what is not a JSON object.
    """
    content = "\n".join(line for _, line in read_lines(path))
    try:
        rows = json.loads(content)
    except ValueError as error:
        raise LecternError(f"{path} is not valid JSON ({error}).", "Mend it.") from error
    if not isinstance(rows, list):
        raise LecternError(f"{path} is not a JSON list of objects.", "Write a list of them.")
    escaped = _SURROGATE.search(content)
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            what = f"a JSON {type(row).__name__}, not an object"
            raise LecternError(f"{path}, entry {number} is {what}.", "Mend that entry.")
        if escaped and not _is_text(row):
            what = "has half of a surrogate pair, which is no text"
            raise LecternError(f"{path}, entry {number} {what}.", "Mend that entry.")
        yield number, row


def _is_text(value: dict[str, Any]) -> bool:
    """Whether no half of a surrogate pair stands alone in it: no tokenizer takes one."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def malformed(path: Path, number: int, why: str) -> LecternError:
    return LecternError(f"{path}, line {number}: {why}.", "Mend that line and run again.")


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes, for the report's record of what was measured."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
