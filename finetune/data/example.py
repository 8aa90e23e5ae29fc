"""One training or evaluation example, and the fingerprint that tells where it comes from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evaluation.normalize import letters_and_digits


@dataclass(frozen=True, slots=True)
class Example:
    """What the model reads and what it is to write.

    `task` names the data it is from. Examples of one `group` (a passage, a dialogue, a question)
    are not independent: they stay on one side of a split and are resampled together. `references`
    are the right answers where there are others than `target`.
    """

    source: str
    target: str
    task: str
    group: str
    references: tuple[str, ...] = ()

    @property
    def golds(self) -> tuple[str, ...]:
        """What a prediction is measured against."""
        return self.references or (self.target,)


def fingerprint(text: str) -> str:
    """The same for texts that differ in layout, case or punctuation alone."""
    return hashlib.sha256(letters_and_digits(text).encode()).hexdigest()[:16]


def without_groups(examples: Sequence[Example], others: Iterable[Example]) -> list[Example]:
    """The examples whose passage, dialogue or question does not occur among `others`.

    Trained and measured on disjoint groups, a figure cannot be a memory.
    """
    taken = {other.group for other in others}
    return [example for example in examples if example.group not in taken]


def split_by_group(
    examples: Sequence[Example], share: float
) -> tuple[list[Example], list[Example]]:
    """(rest, held): about `share` of the groups are held, the same ones in every run.

    A group's fingerprint decides, so that more data never moves an example across.
    """

    def held(example: Example) -> bool:
        digest = hashlib.sha256(f"held {example.group}".encode()).digest()
        return int.from_bytes(digest[:4]) < share * 2**32

    return (
        [example for example in examples if not held(example)],
        [example for example in examples if held(example)],
    )
