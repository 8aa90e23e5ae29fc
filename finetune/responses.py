"""Responses as tensors: which tokens count, and how likely a model finds them.

T5's padding token is also what its decoder starts from, and a model may sample it in the middle
of a response. So the mask comes from the position of the end mark alone, never from the padding.
"""

from __future__ import annotations

import torch
from torch import Tensor


def response_mask(tokens: Tensor, end: int) -> Tensor:
    """True up to the first end mark, that included, or throughout where there is none.

    `tokens`: (batch, time), without the decoder's start token.
    """
    ends = tokens == end
    return (ends.cumsum(1) - ends.long()) == 0


def decoder_inputs(tokens: Tensor, start: int) -> Tensor:
    """What the decoder reads to predict `tokens`: the start token, then all but the last."""
    first = torch.full_like(tokens[:, :1], start)
    return torch.cat([first, tokens[:, :-1]], dim=1)


def token_logprobs(logits: Tensor, tokens: Tensor) -> Tensor:
    """log p(y_t | x, y_<t): (batch, time, vocabulary), (batch, time) → (batch, time), float32."""
    return logits.float().log_softmax(-1).gather(-1, tokens[..., None])[..., 0]


def token_entropy(logits: Tensor) -> Tensor:
    """−Σ_v p_v log p_v in nats: (batch, time, vocabulary) → (batch, time)."""
    logs = logits.float().log_softmax(-1)
    return -(logs.exp() * logs).sum(-1)


def token_kl(logits: Tensor, reference: Tensor) -> Tensor:
    """KL(π(·|s_t) ‖ ρ(·|s_t)) in nats, over the whole vocabulary: (batch, time).

    Summed over the tokens of a sampled response it estimates the KL of the responses without
    bias and with less variance than the log-ratio of the sampled tokens (Rao–Blackwell); it is
    never negative, and exactly 0 for equal logits.
    """
    logs = logits.float().log_softmax(-1)
    return (logs.exp() * (logs - reference.float().log_softmax(-1))).sum(-1).clamp_min(0)
