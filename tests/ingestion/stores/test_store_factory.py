from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ingestion.errors import IndexProblem
from ingestion.stores.factory import open_store


@pytest.mark.parametrize(
    ("kind", "module", "package"),
    [("faiss", "faiss", "faiss-cpu"), ("chroma", "chromadb", "chromadb")],
)
def test_an_absent_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, module: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(IndexProblem, match=f"pip install {package}"):
        open_store(kind, tmp_path, 8)  # type: ignore[arg-type]


def test_an_unknown_store_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(IndexProblem, match=r"'milvus'.*faiss, chroma"):
        open_store("milvus", tmp_path, 8)  # type: ignore[arg-type]


def test_faiss_with_a_url_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IndexProblem, match="no server"):
        open_store("faiss", tmp_path, 8, url="http://localhost:8000")
