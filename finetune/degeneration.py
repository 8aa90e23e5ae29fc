"""Ways to please a reward without saying anything: silence, echo, repetition, one text for all.

A policy that takes one of them has not improved, whatever its reward; reports hold these figures
beside the reward, and `faults` names what went wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from itertools import pairwise

ECHO = 0.8
"""A response is an echo if a run of words of the prompt makes up this share of it."""

SHORTEST_ECHO = 4
"""Words; a shorter response that stands in the prompt may be an answer."""

REPETITIVE = 0.5
"""A response is repetitive if more than this share of its trigrams are said before."""


@dataclass(frozen=True)
class Health:
    """Shares of responses in [0, 1]; `distinct_2` (Li et al. 2016): different word bigrams over
    all bigrams of all responses; `words`: mean length.
    """

    empty: float
    echoing: float
    repetitive: float
    distinct_2: float
    words: float

    def as_json(self) -> dict[str, float]:
        return {name: round(value, 6) for name, value in asdict(self).items()}


def health(prompts: Sequence[str], responses: Sequence[str]) -> Health:
    """Figures of `responses[i]` to `prompts[i]`. Raises `ValueError` where there are none."""
    if not responses:
        raise ValueError("no responses to look at")
    n = len(responses)
    words = [response.split() for response in responses]
    bigrams = [pair for said in words for pair in pairwise(said)]
    return Health(
        empty=sum(not any(map(str.isalnum, response)) for response in responses) / n,
        echoing=sum(map(is_echo, prompts, responses)) / n,
        repetitive=sum(repeated_share(response) > REPETITIVE for response in responses) / n,
        distinct_2=len(set(bigrams)) / len(bigrams) if bigrams else 0.0,
        words=sum(map(len, words)) / n,
    )


def faults(after: Health, before: Health) -> list[str]:
    """What disqualifies a change from `before` to `after`; nothing for a healthy one.

    `after` and `before` must come from as many responses to the same prompts, because distinct-2
    falls with the amount of text.
    """
    ratio = after.words / before.words if before.words else float("inf")
    found = {
        f"{after.empty:.0%} of the responses are empty (before: {before.empty:.0%})": (
            after.empty > before.empty + 0.02
        ),
        f"{after.echoing:.0%} echo their prompt (before: {before.echoing:.0%})": (
            after.echoing > before.echoing + 0.05
        ),
        f"{after.repetitive:.0%} repeat themselves (before: {before.repetitive:.0%})": (
            after.repetitive > before.repetitive + 0.05
        ),
        f"distinct-2 fell from {before.distinct_2:.3f} to {after.distinct_2:.3f}": (
            after.distinct_2 < 0.8 * before.distinct_2
        ),
        f"responses are {ratio:.2f} times as long (allowed: 0.8 to 1.25)": (
            not 0.8 <= ratio <= 1.25
        ),
    }
    return [fault for fault, holds in found.items() if holds]


def repeated_share(text: str) -> float:
    """Share of a text's word trigrams that occurred before in it; 0 for fewer than two."""
    words = text.lower().split()
    trigrams = list(zip(words, words[1:], words[2:], strict=False))
    return 1 - len(set(trigrams)) / len(trigrams) if len(trigrams) > 1 else 0.0


def is_echo(prompt: str, response: str) -> bool:
    """Whether the response is, nearly, a stretch of its prompt."""
    asked, said = prompt.lower().split(), response.lower().split()
    if len(said) < SHORTEST_ECHO:
        return False
    match = SequenceMatcher(None, asked, said, autojunk=False)
    run = match.find_longest_match(0, len(asked), 0, len(said))
    return run.size >= ECHO * len(said)
