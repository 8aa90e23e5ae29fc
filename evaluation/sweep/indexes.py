"""One index for each distinct way of ingesting, shared by the points that ingest that way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from evaluation.retrieval import Progress
from ingestion import progress as events
from ingestion.discovery import discover
from ingestion.pipeline import ingest
from ingestion.settings import IngestionSettings


def documents_key(documents: Sequence[Path]) -> str:
    """Changes whenever a document may have, so that a point is measured again."""
    found = [(f.course, f.path, f.bytes, f.stamp) for f in discover(documents).found]
    return hashlib.sha256(repr(found).encode()).hexdigest()[:12]


class Indexes:
    """The indexes in `folder`, made or brought up to date at their first use in this run."""

    def __init__(self, folder: Path, documents: Sequence[Path], progress: Progress | None) -> None:
        self._folder = folder
        self._documents = documents
        self._progress = progress
        self._ready: set[Path] = set()

    def of(self, settings: IngestionSettings) -> Path:
        """The index folder of these settings, with every document in it."""
        path = self.path(settings)
        if path not in self._ready:
            ingest(self._documents, path, settings=settings, progress=self._show(path.name))
            self._ready.add(path)
        return path

    def path(self, settings: IngestionSettings) -> Path:
        said = [settings.model_dump(mode="json"), list(map(str, self._documents))]
        digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
        return self._folder / f"index-{digest[:12]}"

    def _show(self, name: str) -> events.OnProgress:
        def show(event: events.Progress) -> None:
            if self._progress and event.total:
                self._progress(f"{name}: {event.stage}", event.done, event.total)

        return show
