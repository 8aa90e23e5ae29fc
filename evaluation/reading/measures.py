"""The measures of one reading, and their means over a file.

`em`, `f1`, `contained` and ROUGE-L judge what was read in an answerable paragraph, however unsure
the reader was; `span_em` and `span_f1` the words marked in it, or all of it where none are.
`spoken_em` and `spoken_f1` judge what a learner would be told: silence where the confidence is
below the threshold, which is right where the paragraph has no answer. Over SQuAD 2 with its
impossible questions these two are the official script's `exact` and `f1` (as shares).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from evaluation.bootstrap import interval
from evaluation.normalize import contains_answer, exact_match, normalize_answer, token_f1
from evaluation.reading.example import Decision, ReadingExample
from evaluation.reading.reader import Reading
from evaluation.rouge import rouge

MEASURES = (
    *("em", "f1", "span_em", "span_f1", "contained", "rougeL", "rougeL_best", "answer_words"),
    *("spoken_em", "spoken_f1", "abstained", "no_answer_accuracy"),
    *("decision_accuracy", "decided"),
)

Measures = dict[str, float]
Figures = dict[str, dict[str, float | int]]

_DECISION = re.compile(r"yes|no|maybe")


def measure_reading(example: ReadingExample, reading: Reading, *, decides: bool) -> Measures:
    """Measure → value in [0, 1] (`answer_words`: a count); what does not apply is absent.

    `rougeL` is the mean over the references, `rougeL_best` their maximum. `decides` tells whether
    the reader can say yes or no; one that only quotes has no accuracy to report.
    """
    spoken = "" if reading.abstained else reading.text
    measures = {
        "abstained": float(reading.abstained),
        "spoken_em": exact_match(spoken, example.answers),
        "spoken_f1": token_f1(spoken, example.answers),
    }
    if not example.answers:
        return measures | {"no_answer_accuracy": float(reading.abstained)}
    scored = rouge(reading.text, example.answers)
    measures |= {
        "em": exact_match(reading.text, example.answers),
        "f1": token_f1(reading.text, example.answers),
        "span_em": exact_match(reading.span or reading.text, example.answers),
        "span_f1": token_f1(reading.span or reading.text, example.answers),
        "contained": float(contains_answer(reading.text, example.answers)),
        "rougeL": scored.mean["rougeL"],
        "rougeL_best": scored.best["rougeL"],
        "answer_words": float(len(reading.text.split())),
    }
    if example.decision and decides:
        said = decision_of(reading.text)
        measures["decided"] = float(said is not None)
        measures["decision_accuracy"] = float(said == example.decision)
    return measures


def decision_of(text: str) -> Decision | None:
    """The verdict that a text begins with; None where its first word is neither of the three."""
    first = normalize_answer(text).partition(" ")[0]
    for verdict in ("yes", "no", "maybe"):
        if first == verdict:
            return verdict
    return None


def figures(examples: Sequence[ReadingExample], measured: Sequence[Measures], seed: int) -> Figures:
    """Each measure's mean over the examples that have it; the interval resamples documents."""
    found = {}
    for name in MEASURES:
        having = [
            (e.document, m[name]) for e, m in zip(examples, measured, strict=True) if name in m
        ]
        documents = [document for document, _ in having]
        estimate = interval([value for _, value in having], clusters=documents, seed=seed)
        if estimate:
            found[name] = estimate.as_json()
    return found
