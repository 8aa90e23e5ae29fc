"""T0's prompt templates over public data sets (Sanh et al. 2022), as self-instruct sampled them.

The archive has a file for each template, and each repeats the same 200 or so questions of its data
set in the same order. So the row number tells which question it is, and of its many wordings only
a few are taken. Only data sets whose licence lets trained weights be shipped are read by default.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from finetune.data.archives import read_members
from finetune.data.example import Example
from finetune.data.lines import line_of

SHIPPED = ("adversarial_qa", "quoref", "ropes", "qasc", "quartz")
_PARTS = ("adversarial_qa_dbert", "adversarial_qa_dbidaf", "adversarial_qa_droberta")
_END = "<|endoftext|>"


def read_t0(path: Path, *, datasets: Sequence[str] = SHIPPED, templates: int = 3) -> list[Example]:
    """At most `templates` wordings of each question of `datasets`, no two rows alike."""
    rows: dict[str, dict[int, list[Example]]] = defaultdict(lambda: defaultdict(list))

    def wanted(name: str) -> bool:
        return Path(name).stem.startswith(tuple(datasets))

    for member, text in sorted(read_members(path, wanted)):
        name = Path(member).stem
        dataset = next(known for known in datasets if name.startswith(known))
        part = next((known for known in _PARTS if name.startswith(known)), dataset)
        for number, line in enumerate(text.splitlines()):
            with line_of(path / member, number + 1, "a row of T0"):
                row = json.loads(line)
                target = row["completion"].removesuffix(_END).strip()
                source = row["prompt"].strip()
            group = f"t0 {part} {number}"
            rows[part][number].append(Example(source, target, f"t0-{dataset}", group))
    examples = [
        example
        for part in rows.values()
        for wordings in part.values()
        for example in sorted(wordings, key=_shuffled)[:templates]
        if example.target
    ]
    return list({(example.source, example.target): example for example in examples}.values())


def _shuffled(example: Example) -> bytes:
    """An order in which the wordings of one question stand differently from those of the next."""
    return hashlib.sha256(example.source.encode()).digest()
