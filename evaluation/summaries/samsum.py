"""SAMSum (Gliwa et al. 2019): messenger chats with one reference each.

FLAN-T5 saw it in training: none of its figures here is zero-shot.
"""

from __future__ import annotations

from pathlib import Path

from evaluation.jsonl import read_list, sha256_of
from evaluation.summaries.example import SummaryExample, SummarySet
from ingestion.errors import LecternError

SPLITS = ("test", "val")
MAX_WORDS = 20
"""Mean length of the validation split's summaries."""
CONSTANT = "They are talking about their plans and will meet later."


def load(folder: Path, split: str) -> SummarySet:
    """`samsum-SPLIT.json.gz` in `folder`, a JSON list. Raises `LecternError` naming the entry."""
    path = folder / f"samsum-{split}.json.gz"
    examples = []
    for number, row in read_list(path):
        if not all(row.get(n) for n in ("id", "dialogue", "summary")):
            raise LecternError(
                f"{path}, entry {number} lacks id, dialogue or summary.", "Mend that entry."
            )
        text = "\n".join(row["dialogue"].splitlines())
        examples.append(SummaryExample(str(row["id"]), text, (row["summary"],)))
    return SummarySet(
        "samsum",
        tuple(examples),
        MAX_WORDS,
        {path.name: sha256_of(path)},
        turns=True,
        constant=CONSTANT,
    )
