"""Questions to be asked instead of answered: the passage and the answer are given."""

from __future__ import annotations

from pathlib import Path

from evaluation.reading.tokenized import detokenize
from finetune.data.example import Example, fingerprint
from finetune.reader import sources


def read_asking(path: Path) -> list[Example]:
    """Of FairytaleQA, QED or SQuAD's part, by the file's name; passages as they are read."""
    examples = []
    for one in sources.read_by_name(path):
        passage, question, answer = (
            detokenize(text, hyphens=one.task != "squad")
            for text in (one.passage, one.question, one.text)
        )
        if answer:
            target = question[0].upper() + question[1:].rstrip("?").rstrip() + "?"
            group = fingerprint(passage)
            examples.append(Example(asking_prompt(passage, answer), target, "asking", group))
    return examples


def asking_prompt(passage: str, answer: str) -> str:
    """Near FLAN's template for SQuAD with question and answer exchanged."""
    return f"Read this: {passage}\n\nAsk a question about it whose answer is “{answer}”."
