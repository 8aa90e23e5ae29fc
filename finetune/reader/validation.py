"""How well a reader reads: F1 of its spans, and whether it knows when there is no answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chatbot.reading.span_reader import SpanReader
from evaluation.abstention.measures import auroc, tally
from evaluation.normalize import token_f1
from finetune.reader.examples import ReadingExample


def validate(adapter: Path, base: Path, held: Sequence[ReadingExample]) -> dict[str, float]:
    """`f1` over examples with an answer (a span is forced), by task too; `auroc` of the score over
    those with an answer against those without.
    """
    reader = SpanReader(adapter, base)
    scores, answerable = [], []
    f1: dict[str, list[float]] = {}
    for example in held:
        (span,) = reader.read(example.question, [example.passage])
        scores.append(span.score if span else -np.inf)
        answerable.append(bool(example.answers))
        if example.answers:
            said = example.passage[span.start : span.end] if span else ""
            gold = [example.passage[start:end] for start, end in example.answers]
            f1.setdefault(example.task, []).append(token_f1(said, gold))
    figures = {f"f1/{task}": float(np.mean(values)) for task, values in sorted(f1.items())}
    figures["f1"] = float(np.mean([value for values in f1.values() for value in values]))
    if len(set(answerable)) == 2:
        figures["auroc"] = auroc(tally(np.array(scores), np.array(answerable)))
    return figures
