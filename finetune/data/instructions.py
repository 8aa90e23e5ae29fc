"""Instructions with their answers, and one's own pairs of source and target."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evaluation.jsonl import malformed, read_list, read_objects
from finetune.data.example import Example, fingerprint
from finetune.data.lines import line_of, text_of, texts_of

_INPUTS = ("input", "context")
_OUTPUTS = ("output", "response")


def read_instructions(path: Path) -> list[Example]:
    """A JSON list or JSON lines: `instruction`, `input` or `context`, `output` or `response`.

    The forms of Alpaca and Dolly; `instances` with inputs and outputs, as self-instruct has them,
    are read too. Alpaca has blank outputs: their examples have a blank target.
    """
    task = _task(path)
    examples = []
    for number, row in read_objects(path) if ".jsonl" in path.name else read_list(path):
        instruction = text_of(path, number, row, "instruction").strip()
        with line_of(path, number, "an instruction with its outputs"):
            instances = [
                (_first(instance, _INPUTS) or "", _first(instance, _OUTPUTS))
                for instance in row.get("instances", [row])
            ]
        if not instances:
            raise malformed(path, number, f"needs {' or '.join(_OUTPUTS)}")
        for given, answer in instances:
            if answer is None:
                raise malformed(path, number, f"needs {' or '.join(_OUTPUTS)}")
            source = "\n\n".join(part for part in (instruction, given) if part)
            examples.append(Example(source, answer, task, fingerprint(given or source)))
    return examples


def read_pairs(path: Path) -> list[Example]:
    """One's own JSON lines: `source` and `target`; `task`, `group` and `references` as wanted.

    Nothing is added to the source: it is the whole prompt.
    """
    examples = []
    for number, row in read_objects(path):
        source, target = (text_of(path, number, row, name) for name in ("source", "target"))
        references = texts_of(path, number, {"references": [], **row}, "references")
        # Null is no name: rows without one are not all of one group.
        named = {name: str(row[name]) for name in ("group", "task") if row.get(name) is not None}
        group, task = named.get("group", fingerprint(source)), named.get("task", _task(path))
        examples.append(Example(source, target, task, group, tuple(references)))
    return examples


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """The first that is not blank; None where a row has none of them."""
    texts = [row[name].strip() for name in names if row.get(name) is not None]
    return next(filter(None, texts), "") if texts else None


def _task(path: Path) -> str:
    return path.name.partition(".")[0]
