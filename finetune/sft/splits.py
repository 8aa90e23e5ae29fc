"""What a run trains on and what it is measured on, kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from finetune.data.example import Example, split_by_group, without_groups
from finetune.data.mixture import Source
from finetune.errors import EmptySplit
from ingestion.errors import LecternError


@dataclass(frozen=True)
class Splits:
    """Training examples, source by source, and those measured.

    `overlapping` were taken out of training because their passage, dialogue or question is
    measured.
    """

    train: list[list[Example]]
    measured: list[Example]
    overlapping: int = 0


def read_splits(
    sources: Sequence[Source], measured: Sequence[Source], held_out: float = 0.0
) -> Splits:
    """Read both sides; without `measured`, a share `held_out` of the training groups is measured.

    Raises `EmptySplit` where nothing is left to measure, `LecternError` for files that are wrong
    and where both are given.
    """
    if measured and held_out:
        raise LecternError(
            "Data to measure on are named, and a share of the training data is to be held out.",
            "Leave out --held-out, or --eval-data and the mixture's [[eval]].",
        )
    read = [source.read() for source in sources]
    if measured:
        held = [example for source in measured for example in source.read()]
        kept = [without_groups(examples, held) for examples in read]
        return Splits(kept, held, sum(map(len, read)) - sum(map(len, kept)))
    if not held_out:
        return Splits(read, [])
    parted = [split_by_group(examples, held_out) for examples in read]
    held = [example for _, part in parted for example in part]
    if not held:
        raise EmptySplit(
            f"Holding out {held_out:.1%} of the groups leaves nothing to measure.",
            "Hold out more, or name data to measure.",
        )
    return Splits([rest for rest, _ in parted], held)
