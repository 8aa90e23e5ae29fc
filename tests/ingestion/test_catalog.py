"""The catalog: all or nothing, what filters admit, what is said of a file that is none."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ingestion.catalog import SCHEMA_VERSION, Catalog, ChunkKey, CourseInfo, FileRecord
from ingestion.errors import IndexProblem
from ingestion.locator import Locator, Span
from ingestion.passage import Chunk


def chunk(text: str, page: int = 1) -> Chunk:
    return Chunk(text, ("Week 1", "Äther"), (Span(0, len(text), Locator.number("page", page)),))


def record(course: str, path: str, format: str = "pdf") -> FileRecord:
    return FileRecord(course, f"/{course}", path, format, title="T", warnings=("page 3 is empty",))


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    catalog = Catalog(tmp_path / "catalog.sqlite", create=True)
    with catalog.transaction():
        for course, path, format in (("b", "x.pdf", "pdf"), ("a", "y.md", "markdown")):
            file_id = catalog.put_file(record(course, path, format))
            for ordinal in range(3):
                catalog.put_chunk(file_id, ordinal, chunk(f"{path} {ordinal}", ordinal + 1))
    return catalog


def test_a_passage_comes_back_as_it_was_stored(catalog: Catalog) -> None:
    first = catalog.file_passages("b", "x.pdf")[0]
    stored = chunk("x.pdf 0")
    assert (first.text, first.headings, first.spans) == (
        stored.text,
        stored.headings,
        stored.spans,
    )
    assert (first.course, first.file, first.format, first.title) == ("b", "x.pdf", "pdf", "T")
    assert catalog.passages([first.chunk_id, 999]) == {first.chunk_id: first}


def test_files_and_courses(catalog: Catalog) -> None:
    assert [(f.course, f.path, f.chunks) for f in catalog.files()] == [
        ("a", "y.md", 3),
        ("b", "x.pdf", 3),
    ]
    assert [f.path for f in catalog.files("b")] == ["x.pdf"]
    assert catalog.files()[0].warnings == ("page 3 is empty",)
    with catalog.transaction():
        catalog.put_file(FileRecord("a", "/a", "bad.pdf", "pdf", status="failed", reason="broken"))
    assert catalog.courses() == [CourseInfo("a", 1, 3), CourseInfo("b", 1, 3)]


def test_an_error_inside_a_transaction_leaves_everything_as_it_was(catalog: Catalog) -> None:
    before = (catalog.files(), catalog.chunk_ids().tolist(), catalog.generation)
    with pytest.raises(ZeroDivisionError), catalog.transaction():
        catalog.drop_file(catalog.files()[0].id)
        catalog.set_meta("generation", "7")
        raise ZeroDivisionError
    assert (catalog.files(), catalog.chunk_ids().tolist(), catalog.generation) == before


def test_another_connection_sees_nothing_before_the_commit(
    catalog: Catalog, tmp_path: Path
) -> None:
    reader = Catalog(tmp_path / "catalog.sqlite")
    with catalog.transaction():
        catalog.set_meta("generation", "1")
        catalog.drop_chunks(catalog.chunk_ids().tolist())
        assert (reader.generation, reader.chunk_count()) == (0, 6)
    assert (reader.generation, reader.chunk_count()) == (1, 0)


def test_a_file_takes_its_chunks_with_it(catalog: Catalog) -> None:
    with catalog.transaction():
        catalog.drop_file(catalog.files("a")[0].id)
    assert {p.course for p in catalog.passages(range(1, 10)).values()} == {"b"}
    assert catalog.chunk_count() == 3


def test_a_chunk_id_is_never_given_twice(catalog: Catalog) -> None:
    """A store may still hold rows of a removed chunk; a new one must not be taken for it."""
    gone = catalog.chunk_ids().tolist()
    with catalog.transaction():
        catalog.drop_chunks(gone)
        fresh = catalog.put_chunk(catalog.files()[0].id, 0, chunk("new"))
    assert fresh > max(gone)


def test_a_file_put_again_is_updated_in_place(catalog: Catalog) -> None:
    (before,) = catalog.files("a")
    with catalog.transaction():
        file_id = catalog.put_file(FileRecord("a", "/a", "y.md", "markdown", sha256="new"))
    (after,) = catalog.files("a")
    assert (file_id, after.sha256, after.chunks) == (before.id, "new", 3)


def test_a_chunk_put_with_its_id_only_moves(catalog: Catalog) -> None:
    (file,) = catalog.files("a")
    key = catalog.chunk_keys(file.id)[1]
    moved = chunk("y.md 1", page=9)
    with catalog.transaction():
        assert catalog.put_chunk(file.id, 5, moved, key.id) == key.id
    assert catalog.chunk_keys(file.id)[-1] == ChunkKey(key.id, moved.hash)
    assert catalog.file_passages("a", "y.md", 5)[0].locator.value == "9"


def test_chunks_by_hash(catalog: Catalog) -> None:
    hashes = [chunk("x.pdf 0").hash, "unknown", *(f"filler{n}" for n in range(1200))]
    (first, *_) = catalog.file_passages("b", "x.pdf")
    assert catalog.ids_by_hash(hashes) == {hashes[0]: first.chunk_id}


@pytest.mark.parametrize(
    ("first", "last", "texts"),
    [(0, None, ["0", "1", "2"]), (1, None, ["1", "2"]), (0, 0, ["0"]), (1, 9, ["1", "2"])],
)
def test_a_stretch_of_a_file(
    catalog: Catalog, first: int, last: int | None, texts: list[str]
) -> None:
    found = catalog.file_passages("b", "x.pdf", first, last)
    assert [p.text.split()[-1] for p in found] == texts


def test_a_selection_names_chunks_and_files(catalog: Catalog) -> None:
    assert catalog.selection() is None
    chosen = catalog.selection(course="b", format="pdf")
    assert chosen is not None
    assert chosen.chunk_ids.tolist() == [p.chunk_id for p in catalog.file_passages("b", "x.pdf")]
    assert chosen.file_ids == (catalog.files("b")[0].id,)
    nothing = catalog.selection(course="b", format="markdown")
    assert nothing is not None
    assert (len(nothing.chunk_ids), nothing.file_ids) == (0, ())


def test_what_is_no_catalog_is_named_with_a_remedy(tmp_path: Path) -> None:
    file = tmp_path / "catalog.sqlite"
    with pytest.raises(IndexProblem, match="There is no index in") as caught:
        Catalog(file)
    assert "lectern ingest" in caught.value.remedy
    assert not file.exists(), "looking must not make one"
    file.write_bytes(b"this is no database" * 100)
    with pytest.raises(IndexProblem, match=r"catalog\.sqlite cannot be read") as caught:
        Catalog(file)
    assert caught.value.remedy


def test_a_catalog_of_another_format_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    catalog.close()
    with sqlite3.connect(tmp_path / "catalog.sqlite") as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(IndexProblem, match=f"has format {SCHEMA_VERSION + 1}"):
        Catalog(tmp_path / "catalog.sqlite")


def test_nobody_is_told_to_delete_a_catalog_that_is_whole(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder without write permission, or a full disk, is no damage."""
    folder = Path(catalog._db.execute("PRAGMA database_list").fetchone()[2]).parent
    catalog.close()

    def read_only(file: Path, **options: Any) -> sqlite3.Connection:
        return connect(f"file:{file}?mode=ro", uri=True, **options)

    connect = sqlite3.connect
    with closing(connect(folder / "catalog.sqlite")) as db:
        db.execute("PRAGMA journal_mode = DELETE")  # to open it now is to change it
    monkeypatch.setattr(sqlite3, "connect", read_only)
    with pytest.raises(IndexProblem, match="cannot be opened") as caught:
        Catalog(folder / "catalog.sqlite")
    assert "free disk space" in caught.value.remedy
    assert "Delete" not in caught.value.remedy
