"""Uploads: names made safe, files written whole or not at all, a size cap."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from chatbot.ui.uploads import MAX_UPLOAD_MB, safe_name, save_uploads
from ingestion.errors import LecternError


@dataclass
class FakeUpload:
    name: str
    content: bytes = b"text"
    claimed: int | None = None

    @property
    def size(self) -> int:
        return len(self.content) if self.claimed is None else self.claimed

    def getvalue(self) -> bytes:
        return self.content


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("Week 1.pdf", "Week 1.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\notes\\a.md", "a.md"),
        ("..hidden.md", "hidden.md"),
        ("a\x00b\nc.md", "a_b_c.md"),
        ('q?"<>|:*.md', "q_______.md"),
        ("Cafe\u0301 \u202egnp.md", "Café gnp.md"),
        ("Überblick.pdf", "Überblick.pdf"),
    ],
)
def test_a_name_keeps_what_is_harmless(given: str, safe: str) -> None:
    assert safe_name(given) == safe


@pytest.mark.parametrize("given", ["", "..", "/", "...", " "])
def test_a_name_with_nothing_left_is_refused(given: str) -> None:
    with pytest.raises(LecternError, match="Rename it"):
        safe_name(given)


def test_a_long_name_is_cut_and_keeps_its_suffix() -> None:
    cut = safe_name("é" * 300 + ".pdf")
    assert len(cut.encode()) <= 200 and cut.endswith("é.pdf")


def test_files_land_in_the_folder_and_replace_earlier_ones(tmp_path: Path) -> None:
    folder = tmp_path / "uploads" / "nlp"
    save_uploads([FakeUpload("a.md", b"old"), FakeUpload("../b.md")], folder)
    paths = save_uploads([FakeUpload("a.md", b"new")], folder)
    assert paths == [folder / "a.md"]
    assert (folder / "a.md").read_bytes() == b"new"
    assert sorted(p.name for p in folder.iterdir()) == ["a.md", "b.md"]
    assert list(tmp_path.iterdir()) == [tmp_path / "uploads"]


def test_one_file_too_large_leaves_nothing_behind(tmp_path: Path) -> None:
    large = FakeUpload("big.md", claimed=MAX_UPLOAD_MB * 2**20 + 1)
    with pytest.raises(LecternError, match=r"big\.md is larger"):
        save_uploads([FakeUpload("a.md"), large], tmp_path / "nlp")
    assert not (tmp_path / "nlp").exists()
