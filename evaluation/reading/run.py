"""Read every example of a file, keep a row of each, and sum up."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from evaluation.provenance import provenance
from evaluation.reading.example import ReadingExample
from evaluation.reading.measures import Figures, Measures, figures, measure_reading
from evaluation.reading.reader import Reading
from evaluation.rows import Row, RowFile, row_key

QUOTES_ONLY = (
    "The answerer quotes sentences and never says yes, no or maybe: no accuracy is reported, only "
    "how near its quotation is to the conclusion."
)


class Reader(Protocol):
    """See `evaluation.reading.reader.ParagraphReader`."""

    name: str
    decides: bool

    def read(self, question: str, paragraph: str) -> Reading: ...


def sample(
    examples: Sequence[ReadingExample], limit: int | None, seed: int
) -> list[ReadingExample]:
    """At most `limit` examples drawn by `seed`, in file order; a larger limit draws the same first.

    So a run can be widened without reading again what it has read.
    """
    drawn = random.Random(seed).sample(range(len(examples)), len(examples))[:limit]
    return [examples[number] for number in sorted(drawn)]


def evaluate_reading(
    reader: Reader,
    examples: Sequence[ReadingExample],
    *,
    rows: Path,
    settings: Mapping[str, Any],
    data: Mapping[str, str] | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Read what `rows` does not hold yet under these settings, and report on all of it.

    `settings` are whatever decides a reading; `data` the hashes of the files; `progress` is told
    (done, total). What the reader raises ends the run; the rows up to there are kept.
    """
    keys = {example.id: row_key(example, settings) for example in examples}
    with RowFile(rows, keys.values()) as kept:
        resumed = len(kept.rows)
        for done, example in enumerate(examples):
            if progress:
                progress(done, len(examples))
            if keys[example.id] not in kept.rows:
                reading = reader.read(example.question, example.paragraph)
                kept.add(_row(example, reading, keys[example.id]))
        if progress:
            progress(len(examples), len(examples))
        complete = [kept.rows[keys[example.id]] for example in examples]
        for example, row in zip(examples, complete, strict=True):
            row["measures"] = measure_reading(example, _reading(row), decides=reader.decides)
    kept.rewrite(complete)
    measured = [row["measures"] for row in complete]
    undecided = not reader.decides and any(example.decision for example in examples)
    return {
        "figures": figures(examples, measured, seed),
        "groups": _groups(examples, measured, seed),
        "counts": {
            "questions": len(examples),
            "documents": len({example.document for example in examples}),
            "rows_resumed": resumed,
        },
        "notes": [QUOTES_ONLY] if undecided else [],
        "seconds": _seconds(complete),
        "settings": dict(settings),
        "data": dict(data or {}),
        "seed": seed,
        **provenance(),
    }


def _row(example: ReadingExample, reading: Reading, key: str) -> Row:
    return {
        "id": example.id,
        "question": example.question,
        "gold": list(example.answers),
        "decision": example.decision,
        "answer": reading.text,
        "span": reading.span,
        "reasoning": reading.reasoning,
        "abstained": reading.abstained,
        "confidence": round(reading.confidence, 4),
        "seconds": round(reading.seconds, 4),
        "document": example.document,
        "key": key,
    }


def _reading(row: Row) -> Reading:
    return Reading(
        row["answer"],
        row["confidence"],
        row["abstained"],
        row["reasoning"],
        row["seconds"],
        row["span"],
    )


def _groups(
    examples: Sequence[ReadingExample], measured: Sequence[Measures], seed: int
) -> dict[str, Figures]:
    """Figures of each kind of question, where there are several kinds."""
    kinds = sorted({kind for example in examples for kind in example.kinds})
    found = {}
    for kind in kinds if len(kinds) > 1 else []:
        chosen = [
            (example, measures)
            for example, measures in zip(examples, measured, strict=True)
            if kind in example.kinds
        ]
        found[kind] = figures([e for e, _ in chosen], [m for _, m in chosen], seed)
    return found


def _seconds(rows: Sequence[Row]) -> dict[str, float]:
    """Percentiles of the time one reading took."""
    taken = [row["seconds"] for row in rows]
    if not taken:
        return {}
    return {f"p{p}": round(float(np.percentile(taken, p)), 4) for p in (50, 95, 99)}
