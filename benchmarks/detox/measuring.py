"""Continuations of held prompts by each system, judged, and held against the reference's."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from evaluation.bootstrap import Interval, compare
from evaluation.jsonl import read_objects
from evaluation.judge import Judge
from evaluation.safety.evaluate import evaluate_safety
from evaluation.safety.prompts import Prompt
from finetune.degeneration import faults, health
from finetune.divergence import measured_kl
from finetune.policy import Policy
from finetune.ppo.mixture import Reward
from finetune.responses import token_logprobs
from finetune.rng import seed_everything
from finetune.sampling import Sampling, answer

AT_ONCE = 512
"""Responses drawn at a time for best-of-n."""

Continue = Callable[[Prompt], list[str]]


@dataclass(frozen=True)
class Drawing:
    """How everybody continues: temperature 1, top-p .9, as Gehman et al. 2020."""

    samples: int = 25
    max_new_tokens: int = 20
    seed: int = 0

    @property
    def sampling(self) -> Sampling:
        return Sampling(self.max_new_tokens, temperature=1.0, top_p=0.9)

    def by(self, policy: Policy) -> Continue:
        """The policy's continuations; the draw follows from the seed and the prompt alone."""

        def draw(prompt: Prompt) -> list[str]:
            self._seed(prompt)
            return answer(policy, [prompt.prompt], self.sampling, times=self.samples)[0]

        return draw

    def by_best_of(self, n: int, policy: Policy, reward: Reward) -> Continue:
        """Each continuation the best of n by the reference."""

        def draw(prompt: Prompt) -> list[str]:
            self._seed(prompt)
            best: list[str] = []
            with policy.reference():
                while len(best) < self.samples:
                    times = n * min(self.samples - len(best), max(1, AT_ONCE // n))
                    (texts,) = answer(policy, [prompt.prompt], self.sampling, times=times)
                    scores = reward.scores([prompt.prompt] * times, texts)
                    for start in range(0, times, n):
                        some = scores[start : start + n]
                        best.append(texts[start + some.index(max(some))])
            return best

        return draw

    def _seed(self, prompt: Prompt) -> None:
        seed_everything(self.seed, zlib.crc32(prompt.prompt.encode()))


@dataclass(frozen=True)
class Measured:
    """One system on all prompts, in their order: per prompt, and every continuation."""

    toxicity: list[float]
    toxic_share: list[float]
    toxicity_max: list[float]
    words: list[float]
    distinct_2: list[float]
    asked: list[str]
    said: list[str]
    perplexity: float

    def first(self, prompts: int) -> Measured:
        """The same on the first prompts alone, but for the perplexity, which is that of all."""
        texts = prompts * len(self.said) // len(self.toxicity)
        lists = {field.name: getattr(self, field.name) for field in fields(self)}
        cut = {
            name: values[: texts if name in ("asked", "said") else prompts]
            for name, values in lists.items()
            if name != "perplexity"
        }
        return Measured(**cut, perplexity=self.perplexity)


def measured(
    prompts: Sequence[Prompt],
    continue_: Continue,
    judge: Judge,
    rows: Path,
    settings: dict[str, Any],
    reference: Policy,
    progress: Callable[[str, int, int], None] | None = None,
) -> Measured:
    """Continue and judge; a run that was killed goes on from `rows`."""
    evaluate_safety(prompts, continue_, judge, rows=rows, settings=settings, progress=progress)
    lines = [row for _, row in read_objects(rows)]

    def of(measure: str) -> list[float]:
        return [row["measures"].get(measure, 0.0) for row in lines]

    asked = [row["prompt"] for row in lines for _ in row["continuations"]]
    said = [text for row in lines for text in row["continuations"]]
    return Measured(
        of("toxicity"),
        of("toxic_share"),
        of("toxicity_max"),
        of("words"),
        of("distinct_2"),
        asked,
        said,
        perplexity(reference, asked, said),
    )


@torch.no_grad()
def perplexity(reference: Policy, asked: Sequence[str], said: Sequence[str]) -> float:
    """exp of the reference's mean negative log-likelihood per token.

    End marks do not count: most continuations are cut off before theirs.
    """
    total, tokens = 0.0, 0
    with reference.reference():
        for start in range(0, len(said), 64):
            inputs = reference.encode_prompts(asked[start : start + 64])
            responses = reference.encode_responses(said[start : start + 64])
            logits = reference.logits(inputs, responses.tokens)
            logs = token_logprobs(logits, responses.tokens)
            spoken = responses.mask & (responses.tokens != reference.end)
            total -= float(torch.where(spoken, logs, 0).sum())
            tokens += int(spoken.sum())
    return math.exp(total / tokens) if tokens else math.inf


def distance(policy: Policy, prompts: Sequence[Prompt], max_new_tokens: int, seed: int) -> float:
    """KL to the reference, nats per continuation drawn as in training (no top-p)."""
    seed_everything(seed)
    texts = [prompt.prompt for prompt in prompts]
    found = measured_kl(policy, texts, max_new_tokens=max_new_tokens)
    return sum(found) / len(found)


Figures = dict[str, dict[str, float | int]]


def alone(found: Measured) -> Figures:
    """The reference's own figures."""
    n = len(found.toxicity)

    def mean(values: Sequence[float]) -> dict[str, float | int]:
        return {"value": sum(values) / n, "n": n}

    return {
        "toxicity": mean(found.toxicity),
        "toxic_share": mean(found.toxic_share),
        "toxicity_max": mean(found.toxicity_max),
        "words": mean(found.words),
        "distinct_2": mean(found.distinct_2),
        "perplexity": {"value": found.perplexity},
    }


def beside(found: Measured, reference: Measured, kl: float) -> tuple[Figures, list[str]]:
    """(figures of a system beside the reference's on the same prompts, what is wrong with it).

    `change` of toxicity, share and maximum: system − reference, resampling prompts. `fall`: of the
    mean toxicity, relative.
    """

    def change(one: Sequence[float], other: Sequence[float]) -> dict[str, float | int]:
        difference: Interval = compare(one, other).difference
        return difference.as_json()

    before, after = sum(reference.toxicity), sum(found.toxicity)
    figures: Figures = {
        **alone(found),
        "toxicity_change": change(found.toxicity, reference.toxicity),
        "toxic_share_change": change(found.toxic_share, reference.toxic_share),
        "toxicity_max_change": change(found.toxicity_max, reference.toxicity_max),
        "toxicity_fall": {"value": 1 - after / before if before else 0.0},
        "length_ratio": {"value": sum(found.words) / max(sum(reference.words), 1e-9)},
        "kl": {"value": kl},
    }
    wrong = faults(health(found.asked, found.said), health(reference.asked, reference.said))
    return figures, wrong
