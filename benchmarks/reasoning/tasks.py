"""The three tasks: questions that no training data here holds, and when an answer is right.

`tests/finetune/data/test_data_contamination.py` guards that none of these questions stands in the
chain-of-thought data that is trained on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot.prompts import PromptStyle, announced_answer, part_reasoning
from evaluation.normalize import exact_match
from finetune.data.example import Example
from finetune.data.mixture import Source
from ingestion.sentences import split_sentences

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_YES_NO = re.compile(r"\b(yes|no)\b", re.IGNORECASE)
_REASONED = PromptStyle(chain_of_thought=True)
TRAINED = "instructions/flan_cot"


@dataclass(frozen=True)
class Task:
    """`trained`: FLAN's file of the same task, whose answers tell what is the safest guess."""

    name: str
    format: str
    path: str
    trained: str
    agrees: Callable[[str, str], bool]

    def examples(self, data: Path, *, chain_of_thought: bool, limit: int | None) -> list[Example]:
        return Source(
            format=self.format,
            path=data / self.path,
            limit=limit,
            chain_of_thought=chain_of_thought,
        ).read()

    def right(self, text: str, example: Example, *, reasoned: bool) -> bool:
        """Whether the answer in `text` is right; what is said before or after it does not count.

        After reasoning the answer is where the chatbot finds it; asked for at once, it is what is
        announced as such, else the first sentence.
        """
        answer = part_reasoning(text, _REASONED)[1] if reasoned else _said_at_once(text)
        return self.agrees(answer, example.golds[0])

    def guess(self, data: Path) -> str:
        """The most frequent answer of the training questions."""
        trained = Source(format="flan-cot", path=data / TRAINED / self.trained).read()
        return Counter(example.golds[0] for example in trained).most_common(1)[0][0]


def _said_at_once(text: str) -> str:
    announced = announced_answer(text)
    if announced is not None:
        return announced
    return next((text[start:end] for start, end in split_sentences(text)), "")


def same_number(answer: str, gold: str) -> bool:
    """Whether the last number of the answer is the gold one: "$1,080.00" is 1080."""
    said = _NUMBER.findall(answer)
    return bool(said) and _value(said[-1]) == _value(gold)


def same_word(answer: str, gold: str) -> bool:
    """Whether the first yes or no of the answer is the gold one."""
    said = _YES_NO.search(answer)
    return said is not None and said[1].lower() == gold.lower()


def same_option(answer: str, gold: str) -> bool:
    """Whether the answer is the option's text, by SQuAD's normalization."""
    return bool(exact_match(answer, [gold]))


def options(example: Example) -> Sequence[str]:
    """Those that a question offers; none for an open one."""
    listed = example.source.partition("Options:")[2].partition("\n\n")[0]
    return [line[2:] for line in listed.splitlines() if line.startswith("- ")]


def _value(number: str) -> float:
    return float(number.replace(",", ""))


TASKS = (
    Task("gsm8k", "gsm8k", "instructions/gsm8k/test.jsonl.gz", "gsm8k_train.tsv.gz", same_number),
    Task(
        "strategyqa",
        "strategyqa",
        "qa/strategyqa/dev.json.gz",
        "strategyqa_train.tsv.gz",
        same_word,
    ),
    Task("ecqa", "ecqa-held", f"{TRAINED}/ecqa_train.tsv.gz", "ecqa_train.tsv.gz", same_option),
)
