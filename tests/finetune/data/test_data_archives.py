"""Archives of training data: in their order, and a damaged one is named with what to do."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from finetune.data.archives import read_members
from finetune.reader.sources import t0_extractive
from ingestion.errors import LecternError


def write(path: Path, files: dict[str, str]) -> Path:
    with tarfile.open(path, f"w:{path.suffix[1:]}") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


LONG = {f"{name}.md": "".join(str(n * len(name)) for n in range(9000)) for name in ("bb", "a")}


@pytest.mark.parametrize("kind", ["gz", "xz"])
def test_an_archive_that_was_cut_or_changed_is_named(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / f"books.tar.{kind}", LONG)
    assert list(read_members(path, lambda name: name != "a.md")) == [("bb.md", LONG["bb.md"])]
    whole = path.read_bytes()
    changed = bytearray(whole)
    changed[len(whole) // 2 :] = bytes(len(whole) - len(whole) // 2)
    for content in (whole[: len(whole) // 2], bytes(changed), b"nothing", b""):
        path.write_bytes(content)
        with pytest.raises(LecternError, match=r"books\.tar\.\w+ cannot be read") as refused:
            list(read_members(path, lambda name: True))
        assert "fetch it again" in refused.value.remedy
    path.unlink()
    with pytest.raises(LecternError, match="No such file"):
        list(read_members(path, lambda name: True))


@pytest.mark.parametrize("row", ['{"prompt": "x"}', "[1]", "{bad"])
def test_a_row_of_t0_that_is_none_is_named_with_its_file(tmp_path: Path, row: str) -> None:
    file = "data/quoref_Answer_Question_Given_Context.jsonl"
    path = write(tmp_path / "t0.tar.gz", {"data/other.jsonl": "no JSON", file: row})
    with pytest.raises(LecternError, match=r"Context\.jsonl, line 1: not a row of T0"):
        list(t0_extractive(path))
