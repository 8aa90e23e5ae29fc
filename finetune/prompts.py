"""Prompts to practise on: JSON lines with a `prompt`, in an order that the step determines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluation.jsonl import malformed, read_objects
from finetune.errors import EmptySplit
from finetune.policy import Policy


@dataclass(frozen=True)
class Prompts:
    """`texts` to ask; `too_long` counts those left out because they exceed the model's window."""

    texts: list[str]
    too_long: int

    def of_step(self, step: int, size: int, seed: int) -> list[str]:
        """The `size` prompts of step `step` (from 0): every prompt once before any comes again."""
        chosen = []
        for place in range(step * size, (step + 1) * size):
            epoch, number = divmod(place, len(self.texts))
            chosen.append(self.texts[self._order(epoch, seed)[number]])
        return chosen

    def hold_out(self, most: int, seed: int) -> tuple[Prompts, list[str]]:
        """(the rest to practise on, a tenth to measure on), at most `most`, at least one.

        Equal prompts stay on one side. A single prompt is practised and measured on.
        """
        different = sorted(set(self.texts))
        order = np.random.default_rng([seed, len(different)]).permutation(len(different))
        held = {different[place] for place in order[: max(1, min(most, len(different) // 10))]}
        rest = [text for text in self.texts if text not in held]
        return Prompts(rest or self.texts, self.too_long), sorted(held)

    def _order(self, epoch: int, seed: int) -> np.ndarray:
        return np.random.default_rng([seed, epoch]).permutation(len(self.texts))


def load_prompts(path: Path, policy: Policy) -> Prompts:
    """Read `{"prompt": …}` lines, other fields ignored.

    Raises `LecternError` naming file and line, `EmptySplit` where no prompt fits the window.
    """
    texts = []
    read = 0
    for number, row in read_objects(path):
        prompt = row.get("prompt")
        if not isinstance(prompt, str) or not prompt.strip():
            raise malformed(path, number, 'no text under "prompt"')
        read += 1
        if policy.tokens_of(prompt) <= policy.window:
            texts.append(prompt)
    if not texts:
        raise EmptySplit(
            f"{path} holds no prompt that fits {policy.window} tokens ({read} are longer).",
            'Give JSON lines such as {"prompt": "…"}, or raise --window.',
        )
    return Prompts(texts, read - len(texts))
