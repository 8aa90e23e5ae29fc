"""Vectors kept in a folder while a benchmark's corpus is encoded, so that a killed run goes on.

A list of texts under one encoder and precision has a folder of its own there, named after the hash
of all that; a group of texts is a `.npy` file in it, written whole or not at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ingestion.encoders.base import Encoder
from ingestion.encoders.precision import Precision, resolve_precision
from ingestion.errors import LecternError
from ingestion.stores.base import Vectors

GROUP = 512
"""Texts in a file; a killed run loses at most one group."""


class KeepingEncoder:
    """Implements `ingestion.encoders.base.Encoder` over another one, its vectors kept in `folder`.

    `precision` belongs to the key: the vectors of bfloat16 and float32 differ in the third digit.
    """

    def __init__(self, encoder: Encoder, folder: Path, precision: Precision = "auto") -> None:
        self.name, self.signature = encoder.name, encoder.signature
        self.dimension, self.window = encoder.dimension, encoder.window
        self._encoder = encoder
        self._folder = folder
        self._precision = resolve_precision(precision)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._encoder.count_tokens(texts)

    def encode(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """As the contract says. Raises `LecternError` for a file that was damaged since."""
        folder = self._folder / self._key(texts)
        folder.mkdir(parents=True, exist_ok=True)
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        # Long texts first: equal lengths share batches, and the time left is not underestimated.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(order), GROUP):
            group = order[start : start + GROUP]
            file = folder / f"{start:07}.npy"
            if file.is_file():
                vectors[group] = self._read(file, len(group))
                if progress:
                    progress(len(group))
            else:
                vectors[group] = self._encoder.encode([texts[i] for i in group], progress)
                _write(file, vectors[group])
        return vectors

    def _key(self, texts: Sequence[str]) -> str:
        digest = hashlib.sha256(f"{self.signature} {self._precision} {GROUP}".encode())
        for text in texts:
            digest.update(hashlib.sha256(text.encode()).digest())
        return digest.hexdigest()[:24]

    def _read(self, file: Path, count: int) -> Vectors:
        try:
            vectors = np.load(file, allow_pickle=False)
        except (OSError, EOFError, ValueError) as error:
            raise _damaged(file, str(error)) from error
        if vectors.shape != (count, self.dimension) or vectors.dtype != np.float32:
            raise _damaged(file, f"{vectors.dtype} of shape {vectors.shape}")
        return np.asarray(vectors, np.float32)


def _write(file: Path, vectors: Vectors) -> None:
    beside = file.with_suffix(".part")
    with beside.open("wb") as opened:
        np.save(opened, vectors, allow_pickle=False)
    beside.replace(file)


def _damaged(file: Path, why: str) -> LecternError:
    return LecternError(
        f"{file} does not hold the vectors that an earlier run kept there ({why}).",
        "Delete that file and run again; its vectors are then computed anew.",
    )
