"""Summaries of dialogues and documents, and the judge by words."""

from __future__ import annotations

from benchmarks.bars.line import Form, Line, figure

_SETS = {"dialogsum": "DialogSum", "samsum": "SAMSum", "qmsum": "QMSum, academic"}
_LEGS = {"summary": "extractive", "lead-3": "first three turns", "constant": "one sentence for all"}


def _rouge(name: str, measure: str, label: str) -> list[Line]:
    return [
        Line(
            "summaries",
            f"summaries_{name}",
            ("figures", leg, measure),
            f"{_SETS[name]}, {label}: {said}",
        )
        for leg, said in _LEGS.items()
    ]


def _extent(name: str, measure: str, label: str, form: Form = "share") -> Line:
    path = ("figures", "summary", measure)
    return Line("summaries", f"summaries_{name}", path, f"{_SETS[name]}, {label}", form=form)


def _points(leg: str, measure: str, label: str) -> Line:
    return Line("key_points", "summaries_documents", ("figures", leg, measure), label)


def _check(measure: str, label: str) -> Line:
    return Line("key_points", "summaries_documents", ("check", measure), label)


LINES: tuple[Line, ...] = (
    *(
        line
        for name in _SETS
        for line in (
            *_rouge(name, "rouge1", "ROUGE-1"),
            *_rouge(name, "rouge2", "ROUGE-2"),
            *_rouge(name, "rougeL", "ROUGE-L"),
            _extent(name, "words", "words of a summary", "count"),
            _extent(name, "compression", "words of the text for one of the summary", "count"),
        )
    ),
    _points("summary", "points", "key points covered, extractive summary"),
    _points("lead", "points", "key points covered, the document's beginning, as long"),
    _points("lead-3", "points", "key points covered, its first three sentences"),
    _points("summary", "points_of_others", "points of other documents that count as covered"),
    _check("own_document", "check: points that the whole document covers"),
    _check("other_document", "check: points that another whole document covers"),
    Line(
        "key_points",
        "summaries_documents",
        ("comparisons", "summary − lead", "points", "p"),
        "p of the summary over the document's beginning",
        form="p",
    ),
    *(
        figure("word_judge", "word_judge", f"auroc_{name}", label)
        for name, label in (
            ("davidson_held", "AUROC, tweets held back (Davidson)"),
            ("surge", "AUROC, comments from social media (Surge), never seen"),
            ("jigsaw", "AUROC, Wikipedia's talk pages (Jigsaw), never seen"),
        )
    ),
)
