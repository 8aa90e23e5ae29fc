"""Questions that their passage does not answer, for the one refusal the chatbot knows.

Negatives mined by our own lexical search, and questions with one thing changed
(`finetune.reader.negatives`): a passage that looks right and is wrong.
"""

from __future__ import annotations

import random
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
    """Of QED, SQuAD's part or FairytaleQA, by the file's name: mined ones, then made."""
    asked = list(sources.read_by_name(path))
    chance = random.Random(_SEED)
    return [_example(one) for one in chain(mined(asked, chance), made(asked, chance))]


def _example(one: ReadingExample) -> Example:
    task = one.task.partition("/")[0]
    passage, question = (
        detokenize(text, hyphens=task != "squad") for text in (one.passage, one.question)
    )
    question = question.rstrip("?").rstrip() + "?"
    prompt = build_prompt(question, [passage], PromptStyle())
    return Example(prompt, UNANSWERABLE, f"{task}-absent", fingerprint(passage))
