"""An encoder that encodes a text once: packing and attribution ask for the same sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ingestion.encoders.base import Encoder
from ingestion.stores.base import Vectors


class RememberingEncoder:
    """Implements `ingestion.encoders.base.Encoder`; make one for each question."""

    def __init__(self, encoder: Encoder) -> None:
        self.name = encoder.name
        self.signature = encoder.signature
        self.dimension = encoder.dimension
        self.window = encoder.window
        self._encoder = encoder
        self._known: dict[str, Vectors] = {}

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._encoder.count_tokens(texts)

    def encode(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self._encoder.encode(new, progress), strict=True))
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([self._known[text] for text in texts])
