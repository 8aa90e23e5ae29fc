"""The contract of a scorer: token ids in, one number a text out; for judging and for training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Encoded:
    """The token ids of a text, behind those of its prompt if it has one. `cut`: not all fitted."""

    ids: list[int]
    cut: bool


class Scorer(Protocol):
    """A model with one output. `window` counts tokens, special ones included."""

    window: int

    def encode(self, prompts: Sequence[str], texts: Sequence[str]) -> list[Encoded]:
        """By the model's own tokenizer; an empty prompt means that there is none."""
        ...

    def __call__(self, ids: Sequence[Sequence[int]]) -> torch.Tensor:
        """One logit for each, shape (len(ids),), float32."""
        ...


def fit(prompt: list[int], text: list[int], room: int) -> tuple[list[int], list[int], bool]:
    """Cut both to `room` tokens in all; the text keeps its beginning, the prompt its end.

    The prompt yields first, down to a quarter of the room: what is judged is the text.
    """
    cut = len(prompt) + len(text) > room
    least = min(len(prompt), room // 4)
    text = text[: room - least]
    left = room - len(text)
    return prompt[max(0, len(prompt) - left) :], text, cut
