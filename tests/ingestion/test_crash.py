"""Killed at any moment, the index is the old one or the new one, and the next run finishes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from stub_encoder import StubEncoder

from ingestion.index import Index
from ingestion.layout import Layout
from ingestion.pipeline import ingest
from ingestion.settings import IngestionSettings

KILLS = 50
CHILD = Path(__file__).with_name("ingest_until_killed.py")
TESTS = Path(__file__).resolve().parents[1]
# -P keeps tests/ingestion from being taken for the package of that name.
COMMAND = [sys.executable, "-P", str(CHILD)]
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS}"}
State = dict[str, tuple[str, ...]]


def rewrite(course: Path, version: int, rng: random.Random) -> None:
    """Some files change, one goes, one comes."""
    for n in range(6):
        if version == 0 or rng.random() < 0.6:
            words = [f"v{version}f{n}w{rng.randrange(10**6)}" for _ in range(60)]
            lines = [" ".join(words[at : at + 20]) + "." for at in range(0, 60, 20)]
            (course / f"{n}.md").write_text("\n\n".join(lines))
    (course / f"new{version}.txt").write_text(f"Only version {version} has this file.")
    (course / f"new{version - 2}.txt").unlink(missing_ok=True)


def state(folder: Path) -> State:
    """Every file's texts, as search finds them; checks that all three parts agree."""
    if not Layout(folder).catalog.is_file():
        return {}
    index = Index(folder, encoder=StubEncoder(window=48))
    found: State = {}
    for record in index.files():
        passages = index.file_passages(record.course, record.path)
        found[record.path] = tuple(p.text for p in passages)
    ids = {
        i
        for r in index.files()
        for i in [p.chunk_id for p in index.file_passages(r.course, r.path)]
    }
    if ids:

        def search_all(snapshot: object, catalog: object) -> None:
            store, lexical = snapshot.store, snapshot.lexical  # type: ignore[attr-defined]
            query = index.encoder.encode(["anything"])[0]
            hits = {hit.chunk_id for hit in store.search(query, 10_000)}
            assert ids <= hits, "a committed chunk cannot be found by vector"
            assert set(lexical.ids.tolist()) == ids
            assert store.vectors(sorted(ids)).shape == (len(ids), 32)

        index.read(search_all)
    index.close()
    return found


def finish(course: Path, folder: Path, settings: IngestionSettings) -> State:
    ingest([course], folder, settings=settings, encoder=StubEncoder(window=48))
    return state(folder)


def kill_once(course: Path, folder: Path, delay: float, chroma_url: str = "") -> bool:
    """Run an ingest and SIGKILL it `delay` seconds after it began. True if it had not finished."""
    with subprocess.Popen(
        [*COMMAND, str(course), str(folder), chroma_url],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.read(2) == b"go"
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        return b"done" not in child.stdout.read()


def seconds_to_finish(course: Path, folder: Path, chroma_url: str = "") -> float:
    """How long an ingest that nobody kills takes, start-up not counted."""
    with subprocess.Popen(
        [*COMMAND, str(course), str(folder), chroma_url], stdout=subprocess.PIPE, env=ENVIRONMENT
    ) as child:
        assert child.stdout is not None
        assert child.stdout.read(2) == b"go"
        start = time.monotonic()
        assert child.stdout.read() == b"done"
        return time.monotonic() - start


@pytest.mark.slow
def test_sigkill_at_random_moments(tmp_path: Path) -> None:
    rng = random.Random(7)
    course, folder = tmp_path / "course", tmp_path / "index"
    course.mkdir()
    settings = IngestionSettings()
    rewrite(course, 0, rng)
    span = seconds_to_finish(course, folder)
    old = state(folder)
    assert old, "left to itself, the child finishes"
    interrupted = 0
    for version in range(1, KILLS + 1):
        rewrite(course, version, rng)
        interrupted += kill_once(course, folder, rng.uniform(0, span))
        seen = state(folder)
        new = finish(course, folder, settings)
        assert seen in (old, new), f"kill {version} left something between"
        names = sorted(p.name for p in folder.iterdir())
        assert [n for n in names if not n.startswith("version-")] == [
            "catalog.sqlite",
            "writer.lock",
        ]
        (version_folder,) = folder.glob("version-*")
        assert len(list(version_folder.iterdir())) == 2, "one vector file, one lexical index"
        old = new
    assert interrupted >= KILLS // 3, "most kills came too late to test anything"
