"""A corpus of made-up textbooks, large enough for a vocabulary of a few hundred pieces."""

from __future__ import annotations

import random
from pathlib import Path

SUBJECTS = "the encoder,a decoder,the gradient,one layer,the learner,an optimizer,the model".split(
    ","
)
VERBS = "reads,writes,scales,changes,forgets,averages,repeats,explains".split(",")
OBJECTS = "every token,the passage,its weights,3 examples,a lecture,the loss,12 heads".split(",")


SYLLABLES = [a + b + c for a in "bdfgklmnprst" for b in "aeiou" for c in ("", "n", "r", "st")]


def word(draw: random.Random) -> str:
    """Made of two or three syllables: there is more to learn than a few words."""
    return "".join(draw.choice(SYLLABLES) for _ in range(draw.randint(2, 3)))


def sentence(draw: random.Random) -> str:
    said = f"{draw.choice(SUBJECTS)} {draw.choice(VERBS)} {draw.choice(OBJECTS)}"
    return f"{said} of {word(draw)} and {word(draw)}"


def document(number: int) -> str:
    draw = random.Random(number)
    lines = [f"# Chapter {number}"]
    lines += [". ".join(sentence(draw) for _ in range(6)).capitalize() + "." for _ in range(8)]
    return "\n\n".join(lines)


def write(folder: Path, licence: str = "CC BY 4.0") -> Path:
    """A corpus file in `folder`, with its texts beside it."""
    books = folder / "books"
    books.mkdir(parents=True)
    (books / "SOURCE.txt").write_text(f"DATASET: made up\nLICENCE: {licence} (stated here)\n")
    for number in range(2):
        chapters = [document(20 * number + n) for n in range(20)]
        (books / f"book{number}.txt").write_text("\n".join(chapters))
    corpus = folder / "corpus.toml"
    corpus.write_text(
        '[[text]]\nname = "books"\nfolder = "books"\nfiles = ["*.txt"]\n'
        'licence = "CC BY 4.0"\nform = "headed"\n'
    )
    return corpus
