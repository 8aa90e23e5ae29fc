"""The reader: on SQuAD 2 dev, and beside the sentence picker on the course questions."""

from __future__ import annotations

from functools import partial

from benchmarks.bars.line import Line, figure

_line = partial(figure, "reader", "reader")


def _courses(way: str, measure: str, label: str, p_bar: float | None = None) -> list[Line]:
    name, said = f"courses_{way}_{measure}", f"course questions, {way}: {label}"
    return [
        _line(f"{name}_reader", f"{said}, with the reader"),
        _line(f"{name}_picker", f"{said}, without"),
        _line(f"{name}_difference", f"{said}, difference", 0.0 if p_bar else None),
        _line(f"{name}_p", "p of that", p_bar, form="p"),
    ]


LINES: tuple[Line, ...] = (
    _line("squad_f1", "SQuAD 2 dev, answerable: F1 of the span, forced", 0.70, 0.76),
    _line("squad_em", "SQuAD 2 dev, answerable: exact match of the span, forced"),
    _line("squad_auroc", "SQuAD 2 dev: AUROC, answerable or impossible, by the span's log-odds"),
    _line("squad_held_auroc_span", "the same, eight held articles"),
    _line("squad_held_auroc_fitted", "eight held articles, with retrieval's features", 0.64, 0.72),
    *_courses("spoken", "span_f1", "F1 of the marked words", 0.05),
    *_courses("forced", "span_f1", "F1 of the marked words"),
    *_courses("spoken", "f1", "F1 of the sentences"),
    *_courses("forced", "f1", "F1 of the sentences"),
    *_courses("spoken", "right", "right answers"),
    *_courses("forced", "right", "right answers"),
    *(
        _line(
            f"first_word_{name}_p{p}",
            f"first word on one thread, {said}: p{p}",
            400.0 if name == "reader" and p == 50 else None,
            form="milliseconds",
        )
        for name, said in (("reader", "with the reader"), ("picker", "without"))
        for p in (50, 95)
    ),
)
