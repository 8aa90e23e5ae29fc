"""DialogSum (Chen et al. 2021): everyday dialogues; three references each in the test split."""

from __future__ import annotations

from pathlib import Path

from evaluation.jsonl import malformed, read_objects, sha256_of
from evaluation.summaries.example import SummaryExample, SummarySet

SPLITS = ("test", "dev", "train")
MAX_WORDS = 23
"""Mean length of the training split's summaries."""
CONSTANT = (
    "#Person1# and #Person2# are talking about the problem, and #Person2# tells #Person1# "
    "what to do."
)
_REFERENCES = ("summary", "summary1", "summary2", "summary3")


def load(folder: Path, split: str) -> SummarySet:
    """`dialogsum.SPLIT.jsonl.gz` in `folder`. Raises `LecternError` naming a malformed line."""
    path = folder / f"dialogsum.{split}.jsonl.gz"
    examples = []
    for number, row in read_objects(path):
        references = tuple(str(row[name]) for name in _REFERENCES if row.get(name))
        if not references or not row.get("dialogue") or not row.get("fname"):
            raise malformed(path, number, "needs fname, dialogue and a summary")
        examples.append(SummaryExample(row["fname"], row["dialogue"], references))
    return SummarySet(
        "dialogsum",
        tuple(examples),
        MAX_WORDS,
        {path.name: sha256_of(path)},
        turns=True,
        constant=CONSTANT,
    )
