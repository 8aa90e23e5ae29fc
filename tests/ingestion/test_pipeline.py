"""Incremental ingest: what is computed, what goes, what is reported, and who may write."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from stub_encoder import StubEncoder

from ingestion.catalog import FileRecord
from ingestion.errors import IndexProblem, LecternError
from ingestion.index import Index
from ingestion.layout import Layout
from ingestion.lock import single_writer
from ingestion.pipeline import ingest
from ingestion.progress import Progress
from ingestion.report import IngestReport
from ingestion.settings import IngestionSettings


class World:
    """A course folder and the index made of it."""

    def __init__(self, folder: Path) -> None:
        self.course = folder / "course"
        self.course.mkdir()
        self.folder = folder / "index"
        self.encoder = StubEncoder(window=48)

    def write(self, name: str, *paragraphs: str) -> Path:
        path = self.course / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n\n".join(paragraphs), encoding="utf-8")
        return path

    def ingest(self, *paths: Path, settings: IngestionSettings | None = None) -> IngestReport:
        self.encoder.encoded = 0
        return ingest(
            list(paths) or [self.course], self.folder, settings=settings, encoder=self.encoder
        )

    @property
    def index(self) -> Index:
        return Index(self.folder, encoder=self.encoder)

    def texts(self, file: str) -> list[str]:
        return [p.text for p in self.index.file_passages("course", file)]

    def record(self, file: str) -> FileRecord:
        return next(r for r in self.index.files() if r.path == file)

    def check(self) -> None:
        """Catalog, vectors and lexical index hold the same chunks, with the right vectors."""
        index = self.index

        def consistent(snapshot: object, catalog: object) -> None:
            ids = catalog.chunk_ids()  # type: ignore[attr-defined]
            store, lexical = snapshot.store, snapshot.lexical  # type: ignore[attr-defined]
            assert store.count() == len(ids) == len(lexical.ids)
            assert sorted(lexical.ids.tolist()) == ids.tolist()
            rows = catalog._db.execute(
                "SELECT id, context, text FROM chunks ORDER BY id"
            ).fetchall()  # type: ignore[attr-defined]
            texts = [f"{context}\n{text}" if context else text for _, context, text in rows]
            np.testing.assert_allclose(
                store.vectors(ids.tolist()), StubEncoder().encode(texts), atol=1e-6
            )

        index.read(consistent)
        index.close()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def long(stem: str, paragraphs: int = 3) -> list[str]:
    return [" ".join(f"{stem}{p}x{n}" for n in range(30)) + "." for p in range(paragraphs)]


def test_unchanged_files_cost_no_embedding(world: World) -> None:
    world.write("a.md", *long("a"))
    world.write("deep/b.txt", *long("b"))
    first = world.ingest()
    assert (first.new, first.embedded, world.encoder.encoded) == (2, first.chunks, first.chunks)
    again = world.ingest()
    assert (again.unchanged, again.new, again.embedded, world.encoder.encoded) == (2, 0, 0, 0)
    assert again.generation == first.generation
    world.check()


def test_a_touched_file_with_the_same_content_is_unchanged(world: World) -> None:
    path = world.write("a.md", *long("a"))
    world.ingest()
    os.utime(path, (1, 1))
    assert world.ingest().unchanged == 1
    assert world.encoder.encoded == 0


def test_a_changed_file_embeds_only_its_new_chunks(world: World) -> None:
    world.write("a.md", *long("a", 4))
    world.ingest()
    before = world.texts("a.md")
    world.write("a.md", *long("a", 4)[:3], *long("new", 1))
    report = world.ingest()
    after = world.texts("a.md")
    assert report.changed == 1
    assert 0 < report.embedded == len(set(after) - set(before)) < len(after)
    world.check()


def test_lines_that_move_keep_their_vectors_and_get_new_places(world: World) -> None:
    world.write("a.txt", *long("a"))
    world.ingest()
    old = world.index.file_passages("course", "a.txt")
    world.write("a.txt", *[""] * 5, *long("a"))
    report = world.ingest()
    new = world.index.file_passages("course", "a.txt")
    assert report.embedded == 0
    assert [p.text for p in old] == [p.text for p in new]
    assert old[0].locator != new[0].locator
    world.check()


def test_deleted_moved_and_duplicate_files(world: World) -> None:
    a = world.write("a.md", "# A title of its own", *long("a"))
    world.write("b.md", "# Another title", *long("b"))
    world.ingest()
    a.rename(world.course / "moved.md")
    world.write("copy-of-b.md", "# Another title", *long("b"))
    report = world.ingest()
    assert (report.deleted, report.new, report.duplicates, report.embedded) == (1, 1, 1, 0)
    assert world.texts("a.md") == [] != world.texts("moved.md")
    assert world.record("copy-of-b.md").reason == "b.md"
    (world.course / "b.md").unlink()
    world.ingest()
    assert world.texts("copy-of-b.md"), "the copy takes the place of the deleted first file"
    assert world.encoder.encoded == 0
    world.check()


def test_a_run_over_one_file_leaves_the_others_alone(world: World) -> None:
    a, b = world.write("a.md", *long("a")), world.write("b.md", *long("b"))
    world.ingest()
    b.unlink()
    world.ingest(a)
    assert world.texts("b.md"), "b was not looked at"
    world.ingest()
    assert not world.texts("b.md")


def test_bad_files_are_named_with_a_reason_and_stop_nothing(world: World, tmp_path: Path) -> None:
    world.write("good.md", *long("good"))
    world.write("empty.md")
    (world.course / "broken.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    (world.course / "picture.md").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    outside = tmp_path / "secret.md"
    outside.write_text("not part of the course")
    (world.course / "link.md").symlink_to(outside)
    (world.course / "notes.xyz").write_text("another kind")
    report = world.ingest()
    assert report.new == 1
    assert {file for file, _ in report.failed} == {
        "empty.md",
        "broken.pdf",
        "picture.md",
        "link.md",
    }
    assert all(reason.strip() for _, reason in report.failed)
    assert report.ignored == {".xyz": 1}
    assert "out of the folder" in world.record("link.md").reason
    again = world.ingest()
    assert {file for file, _ in again.failed} == {file for file, _ in report.failed}
    world.write("empty.md", *long("filled"))
    assert world.ingest().changed == 1
    assert world.record("empty.md").status == "ok"
    world.check()


def test_a_file_that_breaks_loses_its_chunks(world: World) -> None:
    world.write("a.md", *long("a"))
    world.write("b.md", *long("b"))
    world.ingest()
    world.write("a.md")
    world.ingest()
    assert world.texts("a.md") == []
    assert world.record("a.md").status == "failed"
    world.check()


def test_another_encoder_or_chunk_size_is_another_version(world: World) -> None:
    world.write("a.md", *long("a"))
    elsewhere = world.folder.parent / "other"
    elsewhere.mkdir()
    (elsewhere / "o.md").write_text(" ".join(long("o")))
    world.ingest(world.course, elsewhere)
    (old,) = world.folder.glob("version-*")
    world.encoder = StubEncoder("stub-2", window=48)
    report = world.ingest()
    assert report.embedded == report.chunks > 0, "all courses, also those not named"
    assert {course.name for course in world.index.courses()} == {"course", "other"}
    assert not old.exists()
    world.check()
    smaller = world.ingest(settings=IngestionSettings.load(chunk_tokens=48))
    assert smaller.generation == report.generation + 1 or smaller.embedded == 0
    (trailing,) = world.folder.glob("version-*")
    bare = world.ingest(settings=IngestionSettings.load(chunk_tokens=48, heading_trail=False))
    assert bare.embedded == bare.chunks > 0
    assert not trailing.exists()


def test_a_course_can_be_named_and_filtered(world: World) -> None:
    world.write("a.md", *long("a"))
    ingest([world.course], world.folder, course="Week 1", encoder=world.encoder)
    index = world.index
    assert [course.name for course in index.courses()] == ["Week 1"]
    assert index.selection(course="Week 1") is not None
    with pytest.raises(IndexProblem, match=r"Week 2.*Week 1"):
        index.selection(course="Week 2")


def test_only_one_process_writes(world: World) -> None:
    world.write("a.md", *long("a"))
    with (
        single_writer(Layout(world.folder).lock),
        pytest.raises(IndexProblem, match=f"pid {os.getpid()}"),
    ):
        world.ingest()
    world.ingest()


def test_a_missing_path_is_an_error_before_anything_is_done(world: World) -> None:
    with pytest.raises(LecternError, match=r"nowhere\.md"):
        world.ingest(world.course / "nowhere.md")
    assert not world.folder.exists()


def test_progress_ends_complete_and_estimates(world: World) -> None:
    for n in range(4):
        world.write(f"{n}.md", *long(f"f{n}"))
    events: list[Progress] = []
    ingest([world.course], world.folder, encoder=world.encoder, progress=events.append)
    for stage in ("parse", "embed", "commit"):
        last = [e for e in events if e.stage == stage][-1]
        assert last.done == last.total > 0
        assert last.eta_seconds == 0


def test_a_searcher_sees_the_next_generation_without_reopening(world: World) -> None:
    world.write("a.md", *long("a"))
    world.ingest()
    index = world.index
    count = index.read(lambda snapshot, _: snapshot.store.count())
    world.write("b.md", *long("b"))
    world.ingest()
    assert index.read(lambda snapshot, _: snapshot.store.count()) > count


def test_an_interrupted_run_keeps_its_vectors(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write("a.md", *long("a"))

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("ingestion.lexical.LexicalIndex.save", full)
        with pytest.raises(OSError, match="space"):
            world.ingest()
    assert world.encoder.encoded > 0
    report = world.ingest()
    assert (report.new, world.encoder.encoded) == (1, 0)
    world.check()


def test_a_copy_of_a_broken_file_is_as_broken_from_the_first_run_on(world: World) -> None:
    for name in ("a.pdf", "b.pdf"):
        (world.course / name).write_bytes(b"%PDF-1.7 and then nothing")
    first, again = world.ingest(), world.ingest()
    assert [file for file, _ in first.failed] == ["a.pdf", "b.pdf"]
    assert again.failed == first.failed
    assert (first.duplicates, again.duplicates, again.unchanged) == (0, 0, 0)


def test_what_was_refused_is_written_down_once(world: World) -> None:
    world.write("a.md", *long("a"))
    os.mkfifo(world.course / "pipe.md")
    first = world.ingest()
    before = (world.record("pipe.md"), (world.folder / "catalog.sqlite").stat().st_mtime_ns)
    again = world.ingest()
    assert first.failed == again.failed == [("pipe.md", world.record("pipe.md").reason)]
    after = (world.record("pipe.md"), (world.folder / "catalog.sqlite").stat().st_mtime_ns)
    assert after == before


@pytest.mark.parametrize("pattern", ["vectors-*.faiss", "lexical-*/ids.npy"])
@pytest.mark.parametrize("changed", [False, True])
def test_a_damaged_index_is_made_anew_and_that_is_said(
    world: World, pattern: str, changed: bool
) -> None:
    world.write("a.md", *long("a"))
    generation = world.ingest().generation
    (file,) = world.folder.glob(f"version-*/{pattern}")
    file.write_bytes(b"")
    if changed:
        world.write("b.md", *long("b"))
    report = world.ingest()
    assert report.generation == generation + 1
    assert any("made anew" in reason for _, reason in report.warnings)
    world.check()
    assert len(list(world.folder.glob("version-*"))) == 1
    assert (world.ingest().generation, world.encoder.encoded) == (generation + 1, 0)
