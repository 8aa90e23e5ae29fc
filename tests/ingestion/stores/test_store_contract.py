"""The store contract over FAISS, embedded Chroma and a Chroma server."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from contract import DIMENSION, Make, StoreContract

from ingestion.stores.factory import open_store

fresh = itertools.count()


class TestFaiss(StoreContract):
    @pytest.fixture
    def make(self, tmp_path: Path) -> Make:
        return lambda: open_store("faiss", tmp_path / "vectors", DIMENSION)


class TestChroma(StoreContract):
    @pytest.fixture
    def make(self, tmp_path: Path) -> Make:
        return lambda: open_store("chroma", tmp_path / "vectors", DIMENSION)


class TestChromaServer(StoreContract):
    @pytest.fixture
    def make(self, tmp_path: Path, server: str) -> Make:
        name = f"contract-{next(fresh)}"
        return lambda: open_store("chroma", tmp_path, DIMENSION, url=server, collection=name)
