"""SIGKILL while an ingest writes to a Chroma server: old or new, never between; no orphans."""

from __future__ import annotations

import random
from pathlib import Path
from urllib.parse import urlsplit

import chromadb
import pytest
from chroma_server import chroma_server
from chromadb.config import Settings
from test_crash import finish, kill_once, rewrite, seconds_to_finish, state

from ingestion.settings import IngestionSettings

KILLS = 8


def rows_by_collection(url: str) -> dict[str, int]:
    parts = urlsplit(url)
    client = chromadb.HttpClient(
        host=parts.hostname, port=parts.port, settings=Settings(anonymized_telemetry=False)
    )
    return {each.name: each.count() for each in client.list_collections()}


@pytest.mark.slow
def test_sigkill_of_a_server_write(tmp_path: Path) -> None:
    rng = random.Random(11)
    course, folder = tmp_path / "course", tmp_path / "index"
    course.mkdir()
    with chroma_server(tmp_path / "server") as url:
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
            interrupted += kill_once(course, folder, rng.uniform(0.5, 1.0) * span, url)
            seen = state(folder)
            new = finish(course, folder, settings)
            assert seen in (old, new), f"kill {version} left something between"
            (held,) = rows_by_collection(url).values()
            assert held == sum(map(len, new.values())), "the next run removes orphans"
            assert not (folder / "pending.sqlite").exists()
            old = new
    assert interrupted >= KILLS // 3, "most kills came too late to test anything"
