"""Offline evaluation of answers: ask every question, keep a row of each, and sum up.

The rows are the truth; every figure of the report is computed from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.answer_measures import Measures, measure_row
from evaluation.attribution import ATTRIBUTION
from evaluation.bootstrap import Interval, interval
from evaluation.evidence import DEPTHS
from evaluation.faithfulness import judge_row
from evaluation.groups import groups_of
from evaluation.provenance import provenance
from evaluation.questions import Question, Unanswerable, check_ids
from evaluation.rows import Row, RowFile, make_row, row_key
from evaluation.sources import SourceFiles
from evaluation.subject import Subject
from ingestion.encoders.base import Encoder

AVERAGED = (
    *("em", "f1", "span_em", "span_f1", "right", "wrong", "crag", "abstained", "evidence@prompt"),
    *(f"{name}@{k}" for name in ("recall", "evidence", "raw_evidence") for k in DEPTHS),
    *(f"passage_characters@{k}" for k in DEPTHS),
    *(*ATTRIBUTION, "faithfulness"),
)
PERCENTILES = (50, 95, 99)

Figures = dict[str, dict[str, float | int]]


def rows_path(report: Path) -> Path:
    """`R.json` → `R.rows.jsonl` beside it."""
    return report.with_suffix(".rows.jsonl")


def evaluate_answers(
    subject: Subject,
    questions: Sequence[Question],
    unanswerable: Sequence[Unanswerable],
    *,
    rows: Path,
    files: SourceFiles,
    settings: Mapping[str, Any],
    data: Mapping[str, str] | None = None,
    encoder: Encoder | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Ask what `rows` does not hold yet under these settings, and report on all of it.

    `files` are those of the index; `settings` whatever decides an answer (a row made under others
    is asked again); `data` the hashes of the question files; `progress` is told (done, total).
    With an `encoder`, answers are also judged for their faithfulness to the passages they cite.
    Raises `LecternError` when an id stands in both lists. Whatever the subject raises ends the run;
    the rows up to there are kept.
    """
    check_ids(questions, unanswerable)
    asked = [*questions, *unanswerable]
    keys = {question.id: row_key(question, settings) for question in asked}
    with RowFile(rows, keys.values()) as kept:
        resumed = len(kept.rows)
        for done, question in enumerate(asked):
            if progress:
                progress(done, len(asked))
            key = keys[question.id]
            known = kept.rows.get(key)
            row = known or make_row(question, subject.ask(question.question, question.history), key)
            if encoder and not row["abstained"]:
                row["faithfulness"] = judge_row(row, encoder)
            if not known:
                kept.add(row)
        if progress:
            progress(len(asked), len(asked))
        complete = [kept.rows[keys[question.id]] for question in asked]
        for question, row in zip(asked, complete, strict=True):
            row["measures"] = measure_row(question, row, files)
    kept.rewrite(complete)
    return {
        "figures": figures([row["measures"] for row in complete], seed),
        "groups": _groups(asked, complete, files, seed),
        "counts": {
            "questions": len(questions),
            "unanswerable": len(unanswerable),
            "rows_resumed": resumed,
        },
        "sources_not_found": _sources_not_found(questions, files),
        "latency_seconds": latency(complete),
        "settings": dict(settings),
        "data": dict(data or {}),
        "seed": seed,
        **provenance(),
    }


def figures(measured: Sequence[Measures], seed: int) -> Figures:
    """Each measure's mean over the rows that have it, with its 95 % bootstrap interval."""
    summary: dict[str, Interval | None] = {
        name: interval([m[name] for m in measured if name in m], seed=seed) for name in AVERAGED
    }
    silent = [m["abstained"] for m in measured]
    hopeless = [m.get("unanswerable", 0.0) for m in measured]
    justly = [s * h for s, h in zip(silent, hopeless, strict=True)]
    if any(hopeless):
        summary["abstention_precision"] = interval(justly, silent, seed=seed)
        summary["abstention_recall"] = interval(justly, hopeless, seed=seed)
    return {name: found.as_json() for name, found in summary.items() if found}


def latency(rows: Sequence[Row]) -> dict[str, dict[str, float | int]]:
    """Percentiles in seconds of each stage that the answers timed."""
    stages: dict[str, list[float]] = {}
    for row in rows:
        for stage, seconds in row["timings"].items():
            stages.setdefault(stage, []).append(seconds)
    return {
        stage: {
            **{f"p{p}": round(float(np.percentile(taken, p)), 4) for p in PERCENTILES},
            "n": len(taken),
        }
        for stage, taken in stages.items()
    }


def _groups(
    asked: Sequence[Unanswerable], rows: Sequence[Row], files: SourceFiles, seed: int
) -> dict[str, Figures]:
    """Figures of every group that a question is in."""
    groups: dict[str, list[Measures]] = {}
    for question, row in zip(asked, rows, strict=True):
        for name in groups_of(question, files):
            groups.setdefault(name, []).append(row["measures"])
    return {name: figures(measured, seed) for name, measured in sorted(groups.items())}


def _sources_not_found(questions: Sequence[Question], files: SourceFiles) -> list[str]:
    """Sources that name no file of the index, or a bare name that fits several."""
    return sorted({s for q in questions for s in q.source if not files.find(s, q.course)})
