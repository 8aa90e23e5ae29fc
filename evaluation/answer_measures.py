"""The measures of one answered question, computed from its row."""

from __future__ import annotations

from evaluation.attribution import measure_attribution
from evaluation.evidence import BUDGET, DEPTHS, evidence_within, holds_all
from evaluation.normalize import contains_answer, exact_match, token_f1
from evaluation.questions import Question, Unanswerable
from evaluation.rows import Row, retrieved_of
from evaluation.sources import SourceFiles

LONGEST_RIGHT_ANSWER = 60
"""Words: a longer answer is not right merely because it contains the gold answer somewhere."""
RIGHT_F1 = 0.6

Measures = dict[str, float]


def measure_row(question: Unanswerable, row: Row, files: SourceFiles) -> Measures:
    """Measure → value in [0, 1] (CRAG: −1, 0 or 1; passage lengths: characters).

    A measure that does not apply to the question is absent: an unanswerable one has neither EM nor
    evidence, a question without `source` has no recall, silence has no citations to judge.
    """
    silent = bool(row["abstained"])
    measures: Measures = {"abstained": float(silent)}
    passages = retrieved_of(row)
    for k in DEPTHS:
        if passages:
            lengths = [len(passage.text) for passage in passages[:k]]
            measures[f"passage_characters@{k}"] = sum(lengths) / len(lengths)
    if not silent and "faithfulness" in row:
        measures["faithfulness"] = row["faithfulness"]["share"]
    if not isinstance(question, Question):
        measures["unanswerable"] = 1.0
        return measures | _judged(right=False, silent=silent)
    if not silent:
        measures |= measure_attribution(question, row, files)
    answer = "" if silent else row["answer"]
    measures["em"] = exact_match(answer, question.answers)
    measures["f1"] = token_f1(answer, question.answers)
    span = "" if silent else str(row.get("span", answer))  # a row of an earlier version has none
    measures["span_em"] = exact_match(span, question.answers)
    measures["span_f1"] = token_f1(span, question.answers)
    measures |= _judged(right=is_right(answer, question.answers), silent=silent)
    if question.source:
        wanted = [files.find(source, question.course) for source in question.source]
        for k in DEPTHS:
            seen = {(passage.course, passage.file) for passage in passages[:k]}
            measures[f"recall@{k}"] = float(all(seen & meant for meant in wanted))
    if question.evidence:
        for k in DEPTHS:
            within = evidence_within(passages, question.evidence, k * BUDGET)
            raw = holds_all([passage.text for passage in passages[:k]], question.evidence)
            measures[f"evidence@{k}"] = float(within)
            measures[f"raw_evidence@{k}"] = float(raw)
        # Packed texts follow one another in the prompt, so evidence may run from one to the next.
        prompt = "\n".join(row["given"])
        measures["evidence@prompt"] = float(holds_all([prompt], question.evidence))
    return measures


def is_right(answer: str, answers: tuple[str, ...]) -> bool:
    """A gold answer contained in an answer of at most 60 words, or a token F1 of at least .6."""
    short = len(answer.split()) <= LONGEST_RIGHT_ANSWER
    return (short and contains_answer(answer, answers)) or token_f1(answer, answers) >= RIGHT_F1


def _judged(right: bool, silent: bool) -> Measures:
    """CRAG's verdict (Yang et al. 2024): +1 right, 0 silent, −1 wrong."""
    right = right and not silent
    wrong = not right and not silent
    return {"right": float(right), "wrong": float(wrong), "crag": float(right) - float(wrong)}
