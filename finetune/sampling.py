"""Ancestral sampling from a T5, many responses to a prompt, with nothing hidden in between.

`transformers.generate` fills what it is not told from a file beside the weights (a minimal length,
a top-k of 50); then the tokens do not come from the policy whose probabilities PPO computes. This
loop draws from the softmax and nothing else, and reads each prompt once however often it answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from finetune.policy import Inputs, Policy, Responses

CANDIDATES = (512, 4096)
"""As many of the likeliest tokens are looked at for top-p first, then so many, then all."""


@dataclass(frozen=True)
class Sampling:
    """How responses are drawn. With temperature 1 and top-p 1 they are the policy's own."""

    max_new_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0


@torch.no_grad()
def sample(policy: Policy, inputs: Inputs, sampling: Sampling, times: int = 1) -> Responses:
    """`times` responses to each prompt, side by side; after its end mark a response is padding.

    Draws from torch's global generator: seed it to draw the same again.
    """
    mask = inputs.mask.repeat_interleave(times, dim=0)
    states = policy.read(inputs, times)
    token = torch.full((len(mask), 1), policy.start, device=mask.device)
    going = torch.ones(len(mask), dtype=torch.bool, device=mask.device)
    past = None
    drawn: list[Tensor] = []
    while bool(going.any()) and len(drawn) < sampling.max_new_tokens:
        with policy.precision.autocast():
            made = policy.t5(
                encoder_outputs=states,
                attention_mask=mask,
                decoder_input_ids=token,
                past_key_values=past,
                use_cache=True,
            )
        past = made.past_key_values
        chances, tokens = nucleus(made.logits[:, -1], sampling)
        token = tokens.gather(-1, torch.multinomial(chances, 1))
        token[~going] = policy.pad
        going &= token[:, 0] != policy.end
        drawn.append(token)
    return policy.responses(torch.cat(drawn, dim=1))


def nucleus(logits: Tensor, sampling: Sampling) -> tuple[Tensor, Tensor]:
    """(probabilities the next token is drawn from, their tokens), both (batch, candidates).

    Rows sum to 1. Top-p keeps the fewest tokens whose probabilities reach it (Holtzman et al.
    2020).
    """
    chances = (logits.float() / sampling.temperature).softmax(-1)
    if sampling.top_p >= 1:
        return chances, torch.arange(chances.shape[-1], device=chances.device).expand_as(chances)
    descending, tokens = _most_likely(chances, sampling.top_p)
    before = descending.cumsum(-1) - descending
    descending = descending.masked_fill(before >= sampling.top_p, 0)
    return descending / descending.sum(-1, keepdim=True), tokens


def _most_likely(chances: Tensor, top_p: float) -> tuple[Tensor, Tensor]:
    """Probabilities from the greatest down until they reach `top_p` in every row, and their tokens.

    Sorting a whole vocabulary costs more than a small model's step, and is hardly ever needed.
    """
    for count in CANDIDATES:
        if chances.shape[-1] > count:
            descending, tokens = chances.topk(count)
            if bool((descending.sum(-1) >= top_p).all()):
                return descending, tokens
    return chances.sort(descending=True)


def answer(
    policy: Policy, prompts: Sequence[str], sampling: Sampling, *, times: int = 1, batch: int = 64
) -> list[list[str]]:
    """Texts: `times` responses to each prompt, read `batch` responses at a time."""
    texts: list[str] = []
    step = max(1, batch // times)
    for start in range(0, len(prompts), step):
        inputs = policy.encode_prompts(prompts[start : start + step])
        texts += policy.decode(sample(policy, inputs, sampling, times))
    return [texts[start : start + times] for start in range(0, len(texts), times)]
