"""Passages of a small made-up course, with places, for tests of answering."""

from __future__ import annotations

from ingestion.locator import Locator, Span
from ingestion.passage import Passage


def passage(number: int, lines: list[str], heading: str = "", file: str = "week1.pdf") -> Passage:
    """A passage whose lines stand on pages number·10, number·10 + 1, …"""
    text, spans = "", []
    for page, line in enumerate(lines, start=number * 10):
        start = len(text)
        text += line + "\n"
        spans.append(Span(start, len(text), Locator.number("page", page)))
    return Passage(
        chunk_id=number,
        course="course",
        file=file,
        format="pdf",
        title="Week 1",
        headings=("Week 1", heading) if heading else ("Week 1",),
        text=text.rstrip("\n"),
        spans=tuple(spans),
        score=1.0 / number,
        ordinal=number,
    )


LORA = passage(
    1,
    [
        "Fine-tuning changes every weight of a model. It needs the memory of several copies of it.",
        "LoRA freezes the weights and trains two small matrices beside each of them. "
        "A rank of 8 is often enough.",
        "The small matrices can be swapped while the model runs.",
    ],
    heading="Low-rank adaptation",
)
ATTENTION = passage(
    2,
    [
        "Self-attention compares every token with every other token.",
        "Its cost grows with the square of the length of the text.",
        "A model with 12 heads learns 12 patterns of attention at once.",
    ],
    heading="Attention",
)
GRADING = passage(
    3,
    [
        "The final project counts for 40 percent of the grade.",
        "Late hand-ins lose 10 percent a day.",
    ],
    heading="Grading",
    file="syllabus.md",
)
COURSE = [LORA, ATTENTION, GRADING]
