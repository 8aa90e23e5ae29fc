"""Vectors of an ingest that has not committed survive it, and only for the same encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ingestion.pending import PendingVectors

VECTORS = np.arange(8, dtype=np.float32).reshape(2, 4)


def test_what_was_put_is_there_for_the_next_run(tmp_path: Path) -> None:
    first = PendingVectors(tmp_path / "p.sqlite", "encoder-1")
    first.put(["a", "b"], VECTORS)
    first.close(done=False)
    again = PendingVectors(tmp_path / "p.sqlite", "encoder-1")
    found = again.get(["b", "c", "a"])
    assert found.keys() == {"a", "b"}
    np.testing.assert_array_equal(np.stack([found["a"], found["b"]]), VECTORS)
    again.close(done=False)


def test_another_encoder_finds_nothing(tmp_path: Path) -> None:
    first = PendingVectors(tmp_path / "p.sqlite", "encoder-1")
    first.put(["a", "b"], VECTORS)
    first.close(done=False)
    other = PendingVectors(tmp_path / "p.sqlite", "encoder-2")
    assert other.get(["a", "b"]) == {}
    other.close(done=False)


def test_another_process_sees_a_put_at_once(tmp_path: Path) -> None:
    writer = PendingVectors(tmp_path / "p.sqlite", "e")
    reader = PendingVectors(tmp_path / "p.sqlite", "e")
    writer.put(["a", "b"], VECTORS)
    assert reader.get(["a", "b"]).keys() == {"a", "b"}
    reader.close(done=False)
    writer.close(done=False)


def test_done_leaves_no_file(tmp_path: Path) -> None:
    pending = PendingVectors(tmp_path / "p.sqlite", "e")
    pending.put(["a", "b"], VECTORS)
    pending.close(done=True)
    assert list(tmp_path.iterdir()) == []
