"""From text to token ids, once; what is too long or has no answer is left out and counted, never
cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from finetune.data.example import Example

_AT_ONCE = 1000


@dataclass(frozen=True)
class Encoded:
    """An example as token ids; both end in the tokenizer's end mark."""

    example: Example
    source: list[int]
    target: list[int]


@dataclass(frozen=True)
class Lengths:
    """How many examples fit, and how many were left out because of which side."""

    kept: int
    long_sources: int
    long_targets: int
    longest_source: int
    longest_target: int
    without_answer: int = 0

    def __add__(self, other: Lengths) -> Lengths:
        return Lengths(
            self.kept + other.kept,
            self.long_sources + other.long_sources,
            self.long_targets + other.long_targets,
            max(self.longest_source, other.longest_source),
            max(self.longest_target, other.longest_target),
            self.without_answer + other.without_answer,
        )

    def __str__(self) -> str:
        """In words, for the person who started the run."""
        said = [f"{self.kept} examples"]
        if self.without_answer:
            said.append(f"{self.without_answer} left out without an answer")
        if left_out := self.long_sources + self.long_targets:
            said.append(
                f"{left_out} left out as too long ({self.long_sources} by their source, the "
                f"longest of {self.longest_source} tokens, and {self.long_targets} by their "
                f"target, the longest of {self.longest_target})"
            )
        return "; ".join(said) if left_out else f"{'; '.join(said)}, none too long"


def encode(
    examples: Sequence[Example], tokenizer: Any, *, max_source: int, max_target: int
) -> tuple[list[Encoded], Lengths]:
    """The examples that have an answer and fit, in order, and the count of those that do not.

    The instruction of many templates stands at their end and the answer anywhere in the middle, so
    cutting would train the model on what cannot be known.
    """
    answered = [example for example in examples if example.target.strip()]
    sources = _ids(tokenizer, [example.source for example in answered])
    targets = _ids(tokenizer, [example.target for example in answered])
    kept = []
    long_sources = long_targets = 0
    for example, source, target in zip(answered, sources, targets, strict=True):
        if len(source) > max_source:
            long_sources += 1
        elif len(target) > max_target:
            long_targets += 1
        else:
            kept.append(Encoded(example, source, target))
    return kept, Lengths(
        kept=len(kept),
        long_sources=long_sources,
        long_targets=long_targets,
        longest_source=max(map(len, sources), default=0),
        longest_target=max(map(len, targets), default=0),
        without_answer=len(examples) - len(answered),
    )


def _ids(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    found: list[list[int]] = []
    for start in range(0, len(texts), _AT_ONCE):
        found += tokenizer(list(texts[start : start + _AT_ONCE]), truncation=False).input_ids
    return found
