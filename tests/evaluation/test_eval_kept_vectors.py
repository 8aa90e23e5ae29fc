"""Vectors kept on disk: taken over by the next run, never those of other texts or models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from stub_encoder import StubEncoder

from evaluation import kept_vectors
from evaluation.kept_vectors import KeepingEncoder
from ingestion.errors import LecternError
from ingestion.stores.base import Vectors

TEXTS = [f"text number {n} " + "word " * (n % 7) for n in range(10)]


@pytest.fixture(autouse=True)
def _small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_vectors, "GROUP", 4)


class KilledAfter(StubEncoder):
    """Encodes so many texts and is then gone."""

    def __init__(self, texts: int) -> None:
        super().__init__()
        self._left = texts

    def encode(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        self._left -= len(texts)
        if self._left < 0:
            raise KeyboardInterrupt
        return super().encode(texts, progress)


def test_the_vectors_are_the_encoders_own_in_the_order_given(tmp_path: Path) -> None:
    counted: list[int] = []
    vectors = KeepingEncoder(StubEncoder(), tmp_path).encode(TEXTS, counted.append)
    assert np.array_equal(vectors, StubEncoder().encode(TEXTS))
    assert sum(counted) == len(TEXTS)


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        KeepingEncoder(KilledAfter(9), tmp_path).encode(TEXTS)
    again, counted = StubEncoder(), []
    vectors = KeepingEncoder(again, tmp_path).encode(TEXTS, counted.append)
    assert again.encoded == 2, "eight of ten were kept"
    assert sum(counted) == len(TEXTS)
    assert np.array_equal(vectors, StubEncoder().encode(TEXTS))


@pytest.mark.parametrize(
    ("texts", "signature", "precision"),
    [
        ([*TEXTS[:-1], "another"], "stub-1", "fp32"),
        (TEXTS[::-1], "stub-1", "fp32"),
        (TEXTS, "stub-2", "fp32"),
        (TEXTS, "stub-1", "bf16"),
    ],
)
def test_other_texts_models_and_precisions_are_encoded_anew(
    tmp_path: Path, texts: list[str], signature: str, precision: kept_vectors.Precision
) -> None:
    KeepingEncoder(StubEncoder("stub-1"), tmp_path, "fp32").encode(TEXTS)
    other = StubEncoder(signature)
    vectors = KeepingEncoder(other, tmp_path, precision).encode(texts)
    assert other.encoded == len(texts)
    assert np.array_equal(vectors, StubEncoder().encode(texts))


@pytest.mark.parametrize("content", [b"", b"nothing", np.zeros((2, 3), np.float32)])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes | Vectors) -> None:
    KeepingEncoder(StubEncoder(), tmp_path).encode(TEXTS)
    file = sorted(tmp_path.rglob("*.npy"))[1]
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        np.save(file, content, allow_pickle=False)
    with pytest.raises(LecternError, match=file.name) as caught:
        KeepingEncoder(StubEncoder(), tmp_path).encode(TEXTS)
    assert "Delete that file" in caught.value.remedy


def test_an_array_of_objects_is_refused_without_being_unpickled(tmp_path: Path) -> None:
    KeepingEncoder(StubEncoder(), tmp_path).encode(TEXTS)
    file = next(tmp_path.rglob("*.npy"))
    np.save(file, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(LecternError, match=file.name):
        KeepingEncoder(StubEncoder(), tmp_path).encode(TEXTS)
