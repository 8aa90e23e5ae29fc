"""Lectern-T5, trained here: reading with the passage given, summaries, and the course questions,
beside the extractive answerer on the same questions and texts.
"""

from __future__ import annotations

from benchmarks.bars.line import Line, figure

_SMALL = "`small` (not run)"


def _both(file: str, measure: str, said: str, bar: float | None = None) -> tuple[Line, Line]:
    """Mini, which has the bar, and the extractive answerer."""
    path = ("figures", *measure.split("."))
    return (
        Line("generator", file.format("_mini"), path, f"{said}: mini", bar),
        Line("generator", file.format(""), path, f"{said}: extractive"),
    )


def _after_lora(
    file: str, label: str, bar: float | None = None, stretch: float | None = None
) -> Line:
    return Line("generator", file, ("figures", "lora", "rouge1"), label, bar, stretch)


LINES: tuple[Line, ...] = (
    *_both("reading{}_fairytaleqa", "rougeL", "FairytaleQA test, ROUGE-L", 0.20),
    *_both("reading{}_fairytaleqa", "f1", "FairytaleQA test, token F1"),
    *_both("reading{}_squad", "f1", "SQuAD 2 dev, answerable, token F1"),
    *_both("reading{}_squad", "em", "SQuAD 2 dev, answerable, exact match"),
    *_both("reading{}_squad", "no_answer_accuracy", "SQuAD 2 dev, impossible ones refused"),
    *_both("reading{}_qed", "f1", "QED dev, token F1"),
    *_both("summaries{}_dialogsum", "summary.rouge1", "DialogSum, ROUGE-1"),
    *_both("summaries{}_samsum", "summary.rouge1", "SAMSum, ROUGE-1"),
    *_both("summaries{}_qmsum", "summary.rouge1", "QMSum, academic, ROUGE-1"),
    *_both("course_answers{}", "right", "course questions, right answers"),
    *_both("course_answers{}", "wrong", "course questions, wrong answers"),
    *_both("course_answers{}", "f1", "course questions, token F1"),
    _after_lora("lab_tables", "DialogSum, ROUGE-1 after LoRA of 30 minutes: mini", 0.30),
    _after_lora("lab_tables_long", "DialogSum, ROUGE-1 after LoRA of 45 minutes: mini", 0.30),
    figure("generator", "reading_small_squad", "f1", f"{_SMALL}: SQuAD 2 dev, F1", 0.28, 0.42),
    _after_lora("lab_tables_small", f"{_SMALL}: DialogSum, ROUGE-1 after LoRA", 0.33, 0.37),
)
