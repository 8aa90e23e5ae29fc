"""The encoder contract: texts in, unit vectors out, with a window measured by its own tokenizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from ingestion.stores.base import Vectors


class Encoder(Protocol):
    """A sentence encoder.

    `name` is what the user asked for; `signature` identifies the weights: an index made under
    another signature is another index version. Precision is no part of it (bfloat16 stays within a
    cosine of .9999), so an index can move between machines. `window` counts tokens, special ones
    included.
    """

    name: str
    signature: str
    dimension: int
    window: int

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by the encoder's own tokenizer, special tokens included."""
        ...

    def encode(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Unit vectors, shape (len(texts), dimension), in the order given.

        `progress` is called with the number of texts finished since the last call.
        """
        ...
