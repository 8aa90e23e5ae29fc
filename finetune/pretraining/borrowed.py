"""Embeddings for a new vocabulary, borrowed from an encoder that has long been trained.

A piece of the vocabulary is spelled in the encoder's own word pieces and takes their mean (compare
FOCUS, Dobler & de Melo 2023, which does so between languages). The matrix is centered, brought to
the wanted width by its principal components, turned at random so that no coordinate stands out, and
scaled to a spread of 1, which is what T5 expects. What the encoder does not tell apart, such as
`The` and `the`, is parted by a little noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

_NOISE = 0.3
_WORD = "▁"


def borrowed_embeddings(pieces: Sequence[str], encoder: Path, width: int, seed: int) -> Tensor:
    """(pieces, `width`) of spread 1. `encoder` is the folder of a BERT at least `width` wide.

    A piece that the encoder cannot spell keeps a random row.
    """
    stored = load_file(encoder / "model.safetensors")
    rows = next(v for n, v in stored.items() if n.endswith("word_embeddings.weight")).float()
    tokenizer = Tokenizer.from_file(str(encoder / "tokenizer.json"))
    tokenizer.no_padding()
    unknown = tokenizer.token_to_id("[UNK]")
    draw = torch.Generator().manual_seed(seed)
    borrowed = torch.full((len(pieces), rows.shape[1]), torch.nan)
    for place, piece in enumerate(pieces):
        spelled = _spelled(piece, tokenizer)
        if spelled and unknown not in spelled:
            borrowed[place] = rows[spelled].mean(0)
    found = ~borrowed.isnan().any(1)
    known = borrowed[found]
    known = known - known.mean(0)
    axes = torch.linalg.svd(known, full_matrices=False).Vh[:width]
    turned = torch.linalg.qr(torch.randn(width, width, generator=draw)).Q
    known = known @ axes.T @ turned
    known = known / known.std()
    result = torch.randn(len(pieces), width, generator=draw)
    result[found] = (known + _NOISE * result[found]) / (1 + _NOISE**2) ** 0.5
    return result


def _spelled(piece: str, tokenizer: Tokenizer) -> list[int]:
    """Ids of the encoder's word pieces; the inside of a word is looked for as such first."""
    text = piece.removeprefix(_WORD)
    if not text or (text.startswith("<") and text.endswith(">")):
        return []
    inside = None if piece.startswith(_WORD) else tokenizer.token_to_id(f"##{text.lower()}")
    return [inside] if inside is not None else tokenizer.encode(text, add_special_tokens=False).ids
