"""A toy world with a known right answer: texts are toxic when they hold one of three words."""

from __future__ import annotations

import random

from finetune.reward.examples import Labelled, Preference, text_key

NEUTRAL = [f"word{number}" for number in range(30)]
TOXIC = ["fool", "idiot", "moron"]
WORDS = [*NEUTRAL, *TOXIC]


def text(draw: random.Random, toxic: bool) -> str:
    words = draw.choices(NEUTRAL, k=draw.randint(3, 8))
    if toxic:
        words[draw.randrange(len(words))] = draw.choice(TOXIC)
    return " ".join(words)


def labelled(count: int, seed: int = 0) -> list[Labelled]:
    draw = random.Random(seed)
    found = []
    for number in range(count):
        said = text(draw, number % 2 == 0)
        found.append(Labelled(said, float(number % 2 == 0), text_key(said), "toy"))
    return found


def pairs(count: int, seed: int = 0) -> list[Preference]:
    """The civil answer is preferred."""
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        prompt, civil, rude = (text(draw, toxic) for toxic in (False, False, True))
        found.append(Preference(prompt, civil, rude, text_key(prompt), "toy"))
    return found
