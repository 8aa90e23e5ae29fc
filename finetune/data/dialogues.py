"""Dialogues with their summaries: DialogSum and SAMSum, asked for as the chatbot asks."""

from __future__ import annotations

from pathlib import Path

from chatbot.prompts import dialogue_summary_prompt
from evaluation.jsonl import read_list, read_objects
from finetune.data.example import Example, fingerprint
from finetune.data.lines import text_of


def read_dialogsum(path: Path) -> list[Example]:
    """JSON lines of Chen et al. 2021; the test split has three summaries of each dialogue."""
    examples = []
    for number, row in read_objects(path):
        names = [name for name in ("summary", *_THREE) if name in row] or ["summary"]
        dialogue, *summaries = (text_of(path, number, row, name) for name in ("dialogue", *names))
        examples.append(_example("dialogsum", dialogue, summaries))
    return examples


def read_samsum(path: Path) -> list[Example]:
    """A JSON list of Gliwa et al. 2019."""
    return [
        _example(
            "samsum",
            text_of(path, number, row, "dialogue"),
            [text_of(path, number, row, "summary")],
        )
        for number, row in read_list(path)
    ]


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
