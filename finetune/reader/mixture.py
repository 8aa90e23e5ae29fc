"""All of a reader's training data: the sources, their share, the negatives, and what is held."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.jsonl import sha256_of
from evaluation.reading.squad import read_squad
from finetune.reader import sources
from finetune.reader.examples import ReadingExample
from finetune.reader.negatives import made, mined

CAPS = {"definition": 5_000, "term": 3_000}
"""Examples at most of one task; glossaries would else outweigh questions that people asked."""

MINED, MADE = 0.6, 0.5
"""Chance that an example gets a mined, and a made, negative beside it."""

_HELD = 4
"""Per cent of the documents that are held back."""

_HELD_EXAMPLES = 800


@dataclass(frozen=True, slots=True)
class ReadingData:
    """`counts` are examples by task, `files` the hashes of what was read."""

    train: list[ReadingExample]
    held: list[ReadingExample]
    counts: dict[str, int]
    files: dict[str, str]


def reading_data(data: Path, seed: int = 0, limit: int | None = None) -> ReadingData:
    """From the folder of the shared data; the first `limit` examples of each source alone.

    Documents, not examples, are held back, and no held one gives a negative to train on. Nothing
    comes from the articles of SQuAD 2's dev set, on which confidence is fitted and readers judged.
    """
    qa = data / "qa"
    judged = read_squad(qa / "squad_v2_dev" / "dev-v2.0.json.gz")
    titles = {article.title.replace("_", " ") for article in judged.data}
    archive = data / "instructions" / "t0_50k" / "t0_train_50k_data_per_template.tar.gz"
    read = {
        qa / "qed_nq" / "train_all.jsonl.gz": lambda: sources.qed(qa / "qed_nq", titles),
        qa / "squad_v11_train_subset" / "squad_v11_train_subset.jsonl.gz": lambda: (
            sources.squad_subset(qa / "squad_v11_train_subset")
        ),
        qa / "fairytaleqa" / "train.csv.gz": lambda: sources.fairytale(
            qa / "fairytaleqa" / "train.csv.gz"
        ),
        archive: lambda: sources.t0_extractive(archive),
        qa / "openstax_qa" / "openstax_qa.jsonl.gz": lambda: sources.openstax_definitions(
            qa / "openstax_qa"
        ),
    }
    chance = random.Random(seed)
    train: list[ReadingExample] = []
    held: list[ReadingExample] = []
    for source in read.values():
        found = list(source())[:limit]
        found = _capped(found, chance)
        kept = [example for example in found if not _is_held(example.group)]
        rest = [example for example in found if _is_held(example.group)]
        train += _with_negatives(kept, chance)
        held += _with_negatives(rest, chance)
    chance.shuffle(held)
    counts = Counter(example.task for example in train)
    return ReadingData(
        train,
        held[:_HELD_EXAMPLES],
        dict(sorted(counts.items())),
        {path.name: sha256_of(path) for path in (*read, qa / "openstax_qa" / "modules.jsonl.gz")},
    )


def _capped(examples: Sequence[ReadingExample], chance: random.Random) -> list[ReadingExample]:
    by_task: dict[str, list[ReadingExample]] = {}
    for example in examples:
        by_task.setdefault(example.task, []).append(example)
    kept = []
    for task, found in by_task.items():
        most = CAPS.get(task, len(found))
        kept += chance.sample(found, most) if len(found) > most else found
    return kept


def _with_negatives(
    examples: Sequence[ReadingExample], chance: random.Random
) -> list[ReadingExample]:
    """The examples and beside them their negatives."""
    asked = [example for example in examples if chance.random() < MINED]
    changed = [
        example
        for example in examples
        if example.task not in ("definition", "term") and chance.random() < MADE
    ]
    return [*examples, *mined(asked, chance), *made(changed, chance)]


def _is_held(group: str) -> bool:
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % 100 < _HELD
