"""How fast questions are answered: percentiles of every stage, tokens a second, memory.

Answers are timed one after the other in one process that has answered a few before (warm-up). A
run that was killed goes on from its rows; one that came to its end starts anew, since yesterday's
seconds say nothing about today's program.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chatbot.answering import Answer
from chatbot.chain import Assistant
from chatbot.options import AskOptions
from evaluation.assistant_subject import AssistantSubject
from evaluation.bootstrap import interval
from evaluation.cold_start import ColdStart
from evaluation.provenance import provenance
from evaluation.questions import Unanswerable
from evaluation.rows import Row, RowFile, row_key

STAGES = (
    *("rewrite", "retrieve", "prompt", "generate", "attribute"),
    *("answer", "first_token", "total"),
)
"""As `Answer.timings` names them, in the order in which they are shown."""
PERCENTILES = (50, 90, 95, 99)

Figure = dict[str, float | int]
Progress = Callable[[str, int, int], None]


def unfinished_path(report: Path, answerer: str) -> Path:
    """Where the rows of one answerer lie until the run comes to its end."""
    return report.with_suffix(f".{answerer}.unfinished.jsonl")


def time_answers(
    assistant: Assistant,
    options: AskOptions,
    questions: Sequence[Unanswerable],
    *,
    rows: Path,
    warm_up: int = 3,
    progress: Progress | None = None,
) -> tuple[list[Row], dict[str, Any]]:
    """Ask every question once; a row for each, and the settings they were asked under.

    `rows` is the file in which they are kept as they come. What an earlier run left there under the
    same settings is not timed again.
    """
    settings = AssistantSubject(assistant, options).settings()
    name = options.answerer
    keys = [row_key(question, settings) for question in questions]
    with RowFile(rows, keys) as kept:
        for question in questions[:warm_up]:
            assistant.ask(question.question, question.history, options=options)
        for done, (question, key) in enumerate(zip(questions, keys, strict=True), start=1):
            if key not in kept.rows:
                answer = assistant.ask(question.question, question.history, options=options)
                kept.add({"id": question.id, "key": key, **_timed(answer)})
            if progress:
                progress(name, done, len(questions))
        return [kept.rows[key] for key in keys], settings


def speed_report(
    timed: Mapping[str, Sequence[Row]],
    settings: Mapping[str, Any],
    *,
    cold: Mapping[str, Sequence[ColdStart]],
    peaks: Mapping[str, float],
    load_before: Sequence[float],
    data: Mapping[str, str],
    seed: int = 0,
) -> dict[str, Any]:
    """The report over the rows of each answerer. Seconds are seconds, memory MB (10⁶ bytes)."""
    torch = sys.modules.get("torch")
    return {
        "figures": {
            name: {
                **stage_figures(rows),
                **_tokens(rows, seed),
                "peak_memory_mb": {"value": round(peaks[name], 1)},
                **_cold(cold.get(name, ())),
            }
            for name, rows in timed.items()
        },
        "counts": {name: len(rows) for name, rows in timed.items()},
        "settings": dict(settings),
        "load_average": {"before": list(load_before), "after": list(os.getloadavg())},
        "threads": torch.get_num_threads() if torch else 0,
        "data": dict(data),
        "seed": seed,
        **provenance(),
    }


def finished_rows(timed: Mapping[str, Sequence[Row]]) -> list[Row]:
    """A row for each question with the measures of every answerer."""
    found: dict[str, Row] = {}
    for name, rows in timed.items():
        for row in rows:
            merged = found.setdefault(
                row["id"], {"id": row["id"], "question": row["question"], "measures": {}}
            )
            merged["measures"][name] = {
                **{f"{stage}_seconds": taken for stage, taken in row["timings"].items()},
                **({"tokens": row["tokens"]} if row["tokens"] else {}),
            }
    return list(found.values())


def stage_figures(rows: Sequence[Row]) -> dict[str, Figure]:
    """`retrieve_seconds_p50` … of every stage that was timed, over the questions that had it."""
    figures: dict[str, Figure] = {}
    for stage in STAGES:
        taken = [row["timings"][stage] for row in rows if stage in row["timings"]]
        for percentile in PERCENTILES if taken else ():
            value = round(float(np.percentile(taken, percentile)), 6)
            figures[f"{stage}_seconds_p{percentile}"] = {"value": value, "n": len(taken)}
    return figures


def _timed(answer: Answer) -> Row:
    return {
        "question": answer.question,
        "timings": {stage: round(taken, 6) for stage, taken in answer.timings.items()},
        "tokens": answer.tokens,
        "load": round(os.getloadavg()[0], 2),
    }


def _tokens(rows: Sequence[Row], seed: int) -> dict[str, Figure]:
    """Tokens written by the seconds it took, over all answers; none where nothing is generated."""
    written = [row for row in rows if row["tokens"]]
    found = interval(
        [row["tokens"] for row in written],
        [row["timings"]["generate"] for row in written],
        seed=seed,
    )
    return {"tokens_per_second": found.as_json()} if found else {}


def _cold(runs: Sequence[ColdStart]) -> dict[str, Figure]:
    if not runs:
        return {}
    measured = {
        "cold_first_word_seconds": [run.first_word for run in runs],
        "cold_exit_seconds": [run.exit for run in runs],
        "cold_peak_memory_mb": [run.peak_memory_mb for run in runs],
    }
    return {
        name: {
            "value": round(float(np.median(values)), 4),
            "low": round(min(values), 4),
            "high": round(max(values), 4),
            "n": len(values),
        }
        for name, values in measured.items()
    }
