"""What a model can still do after it was adapted: the same tasks before and after, paired.

Tuning on one task costs others ("catastrophic forgetting", McCloskey & Cohen 1989). Each task is
answered by the base model and by the tuned one; the differences are resampled by passage, dialogue
or question.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from evaluation.bootstrap import Comparison, Interval, compare, interval
from evaluation.jsonl import sha256_of
from evaluation.rows import RowFile
from finetune.data.example import Example
from finetune.data.mixture import Source
from finetune.errors import EmptySplit
from finetune.precision import Precision
from finetune.respondent import LONGEST, Answers, Respondent
from finetune.scoring import HEADLINE, Measure, measure
from finetune.t5_card import RECORD, sources_of

_MEASURES: dict[str, Measure] = {
    "dialogsum": "rouge", "samsum": "rouge", "qmsum": "rouge", "instructions": "rouge",
    "flan-cot": "em", "ecqa-held": "em", "gsm8k": "em", "strategyqa": "em",
}  # fmt: skip
"""What a format is measured by; the others by token F1."""

Told = Callable[[str, int, int], None]
"""Hears (whose answers, how many there are, how many there will be)."""


@dataclass(frozen=True)
class Task:
    """One task before and after; `change` is after − before. `trained`: the model was tuned on this
    very file.
    """

    name: str
    figure: str
    before: Interval
    after: Interval
    change: Comparison
    trained: bool
    too_long: int

    def as_json(self) -> dict[str, Any]:
        return {
            "task": self.name,
            "figure": self.figure,
            "before": self.before.as_json(),
            "after": self.after.as_json(),
            **self.change.as_json(),
            "trained": self.trained,
            "too_long": self.too_long,
        }


def forgetting(
    model_name: str,
    tuned: Path,
    sources: Sequence[Source],
    rows: Path,
    *,
    precision: Precision,
    max_new_tokens: int = 128,
    seed: int = 0,
    told: Told = lambda what, done, total: None,
) -> list[Task]:
    """Measure the base `model_name` and `tuned`, an adapter on it or a whole model, on each source.

    Each answer is a line of `rows`, and a run that was killed goes on from them. Raises `WrongBase`
    for an adapter of another model, `EmptySplit` where all prompts of a source are too long.
    """
    read = [[example for example in source.read() if example.target] for source in sources]
    prompts = list(dict.fromkeys(example.source for examples in read for example in examples))
    sides = {
        what: Respondent(model_name, which, precision=precision, max_new_tokens=max_new_tokens)
        for what, which in (("before", None), ("after", tuned))
    }
    wanted = [side.key(prompt) for side in sides.values() for prompt in prompts]
    with RowFile(rows, wanted) as file:
        before, after = (
            side.ask(prompts, file, partial(told, what)) for what, side in sides.items()
        )
    trained = _trained_on(tuned)
    return [
        _task(source, examples, before, after, sha256_of(source.path) in trained, seed)
        for source, examples in zip(sources, read, strict=True)
    ]


def _task(
    source: Source,
    examples: Sequence[Example],
    before: Answers,
    after: Answers,
    trained: bool,
    seed: int,
) -> Task:
    metric = _MEASURES.get(source.format, "f1")
    figure = HEADLINE[metric]
    first, second, groups = [], [], []
    for example in examples:
        one, other = before[example.source], after[example.source]
        if one is not None and other is not None:
            first.append(measure(one, example, metric)[figure])
            second.append(measure(other, example, metric)[figure])
            groups.append(example.group)
    was = interval(first, clusters=groups, seed=seed) if groups else None
    now = interval(second, clusters=groups, seed=seed) if groups else None
    if was is None or now is None:
        raise EmptySplit(
            f"All prompts of {source.label} are longer than {LONGEST} tokens.", "Take it out."
        )
    change = compare(second, first, clusters=groups, seed=seed)
    return Task(source.label, figure, was, now, change, trained, len(examples) - len(groups))


def _trained_on(tuned: Path) -> set[str]:
    """Hashes of the files the model was tuned on, as far as its record tells."""
    path = tuned / RECORD
    if not path.is_file():
        return set()
    record = json.loads(path.read_text(encoding="utf-8"))
    return {source["sha256"] for source in sources_of(record) if "sha256" in source}
