"""What a trained model has learned from, as the records beside it say, its base's included."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.reading.span_reader import TASK as READER
from finetune.t5_card import RECORD
from ingestion.encoders.lora import CONFIG, read_config
from ingestion.errors import LecternError
from ingestion.packaged import KNOWN, packaged_model


@dataclass(frozen=True, slots=True)
class Learned:
    """One source as its training recorded it. `examples` are those that were seen, or all where the
    record does not say, and for text that was pre-trained on, its tokens; `sha256` is of what was
    read, where the record has it.
    """

    recorded: str
    examples: int
    sha256: str | None = None


def learned(folder: Path, base: Path | None = None) -> list[Learned]:
    """The sources of the model in `folder`, what its base has learned from first.

    `base` is where the model lies that it was trained from, if not where its record says. Raises
    `LecternError` for records that are missing or do not say it.
    """
    if (folder / CONFIG).is_file() and (config := read_config(folder)).task == READER:
        return _of_reader(folder, config.options)
    record = read_record(folder)
    found = _stage(folder, record)
    start = record.get("model")
    # A vocabulary is recorded by who starts from nothing.
    if start is None or "vocabulary" in record:
        return found
    place = base or (packaged_model(start) if start in KNOWN else Path(start).expanduser())
    if place.resolve() == folder.resolve() or not (place / RECORD).is_file():
        raise LecternError(
            f"The model in {folder} was trained from {start}, and there is no {RECORD} there that "
            "says what that one has learned from.",
            "Run this where that folder can be found, or name it with --base DIR.",
        )
    return learned(place) + found


def read_record(folder: Path) -> dict[str, Any]:
    """`training.json`. Raises `LecternError` where it is missing or no record."""
    path = folder / RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LecternError(
            f"{path}, which says what the model has learned from, cannot be read ({error}).",
            "Only what `lectern train` has left whole can be shipped.",
        ) from error
    return record if isinstance(record, dict) else {}


def _stage(folder: Path, record: Mapping[str, Any]) -> list[Learned]:
    """The sources of one training, in each of the forms that `lectern train` writes."""
    data = record.get("data")
    try:
        if isinstance(data, list):
            rows = [row for source in data for row in _of_judge(source)]
        elif isinstance(data, dict) and "train" in data:
            rows = [
                (row["file"], row.get("seen", row["examples"]), row["sha256"])
                for row in data["train"]
            ]
        elif isinstance(data, dict):
            seen, shares = record["course"]["source_tokens"], record["mixture"]
            rows = [(n, round(shares[n] * seen), text["sha256"]) for n, text in data.items()]
        else:
            rows = []
    except (KeyError, TypeError):
        rows = []
    return _some([Learned(*row) for row in rows], folder / RECORD)


def _of_judge(source: Mapping[str, Any]) -> list[tuple[str, int, str | None]]:
    """Name, examples and hash of each file of a collection, its examples counted at the first; by
    its name alone where the record is of a training that kept no hash.
    """
    hashes = [file["sha256"] for file in source.get("files", [])] or [source.get("sha256")]
    counts = [source["examples"], *(0 for _ in hashes[1:])]
    return [(source["name"], *row) for row in zip(counts, hashes, strict=True)]


def _of_reader(folder: Path, options: Mapping[str, Any]) -> list[Learned]:
    """A reader's files by hash, none of whose examples are counted, and its examples by task
    (`qed`, `qed/mined`, …); those of the reader it was trained from, where they are others.
    """
    files: dict[tuple[str, str], None] = {}
    counts: dict[str, int] = {}
    stage: Mapping[str, Any] | None = options
    while stage is not None:
        here, examples = stage.get("data") or {}, stage.get("examples") or {}
        if not (here and examples):
            return _some([], folder / CONFIG)
        files |= dict.fromkeys(here.items())
        counts = {**examples, **counts}
        stage = stage.get("trained_before")
    found = [Learned(name, 0, sha256) for name, sha256 in files]
    return found + [Learned(task.partition("/")[0], count) for task, count in counts.items()]


def _some(found: list[Learned], path: Path) -> list[Learned]:
    if not found:
        raise LecternError(
            f"{path} does not say what the model has learned from.",
            "Only what `lectern train` has left whole can be shipped.",
        )
    return found
