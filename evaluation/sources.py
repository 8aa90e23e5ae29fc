"""Which files of the index a question's `source` means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

SourceFile = tuple[str, str]
"""(course, path relative to the ingested root)."""


class SourceFiles:
    """The files of an index, looked up as question files name them.

    `repeats` maps a duplicate to the file that was indexed in its stead.
    """

    def __init__(
        self, files: Iterable[SourceFile], repeats: Mapping[SourceFile, SourceFile] | None = None
    ) -> None:
        self._indexed = {item: item for item in files} | dict(repeats or {})

    def find(self, source: str, course: str = "") -> frozenset[SourceFile]:
        """The files that `source` names, in `course` alone where one is given.

        A path relative to the ingested root means the file at that path (in each course that has
        it); a bare name also means the one file of that name in any folder. Empty where there is
        none, or where a bare name fits several: such a source cannot be hit.
        """
        wanted = source.strip().replace("\\", "/").removeprefix("./")
        files = [item for item in self._indexed if course in ("", item[0])]
        exact = [item for item in files if wanted in (item[1], f"{item[0]}/{item[1]}")]
        if exact:
            return frozenset(self._indexed[item] for item in exact)
        named = {self._indexed[i] for i in files if PurePosixPath(i[1]).name == wanted}
        return frozenset(named if len(named) == 1 else ())
