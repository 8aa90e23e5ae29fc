"""DPO, KTO and ORPO as objectives over a policy: examples in, losses to be descended out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from finetune.policy import Policy
from finetune.preference.dpo import dpo_loss
from finetune.preference.examples import Judgement, Pair
from finetune.preference.kto import kto_loss, reference_point
from finetune.preference.orpo import odds_ratio_loss
from finetune.responses import token_logprobs

E = TypeVar("E", contravariant=True)
Part = tuple[Tensor, dict[str, float]]


class Objective(Protocol[E]):
    def parts(self, policy: Policy, batch: Sequence[E], microbatch: int) -> Iterator[Part]:
        """(loss, figures) of `microbatch` examples at a time.

        The losses add up to the batch's, and so do the figures: parts change nothing but memory.
        """
        ...


@dataclass(frozen=True)
class DPO:
    """`accuracy`: share of pairs whose margin β·(log-ratio of chosen − rejected) is positive."""

    beta: float = 0.1
    label_noise: float = 0.0

    def parts(self, policy: Policy, batch: Sequence[Pair], microbatch: int) -> Iterator[Part]:
        for part in _split(batch, microbatch):
            chosen, rejected = _pair_logprobs(policy, part)
            with torch.no_grad(), policy.reference():
                reference = _pair_logprobs(policy, part)
            losses = dpo_loss(
                chosen.sums,
                rejected.sums,
                reference[0].sums,
                reference[1].sums,
                self.beta,
                self.label_noise,
            )
            gain = (chosen.sums - reference[0].sums).detach()
            margin = self.beta * (gain - (rejected.sums - reference[1].sums).detach())
            yield (
                losses.sum() / len(batch),
                {
                    "accuracy": float((margin > 0).sum()) / len(batch),
                    "margin": float(margin.sum()) / len(batch),
                    "chosen_gain": float(gain.sum()) / len(batch),
                },
            )


@dataclass(frozen=True)
class KTO:
    """`accuracy`: share of examples whose log-ratio lies on its label's side of z_0."""

    beta: float = 0.1
    desirable_weight: float = 1.0
    undesirable_weight: float = 1.0

    def parts(self, policy: Policy, batch: Sequence[Judgement], microbatch: int) -> Iterator[Part]:
        z0 = self._reference_point(policy, batch, microbatch)
        for part in _split(batch, microbatch):
            prompts = [example.prompt for example in part]
            texts = [example.response for example in part]
            logprobs, reference = _with_reference(policy, prompts, texts)
            desirable = torch.tensor([e.desirable for e in part], device=logprobs.device)
            losses = kto_loss(
                logprobs,
                reference,
                desirable,
                z0,
                self.beta,
                self.desirable_weight,
                self.undesirable_weight,
            )
            right = ((logprobs - reference).detach() > z0) == desirable
            yield (
                losses.sum() / len(batch),
                {
                    "accuracy": float(right.sum()) / len(batch),
                    "z0": z0 * len(part) / len(batch),
                },
            )

    @torch.no_grad()
    def _reference_point(
        self, policy: Policy, batch: Sequence[Judgement], microbatch: int
    ) -> float:
        """Each prompt with its neighbour's response, over the whole batch."""
        prompts = [example.prompt for example in batch]
        texts = [example.response for example in [*batch[1:], *batch[:1]]]
        made = [
            _with_reference(policy, list(some), list(their))
            for some, their in zip(
                _split(prompts, microbatch), _split(texts, microbatch), strict=True
            )
        ]
        logprobs, reference = map(torch.cat, zip(*made, strict=True))
        return reference_point(logprobs, reference)


@dataclass(frozen=True)
class ORPO:
    """`nll`: of the chosen responses, nats per token; `odds`: mean log odds ratio of the pairs."""

    weight: float = 0.1

    def parts(self, policy: Policy, batch: Sequence[Pair], microbatch: int) -> Iterator[Part]:
        tokens = sum(policy.tokens_of(pair.chosen) for pair in batch)
        for part in _split(batch, microbatch):
            chosen, rejected = _pair_logprobs(policy, part)
            likelihood = -chosen.sums.sum() / tokens
            ratio = odds_ratio_loss(chosen.means, rejected.means).sum() / len(batch)
            better = (chosen.means > rejected.means).sum()
            yield (
                likelihood + self.weight * ratio,
                {
                    "accuracy": float(better) / len(batch),
                    "nll": float(likelihood.detach()),
                    "odds_ratio_loss": float(ratio.detach()),
                },
            )


@dataclass(frozen=True)
class _Likelihood:
    """log π(y|x) of whole responses, and their lengths in tokens, (batch,) each."""

    sums: Tensor
    lengths: Tensor

    @property
    def means(self) -> Tensor:
        return self.sums / self.lengths


def _pair_logprobs(policy: Policy, pairs: Sequence[Pair]) -> tuple[_Likelihood, _Likelihood]:
    """Of the chosen and of the rejected responses; each prompt is read once for both."""
    both = _logprobs(
        policy, [pair.prompt for pair in pairs], [text for pair in pairs for text in pair.responses]
    )
    return (
        _Likelihood(both.sums[::2], both.lengths[::2]),
        _Likelihood(both.sums[1::2], both.lengths[1::2]),
    )


def _logprobs(policy: Policy, prompts: Sequence[str], texts: Sequence[str]) -> _Likelihood:
    inputs, responses = policy.encode_prompts(prompts), policy.encode_responses(texts)
    logs = token_logprobs(policy.logits(inputs, responses.tokens), responses.tokens)
    return _Likelihood(torch.where(responses.mask, logs, 0).sum(1), responses.mask.sum(1))


def _with_reference(
    policy: Policy, prompts: Sequence[str], texts: Sequence[str]
) -> tuple[Tensor, Tensor]:
    """log π(y|x) and log ρ(y|x), (batch,) each."""
    logprobs = _logprobs(policy, prompts, texts).sums
    with torch.no_grad(), policy.reference():
        return logprobs, _logprobs(policy, prompts, texts).sums


T = TypeVar("T")


def _split(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
