"""`training.json`: what a model was made from and how it went, beside its weights."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evaluation.jsonl import sha256_of
from evaluation.provenance import provenance
from evaluation.rows import write_whole
from finetune.data.mixture import Part, Source
from finetune.licences import licence_of
from finetune.sft.loop import Course


def trained_on(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """The sources of a mixture: settings, hash, examples, how many are seen in an epoch."""
    return [
        {**_source(part.source), "sha256": part.sha256, "examples": part.examples,
         "per_epoch": part.per_epoch}
        for part in parts
    ]  # fmt: skip


def as_kept(parts: Sequence[Part], seen: Sequence[int]) -> list[dict[str, Any]]:
    """The same, with what the note beside each file says of its licence, and how many different
    examples of it the weights that were kept have seen.
    """
    return [
        {**one, "seen": count, "licence": licence_of(part.source.path)}
        for one, part, count in zip(trained_on(parts), parts, seen, strict=True)
    ]


def measured_on(sources: Sequence[Source]) -> list[dict[str, Any]]:
    return [{**_source(source), "sha256": sha256_of(source.path)} for source in sources]


def how_it_went(course: Course) -> dict[str, Any]:
    """The run's figures but its peak of memory; tokens are those that are no padding."""
    found = asdict(course)
    del found["peak_memory_bytes"]
    found["best_value"] = None if course.best_step is None else abs(course.best_value)
    return {**found, "tokens_per_second": course.tokens / max(course.seconds, 1e-9)}


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    content = {**record, **provenance()}
    write_whole(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _source(source: Source) -> dict[str, Any]:
    """Its settings; the path without the folders above, which are nobody's business."""
    return {**source.model_dump(exclude={"path"}), "file": source.path.name}
