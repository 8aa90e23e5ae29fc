from __future__ import annotations

import math

import pytest
import torch

from finetune.responses import (
    decoder_inputs,
    response_mask,
    token_entropy,
    token_kl,
    token_logprobs,
)

END, PAD = 1, 0


def test_the_mask_ends_with_the_first_end_mark_wherever_padding_stands() -> None:
    tokens = torch.tensor(
        [
            [5, 6, END, PAD, PAD],
            [5, PAD, 6, END, PAD],  # padding sampled in mid-response is a token like others
            [5, 6, 7, 8, 9],  # cut off: no end
            [END, PAD, PAD, PAD, PAD],  # says nothing at all
            [5, END, 6, END, PAD],
        ]
    )
    assert response_mask(tokens, END).sum(1).tolist() == [3, 4, 5, 1, 2]


def test_the_decoder_reads_the_start_and_all_but_the_last_token() -> None:
    tokens = torch.tensor([[5, 6, END], [7, END, PAD]])
    assert decoder_inputs(tokens, PAD).tolist() == [[PAD, 5, 6], [PAD, 7, END]]


def test_logprobs_entropy_and_kl_equal_a_loop_over_tokens() -> None:
    draw = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(2, 3, 7, generator=draw)
    other = 3 * torch.randn(2, 3, 7, generator=draw)
    tokens = torch.randint(7, (2, 3), generator=draw)
    logprobs = token_logprobs(logits, tokens)
    entropy, kl = token_entropy(logits), token_kl(logits, other)
    for row in range(2):
        for t in range(3):
            p, q = (_softmax(made[row, t].tolist()) for made in (logits, other))
            assert float(logprobs[row, t]) == pytest.approx(
                math.log(p[int(tokens[row, t])]), abs=1e-5
            )
            assert float(entropy[row, t]) == pytest.approx(
                -sum(a * math.log(a) for a in p), abs=1e-5
            )
            expected = sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))
            assert float(kl[row, t]) == pytest.approx(expected, abs=1e-5)


def test_the_kl_of_equal_logits_is_exactly_zero() -> None:
    logits = torch.randn(4, 5, 32, generator=torch.Generator().manual_seed(1))
    assert float(token_kl(logits, logits.clone()).abs().max()) == 0.0


def _softmax(logits: list[float]) -> list[float]:
    weights = [math.exp(logit) for logit in logits]
    return [weight / sum(weights) for weight in weights]
