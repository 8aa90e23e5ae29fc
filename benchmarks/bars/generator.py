"""Lectern-T5, trained here: reading with the passage given, summaries, and the course questions,
beside the extractive answerer on the same questions and texts.
"""

from __future__ import annotations

from benchmarks.bars.line import Line, figure

_READ = (
    ("fairytaleqa", "rougeL", "FairytaleQA test, ROUGE-L", 0.20, None),
    ("fairytaleqa", "f1", "FairytaleQA test, token F1", None, None),
    ("squad", "f1", "SQuAD 2 dev, answerable, token F1", None, None),
    ("squad", "em", "SQuAD 2 dev, answerable, exact match", None, None),
    ("squad", "no_answer_accuracy", "SQuAD 2 dev, impossible ones refused", None, None),
    ("qed", "f1", "QED dev, token F1", None, None),
)
_SUMMARIZED = (("dialogsum", "DialogSum"), ("samsum", "SAMSum"), ("qmsum", "QMSum, academic"))
_ASKED = (("right", "right answers"), ("wrong", "wrong answers"), ("f1", "token F1"))
_SMALL = "`small` (not run)"


def _summary(file: str, name: str, label: str) -> Line:
    return Line("generator", f"{file}_{name}", ("figures", "summary", "rouge1"), label)


def _after_lora(
    file: str, label: str, bar: float | None = None, stretch: float | None = None
) -> Line:
    return Line("generator", file, ("figures", "lora", "rouge1"), label, bar, stretch)


LINES: tuple[Line, ...] = (
    *(
        line
        for name, measure, said, bar, stretch in _READ
        for line in (
            figure("generator", f"reading_mini_{name}", measure, f"{said}: mini", bar, stretch),
            figure("generator", f"reading_{name}", measure, f"{said}: extractive"),
        )
    ),
    *(
        line
        for name, said in _SUMMARIZED
        for line in (
            _summary("summaries_mini", name, f"{said}, ROUGE-1: mini"),
            _summary("summaries", name, f"{said}, ROUGE-1: extractive"),
        )
    ),
    *(
        line
        for measure, said in _ASKED
        for line in (
            figure("generator", "course_answers_mini", measure, f"course questions, {said}: mini"),
            figure("generator", "course_answers", measure, f"course questions, {said}: extractive"),
        )
    ),
    _after_lora("lab_tables", "DialogSum, ROUGE-1 after LoRA of 30 minutes: mini", 0.30),
    _after_lora("lab_tables_long", "DialogSum, ROUGE-1 after LoRA of 45 minutes: mini", 0.30),
    figure("generator", "reading_small_squad", "f1", f"{_SMALL}: SQuAD 2 dev, F1", 0.28, 0.42),
    _after_lora("lab_tables_small", f"{_SMALL}: DialogSum, ROUGE-1 after LoRA", 0.33, 0.37),
)
