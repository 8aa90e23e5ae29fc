"""What a reward model is trained on: labelled texts, or pairs of which people preferred one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from evaluation.normalize import letters_and_digits


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text and how toxic it is, from 0 to 1: the share of annotators who found it so.

    Examples of one `group` (say the sentences of a comment) never part into different splits.
    `hate` is known where a collection tells hate from mere offence.
    """

    text: str
    label: float
    group: str
    source: str
    hate: bool | None = None


@dataclass(frozen=True, slots=True)
class Preference:
    """Two answers to one prompt, of which people preferred `chosen`."""

    prompt: str
    chosen: str
    rejected: str
    group: str
    source: str


Example = Labelled | Preference


def text_key(text: str) -> str:
    """What copies of a text share: letters and digits alone."""
    return hashlib.sha256(letters_and_digits(text).encode()).hexdigest()[:16]


def keys(example: Example) -> tuple[str, ...]:
    """The texts of an example by which a copy in another split is known."""
    if isinstance(example, Labelled):
        return (text_key(example.text),)
    return (text_key(f"{example.prompt} {example.chosen} {example.rejected}"),)
