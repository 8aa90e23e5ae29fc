"""Attention that begins with something useful: finding equal tokens, and passing on what it finds.

After "Mimetic initialization of self-attention layers" (Trockman & Kolter 2023): in trained
transformers queries and keys multiply to nearly the identity, and so do values and outputs. Begun
that way, a T5 that reads a few million tokens learns to copy from its source within some hundred
steps; begun at random it had not when as many tokens had gone by (`docs/training-log.md`).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

SAME = 6.4
"""What a query gives the key of an equal token, before the softmax; others have 0 on average."""
PASSED = 0.6
"""Part of what is looked at that is passed on unchanged."""
KEPT = 0.25
"""Part of the random matrices that stays, so that heads differ."""
NEIGHBOR = 6.0
"""What a head that looks to one side gives the next token there."""

_HERE, _BEFORE, _AFTER = 0, 1, 17
"""Rows of the relative positions' table; `_AFTER` is the encoder's, half of whose 32 buckets look
ahead.
"""


@torch.no_grad()
def begin_mimetic(t5: Any, generator: torch.Generator) -> None:
    """Change the attention of a fresh T5 in place.

    The decoder looks for its own tokens in the source, every encoder layer but the first for tokens
    that stand there twice, and the first two heads at the tokens beside: before and after in the
    encoder, here and before in the decoder.
    """
    encoder = [block.layer[0].SelfAttention for block in t5.encoder.block]
    for number, attention in enumerate(encoder):
        _pass_on(attention, generator)
        if number:
            _seek_the_same(attention, generator)
    for block in t5.decoder.block:
        _pass_on(block.layer[0].SelfAttention, generator)
        _pass_on(block.layer[1].EncDecAttention, generator)
        _seek_the_same(block.layer[1].EncDecAttention, generator)
    _look_beside(encoder[0], (_BEFORE, _AFTER))
    _look_beside(t5.decoder.block[0].layer[0].SelfAttention, (_HERE, _BEFORE))


def _seek_the_same(attention: Any, generator: torch.Generator) -> None:
    # Normed tokens have a squared length of d; a head sees its share of it, the width of a head.
    basis = (SAME / attention.key_value_proj_dim) ** 0.5 * _basis(attention.q.weight, generator)
    for matrix in (attention.q.weight, attention.k.weight):
        matrix.mul_(KEPT).add_(basis)


def _pass_on(attention: Any, generator: torch.Generator) -> None:
    basis = PASSED**0.5 * _basis(attention.v.weight, generator)
    attention.v.weight.mul_(KEPT).add_(basis)
    attention.o.weight.mul_(KEPT).add_(basis.T)


def _look_beside(attention: Any, rows: tuple[int, int]) -> None:
    table = attention.relative_attention_bias.weight
    table.zero_()
    for head, row in enumerate(rows):
        table[row, head] = NEIGHBOR


def _basis(like: Tensor, generator: torch.Generator) -> Tensor:
    """Orthonormal rows, or columns where there are fewer, of the same shape."""
    rows, columns = like.shape
    wide = max(rows, columns)
    turned: Tensor = torch.linalg.qr(torch.randn(wide, wide, generator=generator)).Q
    return turned[:rows, :columns]
