"""Train, development and test splits by group, without copies across them.

Which split a group falls into depends on the seed and the group alone, not on the other examples:
adding a collection moves nothing from test to train.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from finetune.errors import EmptySplit
from finetune.reward.examples import Labelled, Preference, keys

E = TypeVar("E", Labelled, Preference)

DEV, TEST = 0.1, 0.1
"""Shares of the groups."""


@dataclass(frozen=True, slots=True)
class Splits(Generic[E]):
    """`copies` counts the examples dropped because their text stands in another split, or twice."""

    train: list[E]
    dev: list[E]
    test: list[E]
    copies: int


def split_name(group: str, seed: int) -> str:
    """`train`, `dev` or `test`."""
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    share = int.from_bytes(digest[:8]) / 2**64
    if share < TEST:
        return "test"
    return "dev" if share < TEST + DEV else "train"


def split(
    examples: Sequence[E], seed: int, apart: Iterable[Labelled | Preference] = ()
) -> Splits[E]:
    """Split by group; of copies only the first is kept, test before dev before train.

    `apart` are examples of other collections that will be judged: their copies are dropped here.
    Raises `EmptySplit` that names the split that came out empty.
    """
    parts: dict[str, list[E]] = {"test": [], "dev": [], "train": []}
    for example in examples:
        parts[split_name(example.group, seed)].append(example)
    seen = {key for example in apart for key in keys(example)}
    kept: dict[str, list[E]] = {}
    for name, part in parts.items():
        kept[name] = []
        for example in part:
            marks = keys(example)
            if not seen.intersection(marks):
                seen.update(marks)
                kept[name].append(example)
        if not kept[name]:
            raise EmptySplit(
                f"The {name} split of {len(examples)} examples is empty.",
                "Give more examples (a tenth of the groups goes to each of dev and test), or "
                "another --seed.",
            )
    copies = len(examples) - sum(map(len, kept.values()))
    return Splits(kept["train"], kept["dev"], kept["test"], copies)
