"""`lectern eval …`: a file for each verb; importing them puts the verbs into `eval_app`."""

from __future__ import annotations

from evaluation.commands import (
    abstention,
    answers,
    compare,
    reading,
    report,
    retrieval,
    safety,
    speed,
    summaries,
    sweep,
)
from evaluation.commands.app import eval_app

__all__ = [
    "abstention",
    "answers",
    "compare",
    "eval_app",
    "reading",
    "report",
    "retrieval",
    "safety",
    "speed",
    "summaries",
    "sweep",
]
