"""Attention that begins by finding equal tokens and passing on what it finds."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from finetune.mimetic import NEIGHBOR, PASSED, SAME
from finetune.t5_shapes import SIZES, new_t5


@pytest.fixture(params=["mini", "small"])
def t5(request: pytest.FixtureRequest) -> Any:
    """`mini` has as many inner features as outer ones, `small` has fewer."""
    return new_t5(SIZES[request.param], vocabulary=300, mimetic=True)


def states(t5: Any, tokens: int = 40) -> Tensor:
    """Different tokens as attention sees them, (tokens, d): each with mean square 1."""
    drawn = torch.randn(tokens, t5.config.d_model, generator=torch.Generator().manual_seed(1))
    return drawn / drawn.pow(2).mean(-1, keepdim=True).sqrt()


def scores(attention: Any, seen: Tensor) -> Tensor:
    """(heads, tokens, tokens): what each token's query gives each token's key."""
    heads, width = attention.n_heads, attention.key_value_proj_dim
    query, key = (
        m(seen).view(-1, heads, width).transpose(0, 1) for m in (attention.q, attention.k)
    )
    return query @ key.transpose(1, 2)


@torch.no_grad()
def test_a_token_finds_its_like_in_the_source(t5: Any) -> None:
    for block in t5.decoder.block:
        found = scores(block.layer[1].EncDecAttention, states(t5))
        alike = found.diagonal(dim1=1, dim2=2).mean()
        assert float(alike) == pytest.approx(SAME, rel=0.15)
        # The right one of forty is the highest for nearly every token, in every head.
        assert float((found.argmax(-1) == torch.arange(40)).float().mean()) > 0.9


@torch.no_grad()
def test_what_is_looked_at_is_passed_on(t5: Any) -> None:
    seen = states(t5)
    for attention in (
        t5.encoder.block[0].layer[0].SelfAttention,
        t5.decoder.block[1].layer[1].EncDecAttention,
    ):
        passed = attention.o(attention.v(seen))
        # All features of `mini` pass, those of `small` that fit through its heads.
        share = min(1.0, attention.inner_dim / t5.config.d_model)
        along = float((passed * seen).sum() / (seen * seen).sum())
        assert along == pytest.approx(PASSED * share, rel=0.2)


@torch.no_grad()
def test_two_heads_look_beside(t5: Any) -> None:
    encoder = t5.encoder.block[0].layer[0].SelfAttention.compute_bias(9, 9)[0]
    decoder = t5.decoder.block[0].layer[0].SelfAttention.compute_bias(9, 9)[0]
    before = torch.diag(torch.ones(8), -1).bool()
    after = torch.diag(torch.ones(8), 1).bool()
    here = torch.eye(9).bool()
    causal = torch.ones(9, 9).tril().bool()
    for table, places in ((encoder, (before, after)), (decoder, (here, before))):
        for head, place in enumerate(places):
            assert bool((table[head][place] == NEIGHBOR).all())
    assert bool((encoder[0][~before] == 0).all()) and bool((encoder[1][~after] == 0).all())
    assert bool((decoder[1][causal & ~before] == 0).all())


def test_the_same_seed_begins_the_same() -> None:
    one, same, other = (
        new_t5(SIZES["tiny"], 300, seed, mimetic=True).state_dict() for seed in (1, 1, 2)
    )
    name = "decoder.block.0.layer.1.EncDecAttention.q.weight"
    assert torch.equal(one[name], same[name]) and not torch.equal(one[name], other[name])
