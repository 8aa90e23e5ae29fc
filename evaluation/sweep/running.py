"""Run a sweep: every point over every question set, a row as each is done, then the comparison."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from chatbot.chain import Assistant
from evaluation.answers import evaluate_answers, figures, rows_path
from evaluation.assistant_subject import AssistantSubject
from evaluation.comparing import pair
from evaluation.generator import generator_settings
from evaluation.jsonl import sha256_of
from evaluation.provenance import provenance, sources_hash
from evaluation.questions import load_both
from evaluation.retrieval import Progress
from evaluation.rows import Row, RowFile, write_whole
from evaluation.runs import Run, load_run
from evaluation.sweep.indexes import Indexes, documents_key
from evaluation.sweep.points import Point
from evaluation.sweep.specification import QuestionSet, Sweep
from ingestion.errors import ModelUnavailable
from ingestion.index import Index

POINTS = "points.jsonl"
"""A row for each finished point; a run that was killed goes on behind the last of them."""


def run_sweep(
    sweep: Sweep, out: Path, *, seed: int = 0, progress: Progress | None = None
) -> dict[str, Any]:
    """Measure every point that folder `out` does not hold yet, and report on all of them.

    A point whose generator or adapter this machine lacks is not run, and the report says why; it
    is tried again the next time. Any other error ends the sweep; what is finished is kept, until
    the code changes.
    """
    points = sweep.points()
    hashes = {
        f"{name}.{role}": sha256_of(file)
        for name, questions in sweep.questions.items()
        for role, file in questions.files().items()
    }
    code = sources_hash("ingestion", "chatbot", "evaluation")
    measured_on = [code, hashes, sweep.limit, documents_key(sweep.documents)]
    keys = {point.name: _key(point, measured_on) for point in points}
    indexes = Indexes(out / "indexes", sweep.documents, progress)
    not_run: dict[str, str] = {}
    with RowFile(out / POINTS, keys.values()) as kept:
        for done, point in enumerate(points):
            if progress:
                progress("points", done, len(points))
            if keys[point.name] in kept.rows:
                continue
            try:
                row = _measure(point, sweep, indexes.of(point.ingestion), out, seed, progress)
            except ModelUnavailable as error:
                not_run[point.name] = str(error)
                continue
            kept.add({**row, "key": keys[point.name]})
        if progress:
            progress("points", len(points), len(points))
        finished = [kept.rows[key] for key in keys.values() if key in kept.rows]
        kept.rewrite(finished)
    return _report(sweep, finished, not_run, hashes, out, seed)


def _key(point: Point, measured_on: Sequence[Any]) -> str:
    extractive = "extractive" in (point.options.answerer, point.chat.answerer)
    written_by = {} if extractive else generator_settings(point.chat)
    said = json.dumps([point.key, point.name, measured_on, written_by], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _measure(
    point: Point, sweep: Sweep, index: Path, out: Path, seed: int, progress: Progress | None
) -> Row:
    """Ask every question set under the point's settings; its reports go to a folder of its own."""
    start = time.monotonic()
    folder = out / "points" / point.folder
    folder.mkdir(parents=True, exist_ok=True)
    assistant = Assistant(Index(index, point.ingestion), point.chat)
    reports = {}
    try:
        for name, questions in sweep.questions.items():
            subject = AssistantSubject(
                assistant, point.options.model_copy(update={"course": questions.course})
            )
            report = folder / f"{name}.json"
            show = partial(progress, point.name) if progress else None
            content = _ask(subject, questions, sweep.limit, report, seed, show)
            write_whole(report, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
            reports[name] = str(report.relative_to(out))
    finally:
        assistant.index.close()
    return {
        "id": point.name,
        "changes": dict(point.changes),
        "figures": figures([row["measures"] for row in _rows(out, reports).values()], seed),
        "reports": reports,
        "index": index.name,
        "seconds": round(time.monotonic() - start, 1),
    }


def _ask(
    subject: AssistantSubject,
    questions: QuestionSet,
    limit: int | None,
    report: Path,
    seed: int,
    show: Callable[[int, int], None] | None,
) -> dict[str, Any]:
    asked, hopeless = load_both(questions.answerable, questions.unanswerable, limit)
    return evaluate_answers(
        subject,
        asked,
        hopeless,
        rows=rows_path(report),
        files=subject.files(),
        settings=subject.settings(),
        data={role: sha256_of(file) for role, file in questions.files().items()},
        encoder=subject.assistant.index.encoder,
        seed=seed,
        progress=show,
    )


def _rows(out: Path, reports: Mapping[str, str]) -> dict[str, Row]:
    """The rows of all question sets, pooled: `set/id` → row."""
    runs: dict[str, Run] = {name: load_run(out / path) for name, path in reports.items()}
    return {f"{name}/{key}": row for name, run in runs.items() for key, row in run.rows.items()}


def _report(
    sweep: Sweep,
    finished: Sequence[Row],
    not_run: Mapping[str, str],
    hashes: Mapping[str, str],
    out: Path,
    seed: int,
) -> dict[str, Any]:
    rows = {row["id"]: _rows(out, row["reports"]) for row in finished}
    default = rows.get("default", {})
    return {
        "measure": sweep.measure,
        "figures": {row["id"]: row["figures"] for row in finished},
        "comparisons": {
            f"{name} − default": {
                measure: pairs.as_json(measure, seed)
                for measure, pairs in pair(default, measured).items()
            }
            for name, measured in rows.items()
            if name != "default" and default
        },
        "points": [{key: row[key] for key in _SHOWN} for row in finished],
        "not_run": dict(not_run),
        "settings": sweep.model_dump(mode="json", exclude={"documents", "questions"}),
        "data": dict(hashes),
        "seed": seed,
        **provenance(),
    }


_SHOWN = ("id", "changes", "reports", "index", "seconds")
