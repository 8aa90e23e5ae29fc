"""SIGKILL while an ingest writes to a Chroma server: old or new, never between; no orphans."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import chromadb
import pytest
from chroma_server import chroma_server
from chromadb.config import Settings
from stub_encoder import StubEncoder
from test_crash import finish, kill_once, rewrite, seconds_to_finish, state

from ingestion.catalog import Catalog
from ingestion.layout import Layout
from ingestion.pipeline import ingest
from ingestion.settings import IngestionSettings

KILLS = 8


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chroma_server(tmp_path_factory.mktemp("server") / "data") as address:
        yield address


def rows_by_collection(url: str, folder: Path) -> dict[str, int]:
    """Of the index in `folder`, whatever version of it they belong to."""
    mine = f"lectern-{Catalog(Layout(folder).catalog).meta('index_id')}-"
    parts = urlsplit(url)
    client = chromadb.HttpClient(
        host=parts.hostname, port=parts.port, settings=Settings(anonymized_telemetry=False)
    )
    return {
        each.name: each.count() for each in client.list_collections() if each.name.startswith(mine)
    }


@pytest.mark.slow
def test_sigkill_of_a_server_write(url: str, tmp_path: Path) -> None:
    rng = random.Random(11)
    course, folder = tmp_path / "course", tmp_path / "index"
    course.mkdir()
    settings = IngestionSettings(store="chroma", chroma_url=url)
    rewrite(course, 0, rng)
    seconds_to_finish(course, folder, url)
    rewrite(course, 1, rng)
    span = seconds_to_finish(course, folder, url)  # of a run that only changes something
    old = state(folder)
    interrupted = 0
    for version in range(2, KILLS + 2):
        rewrite(course, version, rng)
        # The first half is start-up and parsing, which the other crash test covers.
        if kill_once(course, folder, rng.uniform(0.5, 1.0) * span, url):
            interrupted += 1
        else:
            span *= 0.8  # the machine was busier when it was timed
        seen = state(folder)
        new = finish(course, folder, settings)
        assert seen in (old, new), f"kill {version} left something between"
        (held,) = rows_by_collection(url, folder).values()
        assert held == sum(map(len, new.values())), "the next run removes orphans"
        assert not (folder / "pending.sqlite").exists()
        old = new
    assert interrupted >= KILLS // 3, "most kills came too late to test anything"


def test_a_server_keeps_no_collection_of_an_older_version(url: str, tmp_path: Path) -> None:
    course, folder = tmp_path / "course", tmp_path / "index"
    course.mkdir()
    rewrite(course, 0, random.Random(1))
    settings = IngestionSettings(store="chroma", chroma_url=url)
    for signature in ("stub-1", "stub-2"):
        ingest([course], folder, settings=settings, encoder=StubEncoder(signature, window=48))
    assert len(rows_by_collection(url, folder)) == 1
