"""Dialogues with their summaries: DialogSum and SAMSum, asked for as the chatbot asks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chatbot.prompts import dialogue_summary_prompt
from evaluation.jsonl import malformed, read_lines, read_objects
from finetune.data.example import Example, fingerprint
from ingestion.errors import LecternError


def read_dialogsum(path: Path) -> list[Example]:
    """JSON lines of Chen et al. 2021; the test split has three summaries of each dialogue."""
    examples = []
    for number, row in read_objects(path):
        summaries = [row[name] for name in ("summary", *_THREE) if name in row]
        if not summaries or "dialogue" not in row:
            raise malformed(path, number, "needs a dialogue and a summary")
        examples.append(_example("dialogsum", row["dialogue"], summaries))
    return examples


def read_samsum(path: Path) -> list[Example]:
    """A JSON list of Gliwa et al. 2019."""
    try:
        rows: list[Mapping[str, Any]] = json.loads("\n".join(line for _, line in read_lines(path)))
        return [_example("samsum", row["dialogue"], [row["summary"]]) for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        raise LecternError(
            f"{path} is not a list of dialogues with summaries ({error!r}).", "Fetch it again."
        ) from error


_THREE = ("summary1", "summary2", "summary3")


def _example(task: str, dialogue: str, summaries: list[str]) -> Example:
    said = "\n".join(dialogue.splitlines()).strip()
    written = tuple(" ".join(summary.split()) for summary in summaries)
    return Example(
        dialogue_summary_prompt(said),
        written[0],
        task,
        fingerprint(dialogue),
        written if len(written) > 1 else (),
    )
