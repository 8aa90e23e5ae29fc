"""An index as it would be without some of its documents, for questions they alone could answer.

Searching it is searching what an ingest without those documents would have made: BM25 is computed
anew over the chunks that remain, word statistics and mean length included, and the vector search is
restricted to them before it takes its candidates. `tests/evaluation/test_abstention_left_out.py`
holds the results equal, scores and all, to those of an index made without the document.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar

import numpy as np

from evaluation.sources import SourceFile
from ingestion.catalog import Catalog
from ingestion.encoders.base import Encoder
from ingestion.errors import IndexProblem
from ingestion.index import Index, Snapshot
from ingestion.stores.base import Ids, Selection

Result = TypeVar("Result")


class IndexWithout(Index):
    """The index in `folder` as searched without `files`, its documents (course, path) left out.

    Raises `IndexProblem` where the index does not hold one of them.
    """

    def __init__(
        self, folder: Path, files: Collection[SourceFile], encoder: Encoder | None = None
    ) -> None:
        super().__init__(folder, encoder=encoder)
        records = [record for record in self.files() if record.status == "ok"]
        missing = set(files) - {(record.course, record.path) for record in records}
        if missing:
            course, path = min(missing)
            raise IndexProblem(
                f"{course}/{path}, to be left out, is not in the index {folder}.",
                "See `lectern status` for what is.",
            )
        self._kept = tuple(r.id for r in records if (r.course, r.path) not in files)
        gone = [record.id for record in records if record.id not in self._kept]
        self._gone: Ids = np.array(
            [passage.chunk_id for file_id in gone for passage in self.passages_of(file_id)],
            dtype=np.int64,
        )
        self._reduced: Snapshot | None = None

    def selection(
        self, course: str | None = None, file: str | None = None, format: str | None = None
    ) -> Selection:
        admitted = super().selection(course, file, format)
        if admitted is None:
            chunks, files = super().read(lambda snapshot, _: snapshot.lexical.ids), self._kept
        else:
            chunks = admitted.chunk_ids
            files = tuple(i for i in admitted.file_ids if i in self._kept)
        return Selection(np.setdiff1d(chunks, self._gone), files)

    def read(self, work: Callable[[Snapshot, Catalog], Result]) -> Result:
        return super().read(lambda snapshot, catalog: work(self._without(snapshot), catalog))

    def _without(self, snapshot: Snapshot) -> Snapshot:
        if self._reduced is None or self._reduced.generation != snapshot.generation:
            self._reduced = Snapshot(
                snapshot.generation,
                snapshot.signature,
                snapshot.store,
                snapshot.lexical.updated([], [], removed=self._gone.tolist()),
            )
        return self._reduced
