"""The DataTalksClub course FAQ: a learner's question → the FAQ entry it was written from.

Each question competes among the entries of its own course. Entries, not questions, are the unit of
the split and of every bootstrap, because the five questions about one entry are not independent.
"""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Literal

from evaluation.beir import Benchmark
from evaluation.jsonl import malformed, read_lines, sha256_of
from ingestion.errors import LecternError

Half = Literal["development", "held"]

_ENTRIES = "documents-with-ids.json.gz"
_QUESTIONS = "ground-truth-data.csv.gz"


def half_of(entry: str) -> Half:
    """The half an entry belongs to, by the parity of its id's SHA-256."""
    return "held" if hashlib.sha256(entry.encode()).digest()[-1] % 2 else "development"


def load_dtc_faq(folder: Path, half: Half | None = None) -> Benchmark:
    """The FAQ as a benchmark; with `half`, the questions about that half's entries.

    All entries stay in the corpus either way, as section, question and answer. An entry listed
    twice counts once, as first listed. Raises `LecternError` for a file that is missing or not in
    the expected form.
    """
    texts: dict[str, str] = {}
    courses: dict[str, str] = {}
    for entry in _entries(folder / _ENTRIES):
        if entry["id"] not in texts:
            texts[entry["id"]] = "\n".join((entry["section"], entry["question"], entry["text"]))
            courses[entry["id"]] = entry["course"]
    asked = {
        number: row
        for number, row in _questions(folder / _QUESTIONS, courses)
        if half is None or half_of(row["document"]) == half
    }
    return Benchmark(
        name="dtc_faq" if half is None else f"dtc_faq ({half} half)",
        texts=texts,
        queries={number: row["question"] for number, row in asked.items()},
        qrels={number: {row["document"]: 1} for number, row in asked.items()},
        groups=courses,
        asked_in={number: row["course"] for number, row in asked.items()},
        clusters={number: row["document"] for number, row in asked.items()},
        hashes={name: sha256_of(folder / name) for name in (_ENTRIES, _QUESTIONS)},
    )


def _entries(path: Path) -> list[dict[str, str]]:
    content = "\n".join(line for _, line in read_lines(path))
    try:
        entries = json.loads(content)
        fields = ("id", "course", "section", "question", "text")
        return [{field: str(entry[field]) for field in fields} for entry in entries]
    except (ValueError, KeyError, TypeError) as error:
        raise LecternError(
            f"{path} is not a list of FAQ entries ({error!r}).", "Take it from the course again."
        ) from error


def _questions(path: Path, courses: dict[str, str]) -> list[tuple[str, dict[str, str]]]:
    """(query id, row): a question may be asked of several entries, so the line number is its id."""
    rows = csv.DictReader(f"{line}\n" for _, line in read_lines(path))
    found = []
    for number, row in enumerate(rows, start=2):
        if not row.get("question") or courses.get(row.get("document", "")) != row.get("course"):
            raise malformed(path, rows.line_num, "needs a question, and a document of its course")
        found.append((f"q{number}", row))
    return found
