"""T0's prompt templates over public data sets (Sanh et al. 2022), as self-instruct sampled them.

The archive has a file for each template, and each repeats the same 200 or so questions of its data
set in the same order. So the row number tells which question it is, and of its many wordings only
a few are taken. Only data sets whose licence lets trained weights be shipped are read by default.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from finetune.data.example import Example
from ingestion.errors import LecternError

SHIPPED = ("adversarial_qa", "quoref", "ropes", "qasc", "quartz")
_PARTS = ("adversarial_qa_dbert", "adversarial_qa_dbidaf", "adversarial_qa_droberta")
_END = "<|endoftext|>"


def read_t0(path: Path, *, datasets: Sequence[str] = SHIPPED, templates: int = 3) -> list[Example]:
    """At most `templates` wordings of each question of `datasets`, no two rows alike."""
    rows: dict[str, dict[int, list[Example]]] = defaultdict(lambda: defaultdict(list))
    try:
        with tarfile.open(path) as archive:
            for member in sorted(archive.getmembers(), key=lambda member: member.name):
                name = Path(member.name).stem
                dataset = next((known for known in datasets if name.startswith(known)), None)
                content = archive.extractfile(member) if dataset else None
                if content is None:
                    continue
                part = next((known for known in _PARTS if name.startswith(known)), dataset)
                for number, line in enumerate(content.read().decode().splitlines()):
                    row = json.loads(line)
                    target = row["completion"].removesuffix(_END).strip()
                    group = f"t0 {part} {number}"
                    rows[part or ""][number].append(
                        Example(row["prompt"].strip(), target, f"t0-{dataset}", group)
                    )
    except (
        OSError,
        EOFError,
        tarfile.TarError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
    ) as error:
        raise LecternError(
            f"{path} is not the archive of T0's templates ({error!r}).", "Fetch it again."
        ) from error
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
