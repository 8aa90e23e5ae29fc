"""A model's greedy answers to many prompts, each kept as it is given, so that a kill loses few."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from evaluation.rows import RowFile
from finetune.generation import batches_by_length, greedy
from finetune.merging import put_on
from finetune.models import load_t5
from finetune.precision import Precision
from finetune.weights import is_adapter, speaking_weights

LONGEST = 2048
"""Tokens of a prompt; longer ones are not asked, and their answer is None."""

Answers = dict[str, str | None]
Told = Callable[[int, int], None]
"""Hears (answers there are, answers there will be)."""


class Respondent:
    """The T5 `model`, or `tuned`: an adapter on it, or a whole model made of it.

    It is read when an answer is missing. Raises `WrongBase` for an adapter of another model.
    """

    def __init__(
        self, model: str, tuned: Path | None, *, precision: Precision, max_new_tokens: int
    ) -> None:
        self._adapter = tuned if tuned is not None and is_adapter(tuned) else None
        self._model = model if tuned is None or self._adapter else str(tuned)
        self._precision = precision
        self._longest = max_new_tokens
        self.weights = speaking_weights(self._model, self._adapter)

    def key(self, prompt: str) -> str:
        """Identity of an answer: trained again, a model is asked again."""
        said = json.dumps([self.weights, prompt, self._longest, str(self._precision.compute)])
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def ask(
        self, prompts: Sequence[str], file: RowFile, told: Told = lambda done, total: None
    ) -> Answers:
        """Prompt → answer; those that `file` lacks are asked for and added to it."""
        keys = {prompt: self.key(prompt) for prompt in prompts}
        missing = [prompt for prompt, key in keys.items() if key not in file.rows]
        if missing:
            done = len(keys) - len(missing)
            told(done, len(keys))
            for prompt, answer in self._answers(missing):
                file.add({"key": keys[prompt], "prompt": prompt, "answer": answer})
                done += 1
                told(done, len(keys))
        return {prompt: file.rows[key]["answer"] for prompt, key in keys.items()}

    def _answers(self, prompts: Sequence[str]) -> Iterator[tuple[str, str | None]]:
        """(prompt, answer) of each, the longest prompts first."""
        model, tokenizer = self._load()
        ids = tokenizer(list(prompts), truncation=False).input_ids
        fitting = [index for index in range(len(prompts)) if len(ids[index]) <= LONGEST]
        for index in sorted(set(range(len(prompts))) - set(fitting)):
            yield prompts[index], None
        for batch in batches_by_length([len(ids[index]) for index in fitting]):
            chosen = [fitting[place] for place in batch]
            texts = greedy(
                model,
                tokenizer,
                [ids[index] for index in chosen],
                max_new_tokens=self._longest,
                precision=self._precision,
            )
            yield from zip((prompts[index] for index in chosen), texts, strict=True)

    def _load(self) -> tuple[Any, Any]:
        """(model in evaluation mode, tokenizer)."""
        model, tokenizer = load_t5(self._model, self._precision.compute)
        if self._adapter:
            model = put_on(model, self._adapter, self._model)
        return model.to(self._precision.device).eval(), tokenizer
