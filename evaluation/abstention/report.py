"""Ask a labelled mix of answerable and unanswerable questions, keep a row of each, and sum up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from chatbot.answering import Answer
from evaluation.abstention.calibration import Calibrator, components, fit, folds
from evaluation.abstention.figures import confidence_figures, curves, decision_figures
from evaluation.abstention.intervals import Outcomes
from evaluation.abstention.measures import Bools, Floats, threshold_at
from evaluation.provenance import provenance
from evaluation.questions import Question, Unanswerable, check_ids
from evaluation.rows import Row, RowFile, row_key
from evaluation.subject import Subject
from ingestion.errors import LecternError

DOCUMENT_FIELDS = ("source", "article", "document")
"""Fields of a line, the first of them that it has, that name the documents it was written from."""

_EDGE = 1e-6


def evaluate_abstention(
    subject: Subject,
    questions: Sequence[Question],
    unanswerable: Sequence[Unanswerable],
    *,
    rows: Path,
    settings: Mapping[str, Any],
    fitted: bool = False,
    data: Mapping[str, str] | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Ask what `rows` does not hold yet under these settings, and report on all of it.

    With `fitted`, a calibrator is fitted on one half of the documents and the figures are those of
    the other half, as the confidence came (`as_it_is`) and as calibrated (`calibrated`). Raises
    `LecternError` when an id stands in both lists, one of them is empty, or a half lacks a kind.
    """
    check_ids(questions, unanswerable)
    if not questions or not unanswerable:
        raise LecternError(
            f"{len(questions)} questions are answerable and {len(unanswerable)} unanswerable.",
            "Give at least one of each kind.",
        )
    asked = [*questions, *unanswerable]
    keys = {question.id: row_key(question, settings) for question in asked}
    with RowFile(rows, keys.values()) as kept:
        resumed = len(kept.rows)
        for done, question in enumerate(asked):
            if progress:
                progress(done, len(asked))
            if keys[question.id] not in kept.rows:
                answer = subject.ask(question.question, question.history)
                kept.add(_row(question, answer, keys[question.id]))
        if progress:
            progress(len(asked), len(asked))
        complete = [kept.rows[keys[question.id]] for question in asked]
        for row, group in zip(complete, _groups(complete), strict=True):
            row["cluster"] = group
    kept.rewrite(complete)
    return {
        **(_calibrated(complete, seed) if fitted else _as_it_is(complete, seed)),
        "counts": {
            "questions": len(questions),
            "unanswerable": len(unanswerable),
            "documents": len(set(_groups(complete))),
            "rows_resumed": resumed,
        },
        "settings": dict(settings),
        "data": dict(data or {}),
        "seed": seed,
        **provenance(),
    }


def _row(question: Unanswerable, answer: Answer, key: str) -> Row:
    answerable = isinstance(question, Question)
    return {
        "id": question.id,
        "question": question.question,
        "gold": list(question.answers) if isinstance(question, Question) else [],
        "answer": answer.text,
        "answerable": answerable,
        "documents": _documents(question),
        "abstained": answer.abstained,
        "confidence": round(answer.confidence, 6),
        "signals": asdict(answer.evidence) if answer.evidence else {},
        "measures": {"decided_rightly": float(answerable != answer.abstained)},
        "key": key,
    }


def _documents(question: Unanswerable) -> list[str]:
    """Where the question is from; one that names nothing stands for itself."""
    for field in DOCUMENT_FIELDS:
        named = getattr(question, field, None)
        if named:
            return [named] if isinstance(named, str) else list(map(str, named))
    return [f"question {question.id}"]


def _groups(rows: Sequence[Row]) -> list[str]:
    return components([row["documents"] for row in rows])


def _outcomes(rows: Sequence[Row], confidence: Floats | None = None) -> Outcomes:
    said = np.array([row["confidence"] for row in rows]) if confidence is None else confidence
    return Outcomes(said, _answerable(rows), _groups(rows))


def _answerable(rows: Sequence[Row]) -> Bools:
    return np.array([row["answerable"] for row in rows], dtype=np.bool_)


def _as_it_is(rows: Sequence[Row], seed: int) -> dict[str, Any]:
    outcomes = _outcomes(rows)
    abstained = np.array([row["abstained"] for row in rows], dtype=np.bool_)
    decided = decision_figures(outcomes, abstained, seed)
    return {
        "figures": confidence_figures(outcomes, seed) | decided,
        "curves": curves(outcomes),
    }


def _calibrated(rows: Sequence[Row], seed: int) -> dict[str, Any]:
    """The figures of one half of the documents, by a calibrator fitted on the other."""
    first = folds(_groups(rows), 2) == 0
    practice, held = (
        [row for row, inside in zip(rows, first == side, strict=True) if inside]
        for side in (True, False)
    )
    for half in (practice, held):
        if len(set(_answerable(half))) < 2:
            raise LecternError(
                "Split by document, one half has no answerable or no unanswerable questions.",
                "Give more of them, about more documents.",
            )
    names, signals = _signals(rows)
    calibrator = fit(signals[first], _answerable(practice))
    threshold = threshold_at(_outcomes(practice, calibrator(signals[first])).tally())
    calibrated = calibrator(signals[~first])
    outcomes = _outcomes(held, calibrated)
    before = _as_it_is(held, seed)
    after = confidence_figures(outcomes, seed)
    after |= decision_figures(outcomes, calibrated < threshold, seed)
    return {
        "figures": {"as_it_is": before["figures"], "calibrated": after},
        "curves": {"as_it_is": before["curves"], "calibrated": curves(outcomes)},
        "calibrator": _described(calibrator, names, threshold),
        "halves": {"fitted_on": len(practice), "reported_on": len(held)},
    }


def _signals(rows: Sequence[Row]) -> tuple[list[str], Floats]:
    """Names and values (n, k) of what can be calibrated: the evidence where every answer with a
    confidence says it, else the confidence alone, as log-odds."""
    names = next((list(row["signals"]) for row in rows if row["signals"]), [])
    if names and all(row["signals"] or row["confidence"] == 0 for row in rows):
        return names, np.array([[row["signals"].get(n, 0.0) for n in names] for row in rows])
    said = np.clip([row["confidence"] for row in rows], _EDGE, 1 - _EDGE)
    return ["log_odds"], np.log(said / (1 - said))[:, None]


def _described(calibrator: Calibrator, names: list[str], threshold: float) -> dict[str, Any]:
    weights = {name: round(w, 4) for name, w in zip(names, calibrator.weights, strict=True)}
    return {"bias": round(calibrator.bias, 4), "weights": weights, "threshold": round(threshold, 4)}
