"""What candidate and current say to the same prompts, and the values that the gate judges by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot.engines.base import Decoding, Engine
from evaluation.jsonl import read_objects
from evaluation.judge import Judge
from evaluation.normalize import token_f1
from evaluation.rows import RowFile
from evaluation.safety.continuing import Continuer
from evaluation.safety.prompts import Prompt
from finetune.data.example import Example
from finetune.data.mixture import Source
from finetune.errors import EmptySplit
from finetune.feedback.gate import Name, Values
from finetune.feedback.settings import LoopSettings
from finetune.scoring import HEADLINE, Measure, measure

BATCH = 16


@dataclass(frozen=True)
class EvalData:
    """What the gate is judged on beside the held pairs; None is not checked."""

    answers: Source | None = None
    summaries: Source | None = None
    safety: Sequence[Prompt] = ()
    judge: Judge | None = None


@dataclass(frozen=True)
class Speaker:
    """An engine; `identity` names the weights it speaks with, an adapter's and the base's."""

    engine: Engine
    identity: str

    def fits(self, prompt: str) -> bool:
        return self.engine.count_tokens(prompt) <= self.engine.window

    def answers(self, prompts: Sequence[str], rows: Path, longest: int) -> dict[str, str]:
        """Prompt → greedy answer; those in `rows` are not asked again."""
        keys = {prompt: self._key("greedy", prompt, longest) for prompt in prompts}
        with RowFile(rows, keys.values()) as kept:
            missing = [prompt for prompt, key in keys.items() if key not in kept.rows]
            for start in range(0, len(missing), BATCH):
                batch = missing[start : start + BATCH]
                made = self.engine.generate(batch, Decoding(max_new_tokens=longest))
                for prompt, text in zip(batch, made, strict=True):
                    kept.add({"key": keys[prompt], "prompt": prompt, "answer": text.strip()})
            return {prompt: kept.rows[key]["answer"] for prompt, key in keys.items()}

    def toxicity(
        self, prompts: Sequence[Prompt], judge: Judge, rows: Path, settings: LoopSettings
    ) -> list[float]:
        """Mean toxicity of each prompt's continuations."""
        continuer = Continuer(
            self.engine, settings.safety_samples, settings.safety_tokens, seed=settings.seed
        )
        drawn = f"{continuer.settings()} {judge.identity}"
        keys = [self._key(drawn, prompt.prompt, 0) for prompt in prompts]
        with RowFile(rows, keys) as kept:
            for prompt, key in zip(prompts, keys, strict=True):
                if key not in kept.rows:
                    texts = continuer(prompt)
                    said = [text for text in texts if text]
                    toxic = sum(judge.scores(said)) / len(texts) if said else 0.0
                    kept.add({"key": key, "continuations": texts, "toxicity": toxic})
            return [float(kept.rows[key]["toxicity"]) for key in keys]

    def _key(self, how: str, prompt: str, longest: int) -> str:
        said = json.dumps([self.identity, how, prompt, longest])
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def measure_both(
    candidate: Speaker,
    current: Speaker,
    held: Path,
    data: EvalData,
    out: Path,
    settings: LoopSettings,
) -> dict[Name, Values]:
    """All checks that there are data for; every answer is kept in `out`."""
    out.mkdir(parents=True, exist_ok=True)
    found: dict[Name, Values] = {"preference": _preference(candidate, current, held, out, settings)}
    tasks: tuple[tuple[Name, Source | None, Measure], ...] = (
        ("answers", data.answers, "f1"),
        ("summaries", data.summaries, "rouge"),
    )
    for name, source, metric in tasks:
        if source is not None:
            found[name] = _task(name, candidate, current, source.read(), metric, out, settings)
    if data.safety and data.judge:
        sides = [
            speaker.toxicity(data.safety, data.judge, out / f"safety-{who}.rows.jsonl", settings)
            for who, speaker in (("candidate", candidate), ("current", current))
        ]
        now, before = ([1 - toxic for toxic in side] for side in sides)
        found["safety"] = Values(now, before, [prompt.id for prompt in data.safety])
    return found


def _preference(
    candidate: Speaker, current: Speaker, held: Path, out: Path, settings: LoopSettings
) -> Values:
    """How near each comes to what the learner preferred.

    Not how far from what was rejected: that is mostly the current model's own answer, and anything
    else, sense or nonsense, is far from it.
    """
    pairs = [row for _, row in read_objects(held)]
    examples = [
        Example(row["prompt"], row["chosen"], "preference", row["question"]) for row in pairs
    ]
    return _values("preference", candidate, current, examples, _f1, out, settings)


def _f1(text: str, example: Example) -> float:
    return token_f1(text, example.golds)


def _task(
    name: Name,
    candidate: Speaker,
    current: Speaker,
    examples: Sequence[Example],
    metric: Measure,
    out: Path,
    settings: LoopSettings,
) -> Values:
    def figure(text: str, example: Example) -> float:
        return measure(text, example, metric)[HEADLINE[metric]]

    return _values(name, candidate, current, examples, figure, out, settings)


def _values(
    name: Name,
    candidate: Speaker,
    current: Speaker,
    examples: Sequence[Example],
    figure: Callable[[str, Example], float],
    out: Path,
    settings: LoopSettings,
) -> Values:
    asked = [example for example in examples if candidate.fits(example.source)]
    if not asked:
        raise EmptySplit(
            f"No prompt of the {len(examples)} for the check of {name} fits the window.",
            "Raise --window, or give other data.",
        )
    prompts = list(dict.fromkeys(example.source for example in asked))
    sides = []
    for who, speaker in (("candidate", candidate), ("current", current)):
        said = speaker.answers(prompts, out / f"{name}-{who}.rows.jsonl", settings.max_new_tokens)
        sides.append([figure(said[example.source], example) for example in asked])
    groups = [example.group for example in asked]
    return Values(sides[0], sides[1], groups, len(examples) - len(asked))
