"""Text normalizations the measures stand on: SQuAD's for answers, letters and digits for evidence.

SQuAD: Rajpurkar et al. 2016, 2018; the functions below agree with the official `evaluate-v2.0.py`.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalize_answer(text: str) -> str:
    """SQuAD's normalization: lower case, no ASCII punctuation, no articles, single spaces."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(prediction: str, answers: Sequence[str]) -> float:
    """1.0 if the prediction equals one of the gold answers after normalization, else 0.0.

    No gold answers means the question has none: then only an empty prediction is right.
    """
    return max(float(normalize_answer(prediction) == gold) for gold in _golds(answers))


def token_f1(prediction: str, answers: Sequence[str]) -> float:
    """The best token F1 over the gold answers, in [0, 1].

    Where prediction or gold has no tokens, 1.0 if neither has any, else 0.0.
    """
    tokens = normalize_answer(prediction).split()
    return max(_f1(tokens, gold.split()) for gold in _golds(answers))


def contains_answer(text: str, answers: Sequence[str]) -> bool:
    """Whether a normalized gold answer stands in the normalized text, as whole tokens."""
    padded = f" {normalize_answer(text)} "
    return any(gold and f" {gold} " in padded for gold in map(normalize_answer, answers))


def letters_and_digits(text: str) -> str:
    """Lower case with all but letters and digits dropped: blind to layout and hyphenation."""
    return "".join(filter(str.isalnum, text.lower()))


def _golds(answers: Sequence[str]) -> list[str]:
    """Normalized gold answers; as in SQuAD those that normalize to nothing are left out."""
    return [gold for gold in map(normalize_answer, answers) if gold] or [""]


def _f1(predicted: list[str], gold: list[str]) -> float:
    if not predicted or not gold:
        return float(predicted == gold)
    common = sum((Counter(predicted) & Counter(gold)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(predicted), common / len(gold)
    return 2 * precision * recall / (precision + recall)
