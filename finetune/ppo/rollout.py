"""Rollouts: responses sampled from π, with everything an update needs to know about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from finetune.policy import Inputs, Policy, Responses
from finetune.ppo.kl import token_rewards
from finetune.ppo.masked import whiten
from finetune.ppo.returns import advantages_and_returns
from finetune.ppo.settings import PPOSettings
from finetune.ppo.value_head import ValueHead
from finetune.responses import token_entropy, token_kl, token_logprobs
from finetune.sampling import Sampling, sample


@dataclass(frozen=True)
class Rollout:
    """Responses to `prompts`; the tensors are (batch, time), 0 beyond a response's end.

    `logprobs` and `reference`: log π and log ρ of the sampled tokens. `kl` and `entropy` are sums
    over the vocabulary, in nats. `values`: V(s_t).
    """

    prompts: list[str]
    texts: list[str]
    inputs: Inputs
    responses: Responses
    logprobs: Tensor
    reference: Tensor
    values: Tensor
    entropy: Tensor
    kl: Tensor

    @property
    def sequence_kl(self) -> float:
        """KL(π ‖ ρ) of whole responses, nats, estimated from these."""
        return float(self.kl.sum(1).mean())

    @property
    def lengths(self) -> Tensor:
        """Tokens of each response, its end mark included."""
        return self.responses.mask.sum(1)

    def ended(self, end: int) -> Tensor:
        """Which responses came to their end mark, (batch,)."""
        return ((self.responses.tokens == end) & self.responses.mask).any(1)


@torch.no_grad()
def collect(
    policy: Policy, head: ValueHead, prompts: Sequence[str], *, max_new_tokens: int, microbatch: int
) -> Rollout:
    """One response to each prompt at temperature 1, scored by π, ρ and V.

    Draws from torch's global generator.
    """
    inputs = policy.encode_prompts(prompts)
    responses = sample(policy, inputs, Sampling(max_new_tokens))
    columns: list[tuple[Tensor, ...]] = []
    for start in range(0, len(prompts), microbatch):
        rows = slice(start, start + microbatch)
        asked, given = inputs.rows(rows), responses.rows(rows)
        logits, states = policy.logits_and_states(asked, given.tokens)
        with policy.reference():
            reference = policy.logits(asked, given.tokens)
        made = (
            token_logprobs(logits, given.tokens),
            token_logprobs(reference, given.tokens),
            head(states),
            token_entropy(logits),
            token_kl(logits, reference),
        )
        columns.append(tuple(torch.where(given.mask, column, 0) for column in made))
    logprobs, reference, values, entropy, kl = map(torch.cat, zip(*columns, strict=True))
    texts = policy.decode(responses)
    return Rollout(
        list(prompts), texts, inputs, responses, logprobs, reference, values, entropy, kl
    )


@dataclass(frozen=True)
class Experience:
    """A rollout seen through its rewards: what the losses are made of, (batch, time) each."""

    inputs: Inputs
    responses: Responses
    logprobs: Tensor
    values: Tensor
    advantages: Tensor
    returns: Tensor

    def rows(self, chosen: Tensor) -> Experience:
        """Some of the responses, without the padding that none of them needs."""
        time = int(self.responses.mask[chosen].sum(1).max())
        length = int(self.inputs.mask[chosen].sum(1).max())

        def cut(column: Tensor) -> Tensor:
            return column[chosen, :time]

        return Experience(
            Inputs(self.inputs.ids[chosen, :length], self.inputs.mask[chosen, :length]),
            Responses(cut(self.responses.tokens), cut(self.responses.mask)),
            cut(self.logprobs),
            cut(self.values),
            cut(self.advantages),
            cut(self.returns),
        )


def experience(rollout: Rollout, scores: Tensor, beta: float, settings: PPOSettings) -> Experience:
    """Rewards per token, returns from them, and advantages whitened over the whole rollout.

    `scores`: R(x, y) of each response, (batch,).
    """
    mask = rollout.responses.mask
    rewards = token_rewards(scores, rollout.logprobs, rollout.reference, mask, beta)
    advantages, returns = advantages_and_returns(
        rewards, rollout.values, mask, gamma=settings.gamma, lam=settings.lam
    )
    return Experience(
        rollout.inputs,
        rollout.responses,
        rollout.logprobs,
        rollout.values,
        whiten(advantages, mask),
        returns,
    )
