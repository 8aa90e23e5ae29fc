"""A policy that pleases a reward without saying anything has not improved, whatever its reward.

Reports hold these figures beside the reward, and `faults` names what went wrong. The signs
themselves (silence, echo, repetition, one text for all) are `evaluation/degeneration.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from evaluation.degeneration import distinct_2, is_echo, is_empty, is_repetitive


@dataclass(frozen=True)
class Health:
    """Shares of responses in [0, 1]; `distinct_2` (Li et al. 2016): different word bigrams over
    all bigrams of all responses, 0 where there are none; `words`: mean length.
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
    return Health(
        empty=sum(map(is_empty, responses)) / n,
        echoing=sum(map(is_echo, prompts, responses)) / n,
        repetitive=sum(map(is_repetitive, responses)) / n,
        distinct_2=distinct_2(responses) or 0.0,
        words=sum(len(response.split()) for response in responses) / n,
    )


def faults(after: Health, before: Health) -> list[str]:
    """What disqualifies a change from `before` to `after`; nothing for a healthy one.

    Both must come from as many responses to the same prompts: distinct-2 falls with the amount of
    text.
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
