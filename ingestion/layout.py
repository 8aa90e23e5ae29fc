"""What lies where in an index directory.

catalog.sqlite          the truth (see `ingestion.catalog`)
writer.lock             held by the one process that writes
pending.sqlite          vectors of an ingest that has not committed yet
version-<signature>/    vectors and lexical index of one pipeline, named by generation
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    folder: Path

    @property
    def catalog(self) -> Path:
        return self.folder / "catalog.sqlite"

    @property
    def lock(self) -> Path:
        return self.folder / "writer.lock"

    @property
    def pending(self) -> Path:
        return self.folder / "pending.sqlite"

    def version(self, signature: str) -> Path:
        """The folder of one pipeline signature."""
        return self.folder / f"version-{signature}"

    def lexical(self, signature: str, generation: int) -> Path:
        return self.version(signature) / f"lexical-{generation}"
