"""The offline benchmark: attribution, faithfulness and its method, reading on four collections."""

from __future__ import annotations

from benchmarks.bars.line import Line, figure

_UNSUPPORTED = (
    ("restated_elsewhere", "restated, another paragraph of the article"),
    ("restated_swapped", "restated, another answer of the article"),
    ("restated_swapped_within", "restated, another answer of the paragraph"),
    ("plausible", "an impossible question's plausible answer"),
    ("quoted_elsewhere", "quoted, another paragraph of the article"),
    ("quoted_swapped", "quoted, another answer of the article"),
)
_SUPPORTED = (("restated", "restated"), ("quoted", "quoted"))


def _reading(form: str, name: str, measures: tuple[tuple[str, str], ...]) -> list[Line]:
    file = f"reading_{form}"
    return [figure("reading", file, measure, f"{name}: {label}") for measure, label in measures]


_ANSWERED = (("f1", "token F1"), ("em", "exact match"), ("contained", "gold answer contained"))
_BY_FORMAT = tuple(
    Line("formats", "course_answers", ("groups", f"format: {name}", measure), f"{name}, {label}")
    for name in ("pdf", "markdown")
    for measure, label in (
        ("evidence@5", "evidence@5"),
        ("right", "right answers"),
        ("crag", "CRAG score"),
        ("citation_in_source", "citations in a gold source"),
        ("faithfulness", "supported sentences"),
    )
)

LINES: tuple[Line, ...] = (
    figure("attribution", "course_answers", "cited", "answers with a citation"),
    figure(
        "attribution",
        "course_answers",
        "citation_holds_answer",
        "a cited sentence holds a gold answer",
    ),
    figure("attribution", "course_answers", "citation_in_source", "citations in a gold source"),
    figure(
        "attribution",
        "course_answers",
        "citation_on_evidence",
        "citations whose sentence is on the evidence",
    ),
    figure(
        "attribution",
        "course_answers",
        "cited_passage_on_evidence",
        "citations whose passage is on the evidence",
    ),
    figure(
        "attribution",
        "course_answers",
        "faithfulness",
        "sentences that the cited passages support",
    ),
    *_BY_FORMAT,
    *(
        figure("faithfulness", "faithfulness_method", f"auroc_{kind}", f"AUROC against: {label}")
        for kind, label in _UNSUPPORTED
    ),
    *(
        figure(
            "faithfulness", "faithfulness_method", f"passed_{kind}", f"supported, found: {label}"
        )
        for kind, label in _SUPPORTED
    ),
    *(
        figure("faithfulness", "faithfulness_method", f"passed_{kind}", f"let through: {label}")
        for kind, label in _UNSUPPORTED
    ),
    *(
        figure("faithfulness", "faithfulness_method", f"precision_{kind}", f"precision: {label}")
        for kind, label in _UNSUPPORTED
    ),
    figure("faithfulness", "faithfulness_method", "recall", "recall, both kinds alike"),
    figure("faithfulness", "faithfulness_method", "specificity", "specificity, all kinds alike"),
    *_reading("squad", "SQuAD 2.0 dev, answerable", _ANSWERED),
    figure(
        "reading",
        "reading_squad",
        "answer_words",
        "SQuAD 2.0 dev, answerable: words in an answer",
        form="count",
    ),
    *_reading(
        "squad",
        "SQuAD 2.0 dev, all, as spoken",
        (
            ("spoken_f1", "token F1"),
            ("spoken_em", "exact match"),
            ("no_answer_accuracy", "silent on the impossible"),
        ),
    ),
    *_reading("qed", "QED dev", _ANSWERED),
    *_reading(
        "fairytaleqa",
        "FairytaleQA test",
        (
            *_ANSWERED,
            ("rougeL", "ROUGE-L, mean of the references"),
            ("rougeL_best", "ROUGE-L, best reference"),
        ),
    ),
    *_reading(
        "pubmedqa",
        "PubMedQA, against the conclusion",
        (("f1", "token F1"), ("rougeL", "ROUGE-L"), ("decision_accuracy", "accuracy of yes/no")),
    ),
)
