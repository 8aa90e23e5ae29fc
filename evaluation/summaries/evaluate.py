"""Summarize every example, keep a row of each, and sum up; the rows are the truth."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from evaluation.answers import latency
from evaluation.provenance import provenance
from evaluation.rows import Row, RowFile
from evaluation.summaries.baselines import baselines
from evaluation.summaries.example import SummaryExample, SummarySet
from evaluation.summaries.key_points import KeyPointCover
from evaluation.summaries.measuring import Measures, comparisons, figures, measure_summary
from ingestion.errors import LecternError

LEG = "summary"
"""What the system under test is called beside the baselines."""
LONGEST_SHOWN = 5_000
"""Characters of a text that stand in its row."""
MOST_OTHERS = 100
"""Key points of other texts that a text is held against."""


def evaluate_summaries(
    measured: SummarySet,
    summarize: Callable[[SummaryExample], str],
    *,
    rows: Path,
    settings: Mapping[str, Any],
    cover: KeyPointCover | None = None,
    with_baselines: bool = False,
    seed: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Any]:
    """Summarize what `rows` does not hold yet under these settings, and report on all of it.

    `cover` compares with key points, where the set has some. `progress` is told (stage, done,
    total). Raises `LecternError` when there is nothing to summarize; whatever `summarize` raises
    ends the run, and the rows up to there are kept.
    """
    told = progress or (lambda stage, done, total: None)
    examples = measured.examples
    if not examples:
        raise LecternError(f"{measured.name} holds no text to summarize.", "Give another file.")
    keys = {example.id: _key(example, settings) for example in examples}
    with RowFile(rows, keys.values()) as kept:
        resumed = len(kept.rows)
        for done, example in enumerate(examples):
            told("summaries", done, len(examples))
            if keys[example.id] not in kept.rows:
                start = time.perf_counter()
                summary = summarize(example)
                taken = time.perf_counter() - start
                kept.add(_row(example, summary, taken, keys[example.id]))
        told("summaries", len(examples), len(examples))
        complete = [kept.rows[keys[example.id]] for example in examples]
        for done, (example, row) in enumerate(zip(examples, complete, strict=True)):
            told("measures", done, len(examples))
            said = {LEG: row["summary"]}
            if with_baselines:
                said |= baselines(measured, example)
            others = _points_of_others(measured, example)
            row["measures"] = {
                leg: measure_summary(text, example, cover, others) for leg, text in said.items()
            }
        told("measures", len(examples), len(examples))
    kept.rewrite(complete)
    clusters = [example.cluster or example.id for example in examples]
    legs: dict[str, list[Measures]] = {
        leg: [row["measures"][leg] for row in complete] for leg in complete[0]["measures"]
    }
    return {
        "benchmark": measured.name,
        "figures": {leg: figures(values, clusters, seed) for leg, values in legs.items()},
        "comparisons": comparisons(legs, clusters, seed),
        **_check(measured, cover, seed),
        "counts": {"examples": len(examples), "rows_resumed": resumed},
        "latency_seconds": latency(complete),
        "settings": dict(settings),
        "data": dict(measured.data),
        "seed": seed,
        **provenance(),
    }


def _check(measured: SummarySet, cover: KeyPointCover | None, seed: int) -> dict[str, Any]:
    """What the key-point method makes of texts for which the answer is known.

    `own_document`: share of a document's points that the document itself covers. `other_document`:
    share of all other documents' points that it covers.
    """
    pointed = [example for example in measured.examples if example.points]
    if not cover or not pointed:
        return {}
    own, other = [], []
    for example in pointed:
        said = cover.statements(example.text)
        own.append([float(c.covered) for c in cover.covers(said, example.points)])
        points = _points_of_others(measured, example)
        other.append([float(c.covered) for c in cover.covers(said, points)])
    shares = [
        {"own_document": sum(mine) / len(mine)}
        | ({"other_document": sum(theirs) / len(theirs)} if theirs else {})
        for mine, theirs in zip(own, other, strict=True)
    ]
    return {"check": figures(shares, [example.id for example in pointed], seed)}


def _points_of_others(measured: SummarySet, example: SummaryExample) -> list[str]:
    """Key points of the other texts, in their order, `MOST_OTHERS` at most."""
    points = (point for e in measured.examples if e.id != example.id for point in e.points)
    return list(islice(points, MOST_OTHERS))


def _key(example: SummaryExample, settings: Mapping[str, Any]) -> str:
    """Identity of a row: what is summarized, and by what."""
    said = json.dumps([example.id, example.query, example.text, settings], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _row(example: SummaryExample, summary: str, seconds: float, key: str) -> Row:
    return {
        "id": example.id,
        "query": example.query or example.text[:LONGEST_SHOWN],
        "references": list(example.references or example.points),
        "summary": summary,
        "cluster": example.cluster or example.id,
        "timings": {"total": round(seconds, 4)},
        "key": key,
    }
