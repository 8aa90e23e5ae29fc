"""A version of the index: what one pipeline (readers, chunking, encoder, store) makes of files."""

from __future__ import annotations

import hashlib

from ingestion.catalog import Catalog
from ingestion.chunking import CHUNKING_VERSION
from ingestion.encoders.base import Encoder
from ingestion.layout import Layout
from ingestion.settings import IngestionSettings
from ingestion.stores.base import Store
from ingestion.stores.factory import open_store

READING_VERSION = 1
"""Part of the pipeline signature: raise it when readers give other blocks for the same file."""


def pipeline_signature(encoder: Encoder, settings: IngestionSettings) -> str:
    """Whatever changes chunks or vectors changes this, and so makes another index version.

    A version made anew because it was damaged has `-` and a number after it.
    """
    parts = (
        encoder.signature,
        settings.chunk_tokens,
        *(() if settings.heading_trail else ("no heading trail",)),
        CHUNKING_VERSION,
        READING_VERSION,
        settings.store,
        settings.chroma_url or "",
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def open_version_store(
    layout: Layout, catalog: Catalog, signature: str, dimension: int, settings: IngestionSettings
) -> Store:
    """The store of one pipeline version, at generation 0."""
    collection = collection_prefix(catalog) + signature
    folder = layout.version(signature)
    folder.mkdir(parents=True, exist_ok=True)
    return open_store(settings.store, folder, dimension, settings.chroma_url, collection)


def collection_prefix(catalog: Catalog) -> str:
    """How the Chroma collections of all versions of this index are called."""
    return f"lectern-{catalog.meta('index_id')}-"
