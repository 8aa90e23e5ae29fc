"""Every figure of the results page, a file for each group of tables.

The bars are those the project set itself before anything was measured. A figure without a bar is
reported for what it says. One that misses its bar stays on the page as missed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.bars import (
    ablation,
    abstention,
    ask,
    detoxification,
    feedback,
    generator,
    lab,
    memory,
    offline_answers,
    offline_retrieval,
    offline_speed,
    offline_summaries,
    reader,
    reasoning,
    reward,
    training,
)
from benchmarks.bars.line import HEADER, Line, Results

LINES: tuple[Line, ...] = (
    *ask.LINES,
    *feedback.LINES,
    *ablation.LINES,
    *abstention.LINES,
    *offline_retrieval.LINES,
    *offline_speed.LINES,
    *offline_answers.LINES,
    *offline_summaries.LINES,
    *reader.LINES,
    *generator.LINES,
    *training.LINES,
    *reasoning.LINES,
    *memory.LINES,
    *lab.LINES,
    *detoxification.LINES,
    *reward.LINES,
)

__all__ = ["HEADER", "LINES", "Line", "Results", "load_results", "print_rows"]


def load_results(folder: Path) -> dict[str, Any]:
    """File name without suffix → content, of every result in the folder."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.json"))
    }


def print_rows(folder: Path, file: str) -> None:
    """Print the page's rows that `folder/FILE.json` fills."""
    results = load_results(folder)
    for line in LINES:
        if line.file == file:
            print(line.row(results))
