"""`lectern ingest` and `lectern status`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lectern_run import Lectern

from chatbot.commands import console
from ingestion.report import IngestReport


@pytest.fixture
def course(tmp_path: Path) -> Path:
    folder = tmp_path / "tuning"
    folder.mkdir()
    (folder / "lora.md").write_text("# LoRA\n\nLoRA freezes the weights of the model.\n")
    (folder / "copy.md").write_text("# LoRA\n\nLoRA freezes the weights of the model.\n")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    (folder / "film.mp4").write_bytes(b"moving")
    return folder


def test_ingest_in_json_then_again(lectern: Lectern, course: Path, tmp_path: Path) -> None:
    first = lectern("ingest", course, "--index", tmp_path / "index", "--json")
    assert first.code == 0, "a file that cannot be read stops nothing"
    report = first.json
    assert report.keys() == set(IngestReport.__dataclass_fields__)
    assert (report["new"], report["duplicates"], report["embedded"]) == (1, 1, report["chunks"])
    assert [failed["file"] for failed in report["failed"]] == ["broken.pdf"]
    assert "broken PDF" in report["failed"][0]["reason"]
    assert report["ignored"] == {".mp4": 1}
    again = lectern("ingest", course, "--index", tmp_path / "index", "--json").json
    assert (again["new"], again["changed"], again["embedded"]) == (0, 0, 0)


def test_ingest_ends_with_a_table_and_names_what_failed(
    lectern: Lectern, course: Path, tmp_path: Path
) -> None:
    run = lectern("ingest", course, "--index", tmp_path / "index")
    assert run.code == 0
    for line in ("new documents", "duplicates", "texts embedded", "seconds"):
        assert line in run.out
    assert "broken.pdf: " in run.out
    for stage in ("Reading", "Embedding", "Writing"):
        assert stage in run.err, "progress is not a result"
        assert stage not in run.out


def test_status(lectern: Lectern, course: Path, tmp_path: Path) -> None:
    lectern("ingest", course, "--index", tmp_path / "index", "--course", "Week 2")
    status = lectern("status", "--index", tmp_path / "index", "--json").json
    assert status.keys() == {"index", "generation", "encoder", "store", "files"}
    assert (status["generation"], status["store"]) == (1, "faiss")
    files = {file["file"]: file for file in status["files"]}
    assert files["lora.md"].keys() == {
        "course", "file", "format", "title", "status", "reason", "warnings", "chunks", "bytes",
    }  # fmt: skip
    # The first in order keeps the content.
    assert {name: file["status"] for name, file in files.items()} == {
        "broken.pdf": "failed",
        "copy.md": "ok",
        "lora.md": "duplicate",
    }
    assert files["lora.md"]["reason"] == "copy.md"
    assert {file["course"] for file in status["files"]} == {"Week 2"}
    shown = lectern("status", "--index", tmp_path / "index")
    assert shown.code == 0
    assert "broken.pdf: " in shown.out
    assert "same as copy.md" in shown.out
    other = lectern("status", "--index", tmp_path / "index", "--course", "Week 3", "--json")
    assert other.json["files"] == []


def test_names_with_brackets_are_shown_whole(lectern: Lectern, tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "week 1 [final].md").write_text("LoRA freezes the weights.")
    (tmp_path / "c" / "copy [draft].md").write_text("LoRA freezes the weights.")
    lectern("ingest", tmp_path / "c", "--index", tmp_path / "index [new]")
    shown = lectern("status", "--index", tmp_path / "index [new]")
    assert shown.code == 0
    assert "week 1 [final].md" in shown.out
    assert "same as copy [draft].md" in shown.out
    assert "index [new]" in shown.out


def test_long_names_are_not_cut(
    lectern: Lectern, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "a-lecture-with-a-rather-long-name-about-everything-that-matters-in-week-twelve.md"
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / name).write_text("LoRA freezes the weights.")
    lectern("ingest", tmp_path / "c", "--index", tmp_path / "index")
    monkeypatch.setattr(console.out, "width", 80)
    (row,) = [
        r for r in lectern("status", "--index", tmp_path / "index").out.splitlines() if name in r
    ]
    assert "markdown" in row, "every document is one line of a pipe"
    monkeypatch.setattr(console.out, "_force_terminal", True)
    shown = lectern("status", "--index", tmp_path / "index").out
    assert "…" not in shown
    assert max(map(len, re.sub(r"\x1b\[[\d;]*m", "", shown).splitlines())) <= 80


def test_failures_are_1_with_what_to_do(lectern: Lectern, tmp_path: Path, course: Path) -> None:
    for run, named in (
        (lectern("status", "--index", tmp_path / "none", "--json"), "lectern ingest PATH"),
        (lectern("ingest", tmp_path / "nowhere", "--json"), "nowhere: no such file or folder"),
    ):
        assert (run.code, run.out) == (1, "")
        assert named in run.err
    (tmp_path / "lectern.toml").write_text("[ingestion]\nchunk_tokens = 'many'\n")
    run = lectern("ingest", course, "--index", tmp_path / "index", "--json")
    assert (run.code, run.out) == (1, "")
    assert "chunk_tokens" in run.err


def test_an_index_that_cannot_be_made_is_explained(
    lectern: Lectern, course: Path, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file")
    run = lectern("ingest", course, "--index", tmp_path / "taken")
    assert run.code == 1
    assert "taken" in run.err


@pytest.mark.parametrize("arguments", [["ingest"], ["ingest", "--bogus"], ["status", "surplus"]])
def test_wrong_usage_is_2(lectern: Lectern, arguments: list[str]) -> None:
    run = lectern(*arguments)
    assert run.code == 2
    assert run.out == ""


def test_a_name_cannot_steer_the_terminal(lectern: Lectern, tmp_path: Path) -> None:
    folder, index = tmp_path / "c", ("--index", tmp_path / "index")
    folder.mkdir()
    (folder / "a\x1b[31mb.md").write_text("Ducks keep their feathers dry with oil.")
    (folder / "c\x1b[2Jd.md").write_text("")
    shown = [
        lectern("ingest", folder, *index),
        lectern("status", *index),
        lectern("search", "ducks", *index),
        lectern("ask", "How do ducks keep dry?", *index),
        lectern("ingest", folder / "e\x1b[0m.md", *index),
    ]
    assert [run.code for run in shown] == [0, 0, 0, 0, 1]
    assert not [run for run in shown if "\x1b" in run.out + run.err]
    assert "a\\x1b[31mb.md" in shown[1].out and "c\\x1b[2Jd.md" in shown[1].out
