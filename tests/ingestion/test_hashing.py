from __future__ import annotations

from pathlib import Path

from ingestion.hashing import file_digest


def test_the_digest_is_the_sha256_that_sha256sum_prints(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert file_digest(tmp_path / "x") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
