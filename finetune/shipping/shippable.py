"""Which data a shipped model may have been trained on: `shippable.toml`, and nothing else.

A source is known by the SHA-256 of the file that was read, or, where a record has no hash, by the
name under which its training recorded it. Files to measure on are not listed: what has learned
from them is not shipped either.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from finetune.shipping.learned import Learned
from ingestion.errors import LecternError

LIST = Path(__file__).with_name("shippable.toml")


class Shippable(BaseModel):
    """One collection. `recorded` are names that records give it, `files` name → SHA-256, `text` the
    SHA-256 over all files of a text (`finetune.pretraining.corpus.Text`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    licence: str
    credit: str
    recorded: tuple[str, ...] = ()
    files: dict[str, str] = Field(default_factory=dict)
    text: str = ""

    def holds(self, learned: Learned) -> bool:
        if learned.sha256:
            return learned.sha256 in (*self.files.values(), self.text)
        return learned.recorded in (*self.recorded, self.name)


@cache
def shippable() -> tuple[Shippable, ...]:
    """All that may have been learned from."""
    found = tomllib.loads(LIST.read_text(encoding="utf-8"))["data"]
    return tuple(Shippable.model_validate(one) for one in found)


def check(learned: Iterable[Learned]) -> dict[str, int]:
    """Examples by the name of their collection, in the order in which they were learned from.

    Raises `LecternError` that names every source that is not on the list.
    """
    counts: dict[str, int] = {}
    strange = []
    for one in learned:
        collection = next((known for known in shippable() if known.holds(one)), None)
        if collection is None:
            strange.append(f"{one.recorded} ({(one.sha256 or 'no hash')[:12]})")
        else:
            counts[collection.name] = counts.get(collection.name, 0) + one.examples
    if strange:
        raise LecternError(
            f"It has learned from what may not be shipped, or is not known to: "
            f"{', '.join(strange)}.",
            f"Train it without; or, where a licence allows it, add the data to {LIST.name}.",
        )
    return {name: count for name, count in counts.items() if count}


def collection(name: str) -> Shippable:
    return next(one for one in shippable() if one.name == name)
