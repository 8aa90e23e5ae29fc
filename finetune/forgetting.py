"""What a model can still do after it was adapted: the same tasks before and after, paired.

Tuning on one task costs others ("catastrophic forgetting", McCloskey & Cohen 1989). Each task is
answered by the base model and by the tuned one; the differences are resampled by passage, dialogue
or question.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.bootstrap import Comparison, Interval, compare, interval
from evaluation.jsonl import sha256_of
from evaluation.rows import RowFile
from finetune.data.example import Example
from finetune.data.mixture import Source
from finetune.errors import EmptySplit
from finetune.generation import batches_by_length, greedy
from finetune.merging import put_on
from finetune.models import load_t5
from finetune.precision import Precision
from finetune.scoring import HEADLINE, Measure, measure
from ingestion.errors import ModelUnavailable

LONGEST = 2048
"""Tokens of a prompt; longer ones are counted and not asked."""

_MEASURES: dict[str, Measure] = {
    "dialogsum": "rouge", "samsum": "rouge", "instructions": "rouge",
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
    read = [source.read() for source in sources]
    prompts = list(dict.fromkeys(example.source for examples in read for example in examples))
    asked = {
        which: {prompt: _key(which, prompt, max_new_tokens, precision) for prompt in prompts}
        for which in (model_name, _fingerprint(tuned))
    }
    with RowFile(rows, [key for keys in asked.values() for key in keys.values()]) as file:
        for keys, folder, what in zip(
            asked.values(), (None, tuned), ("before", "after"), strict=True
        ):
            missing = [prompt for prompt in prompts if keys[prompt] not in file.rows]
            if missing:
                model, tokenizer = _load(model_name, folder, precision)
                for prompt, answer in _answers(
                    model, tokenizer, missing, max_new_tokens, precision
                ):
                    file.add({"key": keys[prompt], "prompt": prompt, "answer": answer})
                    told(what, sum(key in file.rows for key in keys.values()), len(prompts))
    said = [
        {prompt: file.rows[key]["answer"] for prompt, key in keys.items()}
        for keys in asked.values()
    ]
    trained = _trained_on(tuned)
    return [
        _task(source, examples, said[0], said[1], sha256_of(source.path) in trained, seed)
        for source, examples in zip(sources, read, strict=True)
    ]


def _task(
    source: Source,
    examples: Sequence[Example],
    before: dict[str, str | None],
    after: dict[str, str | None],
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


def _load(model_name: str, tuned: Path | None, precision: Precision) -> tuple[Any, Any]:
    """(model in evaluation mode, tokenizer): the base, or what `tuned` holds."""
    whole = tuned is not None and not (tuned / "adapter_config.json").is_file()
    model, tokenizer = load_t5(str(tuned) if whole else model_name, precision.compute)
    if tuned is not None and not whole:
        model = put_on(model, tuned, model_name)
    return model.to(precision.device).eval(), tokenizer


def _answers(
    model: Any, tokenizer: Any, prompts: Sequence[str], max_new_tokens: int, precision: Precision
) -> Iterator[tuple[str, str | None]]:
    """(prompt, answer) of each, the longest prompts first; None answers one that is too long."""
    ids = tokenizer(list(prompts), truncation=False).input_ids
    fitting = [index for index in range(len(prompts)) if len(ids[index]) <= LONGEST]
    for index in set(range(len(prompts))) - set(fitting):
        yield prompts[index], None
    for batch in batches_by_length([len(ids[index]) for index in fitting]):
        chosen = [fitting[place] for place in batch]
        texts = greedy(
            model,
            tokenizer,
            [ids[index] for index in chosen],
            max_new_tokens=max_new_tokens,
            precision=precision,
        )
        yield from zip((prompts[index] for index in chosen), texts, strict=True)


def _key(which: str, prompt: str, max_new_tokens: int, precision: Precision) -> str:
    said = json.dumps([which, prompt, max_new_tokens, str(precision.compute)])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _fingerprint(tuned: Path) -> str:
    """The hash of the tuned weights: trained again, they are asked again."""
    for name in ("adapter_model.safetensors", "model.safetensors"):
        if (tuned / name).is_file():
            return sha256_of(tuned / name)
    raise ModelUnavailable(
        f"{tuned} holds neither an adapter nor a model in safetensors.",
        "Give the --out of `lectern train sft`.",
    )


def _trained_on(tuned: Path) -> set[str]:
    """Hashes of the files the model was tuned on, as far as its record tells."""
    record = tuned / "training.json"
    if not record.is_file():
        return set()
    return {part["sha256"] for part in json.loads(record.read_text())["data"]["train"]}
