"""The labelled pairs that the faithfulness method is held against, and what is computed of them."""

import random

import pytest

from benchmarks.faithfulness_method import figures, fit
from benchmarks.faithfulness_pairs import SUPPORTED, UNSUPPORTED, Pair, pairs_of
from evaluation.faithfulness import Signs
from evaluation.normalize import contains_answer
from evaluation.reading.squad import Article

ARTICLE = Article.model_validate(
    {
        "title": "Normans",
        "paragraphs": [
            {
                "context": "Rollo ruled the duchy in 911. Later William ruled England.",
                "qas": [
                    {
                        "id": "1",
                        "question": "Who ruled the duchy?",
                        "answers": [{"text": "Rollo", "answer_start": 0}],
                    },
                    {
                        "id": "2",
                        "question": "Who ruled England?",
                        "answers": [{"text": "William", "answer_start": 36}],
                    },
                    {
                        "id": "3",
                        "question": "Who left the duchy?",
                        "answers": [],
                        "is_impossible": True,
                        "plausible_answers": [{"text": "Rollo", "answer_start": 0}],
                    },
                ],
            },
            {
                "context": "Sicily fell in 1071.",
                "qas": [
                    {
                        "id": "4",
                        "question": "What fell?",
                        "answers": [{"text": "Sicily", "answer_start": 0}],
                    }
                ],
            },
        ],
    }
)


def test_each_kind_is_what_its_label_says() -> None:
    pairs = list(pairs_of(ARTICLE, 10, random.Random(0)))
    assert {pair.kind for pair in pairs} == {*SUPPORTED, *UNSUPPORTED}
    own, other = (paragraph.context for paragraph in ARTICLE.paragraphs)
    claims = {(pair.kind, pair.claim, pair.paragraph) for pair in pairs}
    assert ("restated", "Rollo ruled the duchy", own) in claims
    assert ("restated_elsewhere", "Rollo ruled the duchy", other) in claims
    assert ("restated_swapped_within", "William ruled the duchy", own) in claims
    assert ("plausible", "Rollo left the duchy", own) in claims
    assert ("quoted", "Rollo ruled the duchy in 911.", own) in claims
    for pair in pairs:
        assert pair.supported == (pair.kind in SUPPORTED)
        if pair.kind == "quoted_swapped":
            assert not contains_answer(pair.paragraph, (pair.claim,))


def test_at_most_so_many_questions_of_an_article() -> None:
    pairs = list(pairs_of(ARTICLE, 1, random.Random(0)))
    assert sum(pair.kind == "restated" for pair in pairs) == 1


def made(kind: str, article: str, coverage: float) -> tuple[Pair, Signs]:
    return Pair(kind, article, "claim", "paragraph"), Signs(coverage, coverage, 0.0, 0.0)


HELD = [
    made(kind, article, 0.9 if kind in SUPPORTED else 0.1)
    for kind in (*SUPPORTED, *UNSUPPORTED)
    for article in ("a", "b")
]


def test_signs_that_tell_the_two_apart_are_found() -> None:
    pairs, found = zip(*HELD, strict=True)
    bias, coverage, cosine, numbers, names, threshold = fit(pairs, found)
    assert coverage == cosine > 1 > numbers == names == 0.0
    assert bias + (coverage + cosine) * 0.1 < 0 < bias + (coverage + cosine) * 0.9
    assert 0.2 <= threshold <= 0.8


def test_figures_of_pairs_by_kind() -> None:
    wrong = made("plausible", "a", 1.0)  # lets through one plausible claim of three
    pairs, found = zip(*HELD, wrong, strict=True)
    measured = {name: figure["value"] for name, figure in figures(pairs, found, 0).items()}
    assert measured["passed_restated"] == measured["recall"] == 1.0
    assert measured["passed_plausible"] == pytest.approx(1 / 3, abs=1e-6)
    assert measured["auroc_restated_swapped"] == 1.0
    # Of two restated (.9) and three plausible claims (.1, .1, 1.0): 4 of 6 comparisons are right.
    assert measured["auroc_plausible"] == pytest.approx(4 / 6, abs=1e-6)
    # Labels weigh the same: 1 of the supported passes, 1/3 of the unsupported.
    assert measured["precision_plausible"] == pytest.approx(1 / (1 + 1 / 3), abs=1e-6)
    # Five kinds let nothing through, the sixth a third of its claims.
    assert measured["specificity"] == pytest.approx(1 - (1 / 3) / 6, abs=1e-6)
