"""What is Chroma's own: recall, silence on the network, and killed writers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from chroma_server import chroma_server
from contract import DIMENSION, assert_searches_like, commit, rows, unit_vectors

from ingestion.errors import IndexProblem
from ingestion.stores import chroma_store
from ingestion.stores.base import Selection, Vectors
from ingestion.stores.chroma_store import ChromaStore


def clustered(n: int, dimension: int) -> Vectors:
    """Half of them anywhere, half in 50 clusters."""
    random = np.random.default_rng(0)
    centers = unit_vectors(50, seed=1, dimension=dimension)[random.integers(0, 50, n // 2)]
    near = centers + 0.5 * unit_vectors(n // 2, seed=2, dimension=dimension)
    x = np.concatenate([unit_vectors(n // 2, dimension=dimension), near])
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), np.float32)


def test_recall_against_exact_search_is_at_least_99_percent(tmp_path: Path) -> None:
    x = clustered(5000, 384)
    store = ChromaStore(tmp_path / "vectors", None, 384)
    store.stage(1, rows(range(5000)), x, [])
    store.open(1)
    queries = np.concatenate([x[::50], unit_vectors(100, seed=3, dimension=384)])
    found = 0
    for query in queries:
        exact = x @ query
        hits = store.search(query, 10)
        found += len({hit.chunk_id for hit in hits} & set(np.argsort(-exact)[:10].tolist()))
        for hit in hits:
            assert hit.score == pytest.approx(float(exact[hit.chunk_id]), abs=1e-4)
    assert found / (10 * len(queries)) >= 0.99


def test_a_selection_too_long_to_send_is_applied_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chroma_store, "LONGEST_LIST", 3)
    x = unit_vectors(200)
    store = ChromaStore(tmp_path / "vectors", None, DIMENSION)
    commit(store, 1, dict(enumerate(x)))
    odd = np.arange(1, 200, 2, dtype=np.int64)
    query = unit_vectors(1, seed=4)[0]
    hits = store.search(query, 30, Selection(odd, tuple(range(20))))
    assert [hit.chunk_id for hit in hits] == odd[np.argsort(-(x[odd] @ query))[:30]].tolist()


def test_hidden_rows_do_not_crowd_out_the_live_ones(tmp_path: Path) -> None:
    held = dict(enumerate(unit_vectors(50, seed=1), 1))
    near = unit_vectors(1) + 0.1 * unit_vectors(300, seed=2)
    near = np.asarray(near / np.linalg.norm(near, axis=1, keepdims=True), np.float32)
    store = ChromaStore(tmp_path / "vectors", None, DIMENSION)
    commit(store, 1, held)
    store.stage(2, rows(range(100, 400)), near, [])
    assert_searches_like(store, held, near[0], 5)
    assert_searches_like(store, held, near[0], 60)


SILENT = """
import json, os, socket, sys
from pathlib import Path

seen = []

def hook(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        seen.append([event, str(arguments[1:] if event != "socket.getaddrinfo" else arguments[0])])

sys.addaudithook(hook)
import numpy as np
from ingestion.stores.base import Row
from ingestion.stores.chroma_store import ChromaStore

store = ChromaStore(Path(sys.argv[1]), None, 4)
assert store._client.get_settings().anonymized_telemetry is False
store.stage(1, [Row(1, 1, "c", "f", "md")], np.eye(4, dtype=np.float32)[:1], [])
store.open(1)
assert store.search(np.eye(4, dtype=np.float32)[0], 1)[0].chunk_id == 1
store.settle(1, np.array([1]))

# The compiled core of Chroma passes no audit hook: look at what it holds open as well.
inodes = set()
if sys.platform == "linux":
    links = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
             if os.path.islink(f"/proc/self/fd/{fd}")]
    inodes = {link[8:-1] for link in links if link.startswith("socket:[")}
    for name in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/self/net/{name}").read_text().splitlines()[1:]:
            if line.split()[9] in inodes:
                seen.append([name, line])
store.close()
print(json.dumps(seen))
"""


def test_nothing_is_sent_to_anybody(tmp_path: Path) -> None:
    program = [sys.executable, "-c", SILENT, str(tmp_path / "vectors")]
    result = subprocess.run(program, capture_output=True, text=True, timeout=120, check=True)
    assert json.loads(result.stdout.splitlines()[-1]) == []


WRITER = """
import sys
from contract import DIMENSION, rows, unit_vectors
from ingestion.stores import chroma_store

