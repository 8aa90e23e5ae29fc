"""What is FAISS's own: files, damage, and living in one process with PyTorch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from contract import DIMENSION, commit, rows, unit_vectors

from ingestion.errors import IndexProblem
from ingestion.stores.faiss_store import FaissStore


@pytest.fixture
def store(tmp_path: Path) -> FaissStore:
    made = FaissStore(tmp_path / "vectors", DIMENSION)
    commit(made, 1, dict(enumerate(unit_vectors(100), 1)))
    return made


def names(store: FaissStore) -> list[str]:
    return sorted(path.name for path in store.folder.iterdir())


def test_settle_leaves_one_file(store: FaissStore) -> None:
    store.stage(2, rows([101]), unit_vectors(1), [1])
    (store.folder / "vectors-3.faiss.partial").write_bytes(b"half")
    assert names(store) == ["vectors-1.faiss", "vectors-2.faiss", "vectors-3.faiss.partial"]
    store.settle(1, np.arange(1, 101))
    assert names(store) == ["vectors-1.faiss"]


@pytest.mark.parametrize("keep", [0, 10, 60, 3000, -1])
def test_a_cut_file_is_named_with_its_remedy(store: FaissStore, keep: int) -> None:
    path = store.path(1)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(IndexProblem, match=r"vectors-1\.faiss is damaged.*lectern ingest"):
        store.open(1)
    assert store.count() == 100, "the generation that was open stays open"


def test_a_file_of_something_else_is_refused(store: FaissStore) -> None:
    store.path(1).write_bytes(b"PK\x03\x04" + bytes(range(256)) * 40)
    with pytest.raises(IndexProblem, match="damaged"):
        store.open(1)


def test_a_missing_file_is_named_with_its_remedy(store: FaissStore) -> None:
    with pytest.raises(IndexProblem, match=r"vectors-4\.faiss is missing.*lectern ingest"):
        store.open(4)


def test_another_dimension_is_refused(store: FaissStore) -> None:
    with pytest.raises(IndexProblem, match="8 dimensions"):
        FaissStore(store.folder, 8).open(1)


def test_an_unwritable_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "vectors" / "vectors-1.faiss.partial").mkdir(parents=True)
    store = FaissStore(tmp_path / "vectors", DIMENSION)
    with pytest.raises(IndexProblem, match="cannot be written"):
        store.stage(1, rows([1]), unit_vectors(1), [])


BOTH = """
import sys, threading
{imports}
import numpy as np
from pathlib import Path
from ingestion.stores.base import Row
from ingestion.stores.faiss_store import FaissStore

torch.set_num_threads(2)
store = FaissStore(Path(sys.argv[1]), 64)
x = np.eye(64, dtype=np.float32).repeat(50, 0)
store.stage(1, [Row(i, 0, "", "", "") for i in range(len(x))], x, [])
store.open(1)

def work(n):
    for _ in range(20):
        a = torch.randn(200, 200)
        assert torch.allclose((a @ a).T, a.T @ a.T, atol=1e-2)
        assert store.search(x[n * 50], 1)[0].score == 1.0

workers = [threading.Thread(target=work, args=(n,)) for n in range(4)]
[w.start() for w in workers]
[w.join() for w in workers]
work(0)
assert torch.get_num_threads() == 2, torch.get_num_threads()
print("done")
"""


@pytest.mark.parametrize("imports", ["import torch, faiss", "import faiss, torch"])
def test_it_searches_beside_pytorch_in_threads(tmp_path: Path, imports: str) -> None:
    program = [sys.executable, "-c", BOTH.replace("{imports}", imports), str(tmp_path)]
    result = subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)
    assert result.stdout.strip() == "done", result.stderr
