"""Do the citations of an answer hold the answer, and do they point to the right place?

After Rashkin et al. 2023 ("attributable to identified sources") and Gao et al. 2023 (citation
precision), with gold answers and gold places in the stead of human raters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

from evaluation.normalize import contains_answer, letters_and_digits, normalize_answer
from evaluation.questions import Question
from evaluation.rows import Row
from evaluation.sources import SourceFiles

HELD = 0.8
"""Share of a gold answer's words from which a sentence holds it, in whatever order."""
_RUN = 12
"""Letters and digits that two texts have in common at least before they are the same place."""

ATTRIBUTION = (
    *("cited", "citation_holds_answer", "citation_in_source"),
    *("citation_on_evidence", "cited_passage_on_evidence"),
)


def measure_attribution(question: Question, row: Row, files: SourceFiles) -> dict[str, float]:
    """Measure → value in [0, 1] of an answer that was given; an answer without citation has zeros.

    * cited: it has a citation;
    * citation_holds_answer: a cited sentence holds a gold answer (`holds_answer`);
    * citation_in_source: share of its citations that point into a gold source;
    * citation_on_evidence, cited_passage_on_evidence: share of its citations whose sentence, or
      whose passage, overlaps the evidence (`overlap`).

    What the question gives no gold for is absent.
    """
    citations = row["citations"]
    measures = {
        "cited": float(bool(citations)),
        "citation_holds_answer": float(
            any(holds_answer(citation["sentence"], question.answers) for citation in citations)
        ),
    }
    if question.source:
        named = [files.find(source, question.course) for source in question.source]
        gold = frozenset[tuple[str, str]]().union(*named)
        measures["citation_in_source"] = _share(
            [(citation["course"], citation["file"]) in gold for citation in citations]
        )
    if question.evidence:
        for name, part in (
            ("citation_on_evidence", "sentence"),
            ("cited_passage_on_evidence", "passage"),
        ):
            measures[name] = _share(
                [
                    any(overlap(citation[part], piece) for piece in question.evidence)
                    for citation in citations
                ]
            )
    return measures


def holds_answer(sentence: str, answers: Sequence[str]) -> bool:
    """Whether a gold answer stands in the sentence, or four fifths of its words do.

    Both after SQuAD's normalization; a word counts as often as it occurs.
    """
    if contains_answer(sentence, answers):
        return True
    words = Counter(normalize_answer(sentence).split())
    for gold in (Counter(normalize_answer(answer).split()) for answer in answers):
        if gold and (gold & words).total() >= HELD * gold.total():
            return True
    return False


def overlap(one: str, other: str) -> bool:
    """Whether two texts of a document share a stretch: half of the shorter one, at least.

    Letters and digits alone, and twelve of them at least.
    """
    left, right = letters_and_digits(one), letters_and_digits(other)
    shorter, longer = sorted((left, right), key=len)
    if shorter in longer:
        return len(shorter) >= _RUN
    run = SequenceMatcher(None, left, right, autojunk=False).find_longest_match().size
    return run >= max(_RUN, len(shorter) / 2)


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else 0.0
