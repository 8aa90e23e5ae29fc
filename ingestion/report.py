"""What an ingest did, for the summary table and for `--json`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class IngestReport:
    """Counts of files and chunks; `failed` and `warnings` are (file, reason) pairs, named by file.

    `embedded` counts the texts the encoder computed; `chunks` is the size of the whole index after.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    duplicates: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)
    added_chunks: int = 0
    removed_chunks: int = 0
    embedded: int = 0
    chunks: int = 0
    generation: int = 0
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        values: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        for name in ("failed", "warnings"):
            values[name] = [{"file": file, "reason": reason} for file, reason in values[name]]
        values["seconds"] = round(self.seconds, 3)
        return values
