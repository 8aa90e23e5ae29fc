"""Is a sentence of an answer supported by the passages it cites? Without a language model.

What stands in a passage as it is, layout aside, is supported. For the rest no model of textual
inference is at hand offline, so support is a logistic regression over four signs, each taken at the
sentence of the passages that is nearest to the claim:

* coverage: share of the claim's stems that the sentence holds, weighted by rarity among the
  passages' sentences (a word that none of them holds weighs most);
* cosine of the two embeddings;
* numbers, and names, of the claim that the sentence lacks, as shares of those in the claim.

A short answer is judged as the statement it makes with its question. Weights and threshold were
fitted on half of the articles of SQuAD 2's development set and are reported on the other half
(`benchmarks/faithfulness_method.py`).

What it cannot see: who did what to whom. "A defeated B" is as supported as "B defeated A"; a wrong
answer that stands in the very passage, a negation or a changed verb often pass. So the share it
gives is an upper estimate where an answer mixes up what the passages say.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chatbot.attribution import SHORT
from evaluation.normalize import letters_and_digits
from evaluation.rows import Row
from evaluation.statements import statement
from ingestion.encoders.base import Encoder
from ingestion.sentences import sentences
from ingestion.words import Stemmed

METHOD = "words, numbers, names and cosine of the nearest sentence, or quoted; 1"
"""Changes with whatever changes a judgement, so that stored ones are made anew."""

BIAS, COVERAGE, COSINE, NUMBERS, NAMES = -4.10, 3.21, 3.02, -2.89, -0.99
SUPPORTED = 0.49
"""Support from which a claim counts as supported."""

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for a claim and what against it, each in [0, 1] (cosine: [−1, 1])."""

    coverage: float
    cosine: float
    missing_numbers: float
    missing_names: float
    quoted: bool = False

    @property
    def regressors(self) -> tuple[float, float, float, float]:
        return self.coverage, self.cosine, self.missing_numbers, self.missing_names

    @property
    def support(self) -> float:
        """Probability, in [0, 1], that the passages support the claim; 1 for a quotation."""
        if self.quoted:
            return 1.0
        weights = (COVERAGE, COSINE, NUMBERS, NAMES)
        z = BIAS + sum(w * sign for w, sign in zip(weights, self.regressors, strict=True))
        return 1.0 / (1.0 + math.exp(-z))


@dataclass(frozen=True, slots=True)
class Judgement:
    """One sentence of an answer and how well the cited passages support it."""

    sentence: str
    support: float

    @property
    def supported(self) -> bool:
        return self.support >= SUPPORTED


def judge(
    said: Sequence[str], passages: Sequence[str], encoder: Encoder, question: str = ""
) -> list[Judgement]:
    """A judgement for each sentence of an answer; without passages nothing is supported."""
    if not passages:
        return [Judgement(sentence, 0.0) for sentence in said]
    claims = [claim_of(sentence, question) for sentence in said]
    found = signs(claims, passages, encoder)
    return [Judgement(s, sign.support) for s, sign in zip(said, found, strict=True)]


def judge_row(row: Row, encoder: Encoder) -> dict[str, Any]:
    """What a row keeps of its answer's faithfulness: method, share supported, and each sentence.

    What was judged before by the same method and encoder is taken as it is.
    """
    method = f"{METHOD}; {encoder.signature}"
    known: dict[str, Any] = row.get("faithfulness") or {}
    if known.get("method") == method:
        return known
    passages = list(dict.fromkeys(citation["passage"] for citation in row["citations"]))
    cited = [citation["answer_sentence"] for citation in row["citations"]]
    said = sentences_of(row["answer"], cited)
    found = judge(said, passages, encoder, row["asked"] or row["question"])
    return {
        "method": method,
        "share": sum(each.supported for each in found) / (len(found) or 1),
        "sentences": [
            {"sentence": each.sentence, "support": round(each.support, 4)} for each in found
        ],
    }


def sentences_of(answer: str, cited: Sequence[str]) -> list[str]:
    """The sentences of an answer: those that were cited, as they were, and those of the rest.

    An extractive answer puts together lines of slides, which end without a full stop.
    """
    found = []
    for sentence in dict.fromkeys(cited):
        if sentence and sentence in answer:
            found.append(sentence)
            answer = answer.replace(sentence, "\n", 1)
    return found + [rest for rest in sentences(answer) if any(map(str.isalnum, rest))]


def claim_of(sentence: str, question: str) -> str:
    """What the sentence claims: itself, or, of at most four words, with its question."""
    if question and len(sentence.split()) <= SHORT:
        return statement(question, sentence)
    return sentence


def signs(claims: Sequence[str], passages: Sequence[str], encoder: Encoder) -> list[Signs]:
    """The signs for each claim at the passages' sentence that is nearest to it.

    Nearest is the sentence with the greatest sum of coverage and cosine. Raises `ValueError` when
    the passages hold no sentence.
    """
    places = list(dict.fromkeys(s for passage in passages for s in sentences(passage)))
    if not places:
        raise ValueError("the passages hold no sentence")
    stemmed = Stemmed()
    held = [frozenset(stemmed.of(place)) for place in places]
    holding = Counter(stem for stems in held for stem in stems)
    vectors = encoder.encode([*claims, *places])
    cosines = vectors[: len(claims)] @ vectors[len(claims) :].T
    bare = [letters_and_digits(passage) for passage in passages]

    found = []
    for claim, cosine in zip(claims, cosines, strict=True):
        stems = frozenset(stemmed.of(claim))
        rarity = {stem: math.log(1 + len(places) / (1 + holding[stem])) for stem in stems}
        coverage = [_share(stems & there, stems, rarity) for there in held]
        best = int((np.array(coverage) + cosine).argmax())
        named = (word for word in _WORD.findall(claim) if any(map(str.isupper, word)))
        names = frozenset(stem for name in named for stem in stemmed.of(name))
        numbers = _numbers(claim)
        found.append(
            Signs(
                coverage=coverage[best],
                cosine=float(cosine[best]),
                missing_numbers=_part(numbers - _numbers(places[best]), numbers),
                missing_names=_part(names - held[best], names),
                quoted=_quotes(letters_and_digits(claim), bare),
            )
        )
    return found


def _share(some: frozenset[str], whole: frozenset[str], weight: dict[str, float]) -> float:
    total = sum(weight[stem] for stem in whole)
    return sum(weight[stem] for stem in some) / total if total else 0.0


def _quotes(claim: str, passages: Sequence[str]) -> bool:
    return bool(claim) and any(claim in passage for passage in passages)


def _part(some: frozenset[str], whole: frozenset[str]) -> float:
    return len(some) / len(whole) if whole else 0.0


def _numbers(text: str) -> frozenset[str]:
    """Numbers without their thousands separators."""
    return frozenset(found.replace(",", "") for found in _NUMBER.findall(text))