chroma_store.BATCH = 20
store = chroma_store.ChromaStore(None, sys.argv[1], DIMENSION, sys.argv[2])
store.open(1)
store.stage(2, rows(range(101, 20101)), unit_vectors(20000, seed=1), list(range(1, 51)))
print("finished")
"""


def test_a_writer_killed_at_the_server_leaves_the_old_generation(server: str) -> None:
    held = dict(enumerate(unit_vectors(100), 1))
    store = ChromaStore(None, server, DIMENSION, "killed")
    commit(store, 1, held)
    collection = store._client.get_collection("killed", embedding_function=None)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, server, "killed"],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": f"{Path(__file__).parent}:{Path(__file__).parents[3]}"},
    )
    try:
        while collection.count() < 200:
            assert writer.poll() is None, "the writer ended before it could be killed"
    finally:
        writer.send_signal(signal.SIGKILL)
        output = writer.communicate()[0]
    assert output == b"" and 200 <= collection.count() < 20100

    after = ChromaStore(None, server, DIMENSION, "killed")
    after.open(1)
    for query in unit_vectors(5, seed=1):
        assert_searches_like(after, held, query, 100)
    after.settle(1, np.array(list(held), np.int64))
    assert collection.count() == 100
    again = {101: unit_vectors(1, seed=9)[0]}
    commit(after, 2, again, removed=[100])
    live = {i: v for i, v in (held | again).items() if i != 100}
    assert after.count() == 100
    for query in unit_vectors(5, seed=1):
        assert_searches_like(after, live, query, 100)


def test_rows_the_catalog_does_not_know_are_swept(tmp_path: Path) -> None:
    store = ChromaStore(tmp_path / "vectors", None, DIMENSION)
    commit(store, 1, dict(enumerate(unit_vectors(30), 1)))
    store.settle(1, np.arange(1, 21))
    assert store.count() == 20
    with pytest.raises(KeyError, match="21"):
        store.vectors([21])


def test_an_absent_server_is_named(tmp_path: Path) -> None:
    with pytest.raises(IndexProblem, match=r"127\.0\.0\.1:9 .*chroma run --port 9"):
        ChromaStore(None, "http://127.0.0.1:9", DIMENSION)
    with pytest.raises(ValueError, match="address of a Chroma server"):
        ChromaStore(None, "localhost:8000", DIMENSION)


def test_a_server_that_goes_away_is_named(tmp_path: Path) -> None:
    with chroma_server(tmp_path / "data") as url:
        store = ChromaStore(None, url, DIMENSION)
        commit(store, 1, {1: unit_vectors(1)[0]})
    with pytest.raises(IndexProblem, match=f"{url} failed.*try again"):
        store.search(unit_vectors(1)[0], 1)


def test_a_missing_collection_is_named(tmp_path: Path) -> None:
    store = ChromaStore(tmp_path / "vectors", None, DIMENSION)
    with pytest.raises(IndexProblem, match=r"no collection 'lectern'.*lectern ingest"):
        store.open(1)


def test_a_damaged_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "vectors").mkdir()
    (tmp_path / "vectors" / "chroma.sqlite3").write_bytes(b"not a database" * 1000)
    with pytest.raises(IndexProblem, match=r"vectors failed.*lectern ingest"):
        ChromaStore(tmp_path / "vectors", None, DIMENSION)


def test_another_dimension_is_refused_until_the_store_is_cleared(tmp_path: Path) -> None:
    store = ChromaStore(tmp_path / "vectors", None, DIMENSION)
    commit(store, 1, {1: unit_vectors(1)[0]})
    other = ChromaStore(tmp_path / "vectors", None, 8)
    with pytest.raises(IndexProblem, match="16 dimensions, not 8"):
        other.open(1)
    store.settle(0, np.empty(0, np.int64))
    narrow = unit_vectors(1, dimension=8)
    other.stage(1, rows([1]), narrow, [])
    other.open(1)
    assert other.search(narrow[0], 1)[0].chunk_id == 1
