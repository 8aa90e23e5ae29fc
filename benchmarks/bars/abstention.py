"""Knowing when not to answer: documents left out, another course, SQuAD 2's impossible ones."""

from __future__ import annotations

from benchmarks.bars.line import Line

_ANSWERED = "answered of the answerable"
_REFUSED = "refused of the unanswerable"


def _line(
    name: str,
    label: str,
    bar: float | None = None,
    stretch: float | None = None,
    beside: Line | None = None,
) -> Line:
    path = ("figures", name)
    return Line("abstention", "abstention", path, label, bar, stretch, beside=beside)


_A = "(a) left-out documents and near topics"
_DOCUMENTS, _NEAR = "(a) left-out documents alone", "(a) near topics alone, slides"
_PLAIN = "(a) left-out documents, questions in the page's words"
_B, _C = "(b) another course (FAQ)", "(c) SQuAD 2, paragraph given"

_A_ANSWERED = _line("left_out_answered", f"{_A}: {_ANSWERED}", 0.90)
_B_ANSWERED = _line("faq_answered", f"{_B}: {_ANSWERED}", 0.90)

LINES: tuple[Line, ...] = (
    _line("left_out_auroc", f"{_A}: AUROC", 0.75),
    _A_ANSWERED,
    _line("left_out_abstention_recall", f"{_A}: {_REFUSED}", 0.50, 0.70, _A_ANSWERED),
    _line("left_out_abstention_precision", f"{_A}: unanswerable among the refused"),
    _line("left_out_documents_auroc", f"{_DOCUMENTS}: AUROC"),
    _line("left_out_documents_abstention_recall", f"{_DOCUMENTS}: {_REFUSED}"),
    _line("near_topics_auroc", f"{_NEAR}: AUROC"),
    _line("near_topics_answered", f"{_NEAR}: {_ANSWERED}"),
    _line("near_topics_abstention_recall", f"{_NEAR}: {_REFUSED}"),
    _line("left_out_plain_auroc", f"{_PLAIN}: AUROC"),
    _line("left_out_plain_answered", f"{_PLAIN}: {_ANSWERED}"),
    _line("left_out_plain_abstention_recall", f"{_PLAIN}: {_REFUSED}"),
    _line("faq_auroc", f"{_B}: AUROC", 0.93, 0.96),
    _line("faq_cosine_auroc", f"{_B}: AUROC of the nearest passage's cosine alone"),
    _line("faq_refused_at_10", f"{_B}: refused where a tenth of the answerable is", 0.78),
    _line("faq_cosine_refused_at_10", f"{_B}: the same by the cosine alone"),
    _B_ANSWERED,
    _line("faq_abstention_recall", f"{_B}: {_REFUSED}", 0.80, 0.95, _B_ANSWERED),
    _line("faq_abstention_precision", f"{_B}: unanswerable among the refused"),
    _line("faq_calibration_error", f"{_B}: calibration error"),
    _line("faq_cosine_calibration_error", f"{_B}: calibration error of the cosine"),
    _line("faq_aurc", f"{_B}: area under risk and coverage"),
    _line("faq_cosine_aurc", f"{_B}: the same by the cosine alone"),
    _line("squad_auroc", f"{_C}: AUROC"),
    _line("squad_answered", f"{_C}: {_ANSWERED}"),
    _line("squad_abstention_recall", f"{_C}: {_REFUSED}"),
)
