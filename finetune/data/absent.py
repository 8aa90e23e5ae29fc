"""Questions that their passage does not answer, for the one refusal the chatbot knows.

Negatives mined by our own lexical search, and questions with one thing changed
(`finetune.reader.negatives`): a passage that looks right and is wrong.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from chatbot.exemplars import UNANSWERABLE
from chatbot.prompts import PromptStyle, build_prompt
from evaluation.reading.tokenized import detokenize
from finetune.data.example import Example, fingerprint
from finetune.reader import sources
from finetune.reader.examples import ReadingExample
from finetune.reader.negatives import made, mined

_SEED = 0


def read_absent(path: Path) -> list[Example]:
    """Of QED (`train_all…`) or SQuAD's part (`squad_v11_train_subset…`): mined ones, then made."""
    qed = path.name.startswith("train_all")
    asked = list(sources.qed(path.parent) if qed else sources.squad_subset(path.parent))
    chance = random.Random(_SEED)
    return [
        _example("qed" if qed else "squad", one, hyphens=qed) for one in _negatives(asked, chance)
    ]


def _negatives(asked: list[ReadingExample], chance: random.Random) -> Iterator[ReadingExample]:
    return chain(mined(asked, chance), made(asked, chance))


def _example(task: str, one: ReadingExample, *, hyphens: bool) -> Example:
    passage = detokenize(one.passage, hyphens=hyphens)
    question = detokenize(one.question, hyphens=hyphens).rstrip("?").rstrip() + "?"
    prompt = build_prompt(question, [passage], PromptStyle())
    return Example(prompt, UNANSWERABLE, f"{task}-absent", fingerprint(passage))
