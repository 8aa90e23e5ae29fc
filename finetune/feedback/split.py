"""Pairs parted by question into those trained on and those the gate looks at.

A question's hash decides, so that more feedback never moves a question from one side to the other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from evaluation.jsonl import malformed, read_objects
from evaluation.rows import Row, write_rows
from finetune.errors import EmptySplit


@dataclass(frozen=True)
class Rounds:
    """Files of one round: pairs to train on, pairs held back."""

    train: Path
    held: Path


def held(question: str, share: float) -> bool:
    digest = hashlib.sha256(f"feedback {question}".encode()).digest()
    return int.from_bytes(digest[:8]) < share * 2**64


def part(pairs: Path, out: Path, share: float) -> Rounds:
    """Write `train.jsonl` and `held.jsonl` into `out`.

    Raises `EmptySplit` where either would be empty, `LecternError` for a line without its question.
    """
    sides: dict[bool, list[Row]] = {True: [], False: []}
    for number, row in read_objects(pairs):
        if not isinstance(row.get("question"), str):
            raise malformed(pairs, number, 'no text under "question"')
        sides[held(row["question"], share)].append(row)
    for side, name in ((False, "train on"), (True, "hold back")):
        if not sides[side]:
            raise EmptySplit(
                f"{pairs} has no question to {name}.", "Collect feedback on more questions."
            )
    out.mkdir(parents=True, exist_ok=True)
    rounds = Rounds(out / "train.jsonl", out / "held.jsonl")
    write_rows(rounds.train, sides[False])
    write_rows(rounds.held, sides[True])
    return rounds
