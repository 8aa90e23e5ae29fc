"""Prompts with worked examples before the dialogue, in the pattern of the chatbot's own.

The examples are the first dialogues of the training split that are short enough to leave room for
the one to be summarized. (The course's lab takes them from the test split that it measures on.)
"""

from __future__ import annotations

from collections.abc import Sequence

from finetune.data.example import Example

SHORT = 100
"""Words of an example's prompt at most."""


def exemplars(train: Sequence[Example], count: int) -> list[Example]:
    """The first `count` short ones. Raises `ValueError` where there are fewer."""
    short = [example for example in train if len(example.source.split()) <= SHORT]
    if len(short) < count:
        raise ValueError(f"{len(short)} dialogues have at most {SHORT} words; {count} are needed")
    return short[:count]


def with_shots(prompt: str, shown: Sequence[Example]) -> str:
    """`prompt` after worked examples; itself where there are none."""
    if not shown:
        return prompt
    worked = [f"Input: {example.source}\n\nOutput: {example.target}" for example in shown]
    return "\n\n\n".join([*worked, f"Input: {prompt}\n\nOutput:"])
