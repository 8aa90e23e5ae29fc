"""T5s of FLAN-T5's shapes with random weights: right for speed and agreement, wrong for sense.

Every `wordN` of their vocabulary is one token, so a text of n words has n tokens and an end.
"""

from __future__ import annotations

import random
from pathlib import Path

import torch
from transformers import T5Config, T5ForConditionalGeneration, T5Tokenizer

SHAPES = {
    # d_model, d_ff, layers (encoder and decoder each), heads, width of a head
    "tiny": (64, 128, 2, 4, 16),
    "small": (512, 1024, 8, 6, 64),
    "base": (768, 2048, 12, 12, 64),
    "large": (1024, 2816, 24, 16, 64),
    "xl": (2048, 5120, 24, 32, 64),
}
"""The configurations of google/flan-t5-*; `tiny` is for trying the programs out."""

WORDS = 32_097
VOCABULARY = 32_128
END = 1


def config(size: str) -> T5Config:
    d_model, d_ff, layers, heads, d_kv = SHAPES[size]
    return T5Config(
        vocab_size=VOCABULARY,
        d_model=d_model,
        d_ff=d_ff,
        d_kv=d_kv,
        num_layers=layers,
        num_decoder_layers=layers,
        num_heads=heads,
        dropout_rate=0.0,
        feed_forward_proj="gated-gelu",
        decoder_start_token_id=0,
        pad_token_id=0,
        eos_token_id=END,
    )


def build(folder: Path, size: str, seed: int = 0) -> Path:
    """Write config, tokenizer and random weights where `from_pretrained` reads them."""
    torch.manual_seed(seed)
    model = T5ForConditionalGeneration(config(size))
    # FLAN-T5's output matrix is its own. Ids past the last word, and the end, score zero: greedy
    # decoding never takes them, so every completion has exactly the tokens it was allowed.
    model.config.tie_word_embeddings = False
    width = model.config.d_model
    head = torch.randn(VOCABULARY, width) * 4 * width**-0.5
    head[: END + 2] = 0
    head[WORDS + 3 :] = 0
    model.lm_head.weight = torch.nn.Parameter(head)
    model.save_pretrained(folder)
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -100.0)]
    pieces += [(f"▁word{number}", -1.0) for number in range(WORDS)]
    T5Tokenizer(vocab=pieces, extra_ids=0).save_pretrained(folder)
    return folder


def text(tokens: int, seed: int) -> str:
    """A text of so many tokens, its end included."""
    draw = random.Random(seed)
    return " ".join(f"word{draw.randrange(WORDS)}" for _ in range(tokens - 1))
