"""The T5s that are trained here from nothing: T5 1.1's architecture, as FLAN-T5 has it, in small.

T5 1.1 (Shazeer 2020, "GLU variants improve Transformer"; Roberts et al. 2020): gated-GELU, no bias,
RMS norm before each block, relative positions in 32 buckets, an output matrix of its own whose
logits are not scaled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from transformers import T5Config, T5ForConditionalGeneration

from finetune.mimetic import begin_mimetic
from finetune.rng import seed_everything

VOCABULARY = 16_384


@dataclass(frozen=True, slots=True)
class Size:
    """Widths of the layers, of the feed-forward layers and of a head; as many layers in the encoder
    as in the decoder.
    """

    d: int
    ff: int
    layers: int
    heads: int
    head: int


SIZES = {
    "tiny": Size(32, 64, 2, 2, 16),
    "mini": Size(256, 512, 4, 4, 64),
    "small": Size(512, 1024, 8, 6, 64),
}
"""`tiny` for tests and dry runs; `small` has FLAN-T5-small's layers. Over 16,384 pieces `mini`
counts 14,685,952 parameters and `small` 60,839,296.
"""


def config_of(size: Size, vocabulary: int = VOCABULARY) -> T5Config:
    """The configuration of a T5 of this size, pad 0, end 1, decoding from the padding mark."""
    config = T5Config(
        vocab_size=vocabulary,
        d_model=size.d,
        d_kv=size.head,
        d_ff=size.ff,
        num_layers=size.layers,
        num_decoder_layers=size.layers,
        num_heads=size.heads,
        dropout_rate=0.0,
        feed_forward_proj="gated-gelu",
        pad_token_id=0,
        eos_token_id=1,
        # Read as: logits are not divided by √d. transformers 5 ties the matrices all the same.
        tie_word_embeddings=False,  # type: ignore[call-arg]  # taken from **kwargs
    )
    config.decoder_start_token_id = 0
    return config


def new_t5(
    size: Size,
    vocabulary: int = VOCABULARY,
    seed: int = 0,
    *,
    embeddings: torch.Tensor | None = None,
    copied: float = 0.0,
    mimetic: bool = False,
) -> Any:
    """A T5 with fresh weights in float32, untied.

    Mesh TensorFlow's factors: embeddings N(0, 1); every matrix N(0, 1 / its inputs), but queries
    N(0, 1 / (inputs · head width)), which stands for attention's missing 1/√d. transformers draws
    all these so. Its output matrix it would tie to the embeddings, whose spread makes logits of
    standard deviation √d; N(0, 1/d) makes them N(0, 1), so that the first loss is
    log(vocabulary) + ½.

    `embeddings`, (vocabulary, d) of spread 1, stand in for random ones. `copied` is how much of the
    output matrix is the embeddings over √d, from 0 to 1: with some of it, a token that is read can
    be written before its row of the output matrix has been learned. `mimetic`: see
    `finetune.mimetic`.
    """
    seed_everything(seed)
    model = T5ForConditionalGeneration(config_of(size, vocabulary))
    model.config.tie_word_embeddings = False
    spread = size.d**-0.5
    rows = torch.randn(vocabulary, size.d)
    with torch.no_grad():
        if embeddings is not None:
            model.shared.weight.copy_(embeddings)
        if copied:
            rows = copied * model.shared.weight + (1 - copied**2) ** 0.5 * rows
    model.lm_head.weight = torch.nn.Parameter(rows * spread)
    if mimetic:
        begin_mimetic(model, torch.Generator().manual_seed(seed))
    return model
