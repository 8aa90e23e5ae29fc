"""From examples to batches: windows that hold the answer, of near length, in a fixed order."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chatbot.reading.features import Featurizer, Window
from finetune.reader.examples import ReadingExample

_POOL = 50
"""Batches' worth of examples that are sorted by length together: less is padded, and the order
stays nearly random.
"""


@dataclass(frozen=True, slots=True)
class Target:
    """A window with the tokens (first, last) at which answers stand; ((0, 0),) is [CLS]: none."""

    window: Window
    spans: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class Prepared:
    """`targets` are ready to train on; `lost` examples have an answer no window holds whole."""

    targets: list[Target]
    lost: int


def prepare(examples: Sequence[ReadingExample], featurizer: Featurizer) -> Prepared:
    """One window an example: the first that holds an answer whole, or the first of all."""
    questions = featurizer.encode([example.question for example in examples])
    passages = featurizer.encode([example.passage for example in examples])
    prepared = Prepared([], 0)
    for example, question, passage in zip(examples, questions, passages, strict=True):
        windows = featurizer.windows(question, passage)
        if not example.answers:
            prepared.targets.append(Target(windows[0], ((0, 0),)))
            continue
        held = ((window, _spans(window, example.answers)) for window in windows)
        target = next(((window, spans) for window, spans in held if spans), None)
        if target:
            prepared.targets.append(Target(*target))
        else:
            prepared.lost += 1
    return prepared


def _spans(window: Window, answers: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Tokens of the answers that lie in the window from their first character to their last."""
    found = []
    for start, end in answers:
        inside = [i for i, (a, b) in enumerate(window.offsets) if b > start and a < end]
        whole = inside and window.offsets[inside[0]][0] <= start
        if whole and window.offsets[inside[-1]][1] >= end:
            found.append((window.first + inside[0], window.first + inside[-1]))
    return tuple(found)


def epoch_batches(
    targets: Sequence[Target], tokens: int, seed: int, epoch: int
) -> Iterator[list[Target]]:
    """The targets once, in batches of at most `tokens` padded tokens. The order follows from seed
    and epoch alone, so a resumed run meets the batches that the uninterrupted one would have met.
    """
    chance = random.Random(f"{seed}/{epoch}")
    order = list(targets)
    chance.shuffle(order)
    mean = sum(len(target.window.ids) for target in order) / max(len(order), 1)
    pool = max(1, int(_POOL * tokens / max(mean, 1)))
    batches: list[list[Target]] = []
    for begin in range(0, len(order), pool):
        part = sorted(order[begin : begin + pool], key=lambda t: -len(t.window.ids))
        while part:
            rows = max(1, tokens // len(part[0].window.ids))
            batches.append(part[:rows])
            part = part[rows:]
    chance.shuffle(batches)
    yield from batches
