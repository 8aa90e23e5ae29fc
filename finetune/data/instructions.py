"""Instructions with their answers, and one's own pairs of source and target."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evaluation.jsonl import malformed, read_lines, read_objects
from finetune.data.example import Example, fingerprint
from ingestion.errors import LecternError

_INPUTS = ("input", "context")
_OUTPUTS = ("output", "response")


def read_instructions(path: Path) -> list[Example]:
    """A JSON list or JSON lines: `instruction`, `input` or `context`, `output` or `response`.

    The forms of Alpaca and Dolly; `instances` with inputs and outputs, as self-instruct has them,
    are read too.
    """
    task = _task(path)
    examples = []
    for number, row in _objects(path):
        if not isinstance(row.get("instruction"), str):
            raise malformed(path, number, "needs an instruction")
        for instance in row.get("instances", [row]):
            given = _first(instance, _INPUTS)
            answer = _first(instance, _OUTPUTS)
            if not answer:
                raise malformed(path, number, f"needs {' or '.join(_OUTPUTS)}")
            source = "\n\n".join(part for part in (row["instruction"].strip(), given) if part)
            examples.append(Example(source, answer, task, fingerprint(given or source)))
    return examples


def read_pairs(path: Path) -> list[Example]:
    """One's own JSON lines: `source` and `target`; `task`, `group` and `references` as wanted.

    Nothing is added to the source: it is the whole prompt.
    """
    examples = []
    for number, row in read_objects(path):
        source, target = row.get("source"), row.get("target")
        if not isinstance(source, str) or not isinstance(target, str) or not target.strip():
            raise malformed(path, number, "needs the texts source and target")
        references = row.get("references", [])
        if not isinstance(references, list) or not all(isinstance(r, str) for r in references):
            raise malformed(path, number, "references must be a list of texts")
        group = str(row.get("group", fingerprint(source)))
        task = str(row.get("task", _task(path)))
        examples.append(Example(source, target, task, group, tuple(references)))
    return examples


def _objects(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if ".jsonl" in path.name:
        yield from read_objects(path)
        return
    try:
        rows = json.loads("\n".join(line for _, line in read_lines(path)))
    except ValueError as error:
        raise LecternError(f"{path} is not valid JSON ({error}).", "Mend it.") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise LecternError(f"{path} is not a JSON list of objects.", "Write a list, or JSON lines.")
    yield from enumerate(rows, start=1)


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(row[name]).strip() for name in names if row.get(name)), "")


def _task(path: Path) -> str:
    return path.name.partition(".")[0]
