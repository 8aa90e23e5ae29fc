"""The store by its name in the settings."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

from ingestion.errors import IndexProblem
from ingestion.stores.base import Store

StoreKind = Literal["faiss", "chroma"]

PACKAGES = {"faiss": ("faiss", "faiss-cpu"), "chroma": ("chromadb", "chromadb")}
"""Import name and name in the package index."""


def open_store(
    kind: StoreKind,
    folder: Path,
    dimension: int,
    url: str | None = None,
    collection: str = "lectern",
) -> Store:
    """The store named `kind`, still at the empty generation 0.

    `folder` holds the files of an embedded store; `url` is a Chroma server's and replaces it;
    `collection` names the index there: two indexes on one server need two names, or each clears
    away what the other wrote. Raises `IndexProblem` for an unknown kind, an absent
    package, or a server that does not answer.
    """
    if kind not in PACKAGES:
        choices = ", ".join(get_args(StoreKind))
        raise IndexProblem(f"There is no vector store {kind!r}.", f"Choose one of {choices}.")
    _require(kind)
    if kind == "chroma":
        from ingestion.stores.chroma_store import ChromaStore

        return ChromaStore(None if url else folder, url, dimension, collection)
    if url is not None:
        raise IndexProblem(
            f"The vector store 'faiss' has no server, but {url} was given.",
            "Choose the store 'chroma', or leave the URL out.",
        )
    from ingestion.stores.faiss_store import FaissStore

    return FaissStore(folder, dimension)


def drop_other_collections(url: str, prefix: str, keep: str) -> None:
    """Delete a Chroma server's collections called `prefix…`, except `keep`.

    Raises `IndexProblem` where that cannot be done.
    """
    _require("chroma")
    from ingestion.stores.chroma_store import drop_collections

    drop_collections(url, prefix, keep)


def _require(kind: StoreKind) -> None:
    module, package = PACKAGES[kind]
    if find_spec(module) is None:
        raise IndexProblem(
            f"The vector store {kind!r} needs the package {package}, which is not installed.",
            f"Run `pip install {package}`.",
        )
