"""Judgements as pairs and labels, as `finetune/preference` and `finetune/reward` read them.

A correction is preferred to the answer it corrects, and an answer with a thumb up to one with a
thumb down for the same question. Pairs and labels hold a pseudonym and no name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from typing import Any

from chatbot.exemplars import UNANSWERABLE
from chatbot.feedback import Judgement
from chatbot.options import AskOptions
from chatbot.prompts import PromptStyle, build_prompt
from evaluation.normalize import letters_and_digits

Prompter = Callable[[Judgement], str | None]
"""The prompt of an answer that no generator was asked for; None where there can be none."""

_NO_PROMPT = "picked from the documents without a prompt (--model builds them)"
_NO_PASSAGE = "made from no passage, so that no generator can be asked"


@dataclass(frozen=True, slots=True)
class FeedbackPair:
    """`kind` is `correction` or `thumbs`; pairs of one `question` are not independent."""

    prompt: str
    chosen: str
    rejected: str
    question: str
    kind: str
    learners: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "learners": list(self.learners)}


@dataclass(frozen=True, slots=True)
class FeedbackLabel:
    """A response that a learner liked (`label` true) or did not."""

    prompt: str
    response: str
    label: bool
    question: str
    reason: str
    learner: str


@dataclass(frozen=True)
class Preferences:
    """What was made of the judgements, and by reason how many could not be used."""

    pairs: list[FeedbackPair]
    labels: list[FeedbackLabel]
    judgements: int
    left_out: dict[str, int]


@dataclass(frozen=True)
class _Asked:
    judgement: Judgement
    prompt: str
    response: str
    question: str


def preferences(judgements: Sequence[Judgement], prompter: Prompter | None = None) -> Preferences:
    """Pairs and labels of the judgements, in their order."""
    asked: list[_Asked] = []
    left_out: Counter[str] = Counter()
    for judgement in judgements:
        if judgement.basis is None:
            left_out["answered before Lectern kept what an answer is made from"] += 1
            continue
        prompt = _prompt(judgement) or (prompter(judgement) if prompter else None)
        if not prompt:
            left_out[_NO_PASSAGE if prompter else _NO_PROMPT] += 1
            continue
        question = letters_and_digits(judgement.basis.question or judgement.question)
        asked.append(_Asked(judgement, prompt, _response(judgement), question))
    pairs = dict.fromkeys([*_corrections(asked), *_thumbs(asked)])
    labels = [label for one in asked for label in _labels(one)]
    return Preferences(list(pairs), labels, len(judgements), dict(left_out))


def _prompt(judgement: Judgement) -> str:
    """What the generator read; for reasoned answers, the same asked for the answer alone.

    A learner sees and corrects answers, and says nothing about the reasoning before them.
    """
    basis = judgement.basis
    assert basis is not None
    options = AskOptions.model_validate(judgement.options)
    if basis.prompt and options.chain_of_thought:
        return build_prompt(basis.question, basis.given, PromptStyle(options.shots))
    return basis.prompt


def _response(judgement: Judgement) -> str:
    """The answer; of a silence the word that the model was asked to say instead."""
    assert judgement.basis is not None
    return UNANSWERABLE if judgement.basis.abstained else judgement.answer


def _corrections(asked: Sequence[_Asked]) -> list[FeedbackPair]:
    return [
        FeedbackPair(
            one.prompt,
            one.judgement.remark.correction,
            one.response,
            one.question,
            "correction",
            (one.judgement.learner,),
        )
        for one in asked
        if _differ(one.judgement.remark.correction, one.response)
    ]


def _thumbs(asked: Sequence[_Asked]) -> list[FeedbackPair]:
    """Each liked and each disliked answer to a question once at least, and none with all others:
    a question that many judged must not outweigh all the rest.
    """
    sides: dict[str, tuple[list[_Asked], list[_Asked]]] = defaultdict(lambda: ([], []))
    for one in asked:
        if one.judgement.thumb is not None:
            sides[one.question][1 - one.judgement.thumb].append(one)
    pairs = []
    for question, (liked, disliked) in sides.items():
        if not liked or not disliked:
            continue
        size = max(len(liked), len(disliked))
        for up, down in zip(islice(cycle(liked), size), islice(cycle(disliked), size), strict=True):
            if _differ(up.response, down.response):
                learners = (up.judgement.learner, down.judgement.learner)
                pairs.append(
                    FeedbackPair(
                        up.prompt, up.response, down.response, question, "thumbs", learners
                    )
                )
    return pairs


def _labels(one: _Asked) -> list[FeedbackLabel]:
    """The answer by its thumb; a correction is liked, what it corrects without a thumb is not."""
    said, made = one.judgement, []
    corrected = _differ(said.remark.correction, one.response)
    if said.thumb is not None or corrected:
        made.append((one.response, said.thumb == 1))
    if corrected:
        made.append((said.remark.correction, True))
    return [
        FeedbackLabel(one.prompt, response, liked, one.question, said.remark.reason, said.learner)
        for response, liked in made
    ]


def _differ(text: str, other: str) -> bool:
    return bool(text) and letters_and_digits(text) != letters_and_digits(other)
