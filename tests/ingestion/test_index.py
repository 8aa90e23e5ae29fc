"""An index opened for searching: damage is named, and other processes and threads do no harm."""

from __future__ import annotations

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from stub_encoder import StubEncoder
from test_crash import COMMAND, ENVIRONMENT

from ingestion.catalog import Catalog
from ingestion.errors import IndexProblem
from ingestion.index import Index, Snapshot
from ingestion.layout import Layout
from ingestion.pipeline import ingest
from ingestion.settings import IngestionSettings
from ingestion.stores.base import Hit


def paragraphs(stem: str, count: int = 3) -> str:
    return "\n\n".join(" ".join(f"{stem}{p}x{n}" for n in range(30)) + "." for p in range(count))


def write(path: Path, stem: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(paragraphs(stem))
    return path


def encoder(signature: str = "stub-1") -> StubEncoder:
    return StubEncoder(signature, window=48)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a course and its index, to be copied by whoever changes it."""
    folder = tmp_path_factory.mktemp("index")
    write(folder / "course" / "a.md", "a")
    write(folder / "course" / "b.md", "b")
    ingest([folder / "course"], folder / "index", encoder=encoder())
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """The index alone: its files are where they were."""
    return shutil.copytree(made / "index", tmp_path / "index")


def search(index: Index, text: str = "a1x3") -> list[Hit]:
    vector = index.encoder.encode([text])[0]
    return index.read(lambda snapshot, catalog: snapshot.store.search(vector, 10))


def test_no_index_and_an_empty_one_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(IndexProblem, match="There is no index in") as caught:
        Index(tmp_path / "none")
    assert "lectern ingest" in caught.value.remedy
    assert not (tmp_path / "none").exists()
    Catalog(tmp_path / "catalog.sqlite", create=True).close()  # a first ingest killed early
    with pytest.raises(IndexProblem, match="is empty") as caught:
        search(Index(tmp_path, encoder=encoder()))
    assert "lectern ingest" in caught.value.remedy


def test_another_encoder_than_it_was_made_with_is_refused(folder: Path) -> None:
    index = Index(folder, encoder=encoder("stub-2"))
    with pytest.raises(IndexProblem, match=r"made with stub .*stub-1.*stub-2") as caught:
        _ = index.encoder
    assert "lectern ingest" in caught.value.remedy


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "overwritten"])
@pytest.mark.parametrize(
    "pattern",
    [
        "vectors-*.faiss",
        "lexical-*/weights.data.npy",
        "lexical-*/ids.npy",
        "lexical-*/vocabulary.json",
    ],
)
def test_a_damaged_file_is_named_with_a_remedy(folder: Path, pattern: str, damage: str) -> None:
    (file,) = folder.glob(f"version-*/{pattern}")
    match damage:
        case "missing":
            file.unlink()
        case "empty":
            file.write_bytes(b"")
        case "cut":
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        case "overwritten":
            file.write_bytes(b"\x00" * file.stat().st_size)
    with pytest.raises(IndexProblem) as caught:
        search(Index(folder, encoder=encoder()))
    assert pattern.split("*")[0] in caught.value.what
    assert caught.value.remedy


def test_the_remedy_for_a_damaged_store_helps(made: Path, folder: Path) -> None:
    (file,) = folder.glob("version-*/vectors-*.faiss")
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(IndexProblem, match="Run `lectern ingest` again to rebuild it"):
        search(Index(folder, encoder=encoder()))
    ingest([made / "course"], folder, encoder=encoder())
    assert search(Index(folder, encoder=encoder()))


def test_a_searcher_follows_a_writer_in_another_process(tmp_path: Path) -> None:
    course, folder = tmp_path / "course", tmp_path / "index"
    write(course / "a.md", "a")
    ingest([course], folder, encoder=encoder())
    index = Index(folder, encoder=encoder())
    before = {hit.chunk_id for hit in search(index)}
    (course / "a.md").unlink()
    write(course / "b.md", "b")
    command = [*COMMAND, str(course), str(folder), ""]
    subprocess.run(command, env=ENVIRONMENT, check=True, capture_output=True)
    after = [hit.chunk_id for hit in search(index, "b1x3")]
    assert after
    assert not before & set(after)
    found = index.passages(after)
    assert {p.file for p in found.values()} == {"b.md"}
    assert [r.path for r in index.files()] == ["b.md"]


def test_a_filter_is_remembered_until_a_file_is_added(tmp_path: Path) -> None:
    write(tmp_path / "course" / "a.md", "a")
    ingest([tmp_path / "course"], tmp_path / "index", encoder=encoder())
    index = Index(tmp_path / "index", encoder=encoder())
    before = index.selection(course="course")
    assert before is not None and index.selection(course="course") is before

    write(tmp_path / "course" / "b.md", "b")
    ingest([tmp_path / "course"], tmp_path / "index", encoder=encoder())
    after = index.selection(course="course")
    assert after is not None and len(after.chunk_ids) == index.chunk_count()
    assert len(after.file_ids) == 2


def test_a_commit_in_the_midst_of_a_search_makes_it_start_again(tmp_path: Path) -> None:
    course, folder = tmp_path / "course", tmp_path / "index"
    write(course / "a.md", "a")
    ingest([course], folder, encoder=encoder())
    index = Index(folder, encoder=encoder())
    seen: list[tuple[int, list[str]]] = []

    def work(snapshot: Snapshot, catalog: Catalog) -> list[str]:
        hits = snapshot.store.search(encoder().encode(["b1x3"])[0], 10)
        if not seen:
            write(course / "a.md", "b")
            ingest([course], folder, encoder=encoder())
        texts = sorted(p.text for p in catalog.passages([h.chunk_id for h in hits]).values())
        seen.append((snapshot.generation, texts))
        return texts

    texts = index.read(work)
    assert [generation for generation, _ in seen] == [1, 2]
    assert len(texts) == 3
    assert all(text.startswith("b") for text in texts)


def test_a_commit_in_the_midst_of_a_chroma_search_makes_it_start_again(tmp_path: Path) -> None:
    course, folder, settings = (
        tmp_path / "course",
        tmp_path / "index",
        IngestionSettings(store="chroma"),
    )
    write(course / "a.md", "a")
    ingest([course], folder, settings=settings, encoder=encoder())
    index = Index(folder, encoder=encoder())
    rounds: list[list[int]] = []

    def work(snapshot: Snapshot, catalog: Catalog) -> int:
        rounds.append(snapshot.lexical.ids.tolist())
        if len(rounds) == 1:
            write(course / "a.md", "b")
            ingest([course], folder, settings=settings, encoder=encoder())
        return len(snapshot.store.vectors(rounds[-1]))

    assert index.read(work) == 3
    assert len(rounds) == 2


def test_an_index_that_never_stands_still_is_given_up(folder: Path) -> None:
    index = Index(folder, encoder=encoder())

    def work(snapshot: Snapshot, catalog: Catalog) -> None:
        path = folder / f"version-{snapshot.signature}"
        for name in ("vectors-{}.faiss", "lexical-{}"):
            old, new = (path / name.format(snapshot.generation + n) for n in (0, 1))
            old.rename(new)
        with catalog.transaction():
            catalog.set_meta("generation", str(snapshot.generation + 1))

    with pytest.raises(IndexProblem, match="keeps changing"):
        index.read(work)


def test_several_threads_search_while_another_writes(tmp_path: Path) -> None:
    course, folder = tmp_path / "course", tmp_path / "index"
    write(course / "a.md", "a")
    ingest([course], folder, encoder=encoder())
    index = Index(folder, encoder=encoder())

    def ask(_: int) -> int:
        hits = search(index)
        assert index.files()
        return len(hits)

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, n) for n in range(24)]
        for n in range(3):
            write(course / f"new{n}.md", f"new{n}")
            ingest([course], folder, encoder=encoder())
            asked += [pool.submit(ask, n) for n in range(8)]
        counts = [future.result() for future in asked]
    assert set(counts) <= {3, 6, 9, 10}, "each search saw one whole generation"
    assert len(search(index)) == 10


def test_a_closed_index_lets_go_of_its_files(folder: Path) -> None:
    index = Index(folder, encoder=encoder())
    assert search(index)
    index.close()
    assert Layout(folder).catalog.is_file()
    assert not list(folder.glob("*-wal")), "the last connection has folded the log back"
