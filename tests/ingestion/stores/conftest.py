from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chroma_server import chroma_server
from langchain_core.embeddings import Embeddings

from ingestion.stores.langchain import ChromaVectorStore, FaissVectorStore, LecternVectorStore

fresh = itertools.count()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chroma_server(tmp_path_factory.mktemp("server") / "data") as url:
        yield url


@pytest.fixture(params=["faiss", "chroma", "chroma server"])
def make_vectorstore(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Callable[[Embeddings], LecternVectorStore]:
    """A LangChain store by its embeddings; each call opens the same data."""
    if request.param == "faiss":
        return lambda embedding: FaissVectorStore(embedding, tmp_path)
    if request.param == "chroma":
        return lambda embedding: ChromaVectorStore(embedding, tmp_path)
    url, name = request.getfixturevalue("server"), f"langchain-{next(fresh)}"
    return lambda embedding: ChromaVectorStore(embedding, tmp_path, url, name)
