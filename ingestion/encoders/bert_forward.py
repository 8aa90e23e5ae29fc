"""The forward pass of BERT as a function of its weights, for vectors, task heads and training.

Devlin et al. 2019, post-layer-norm. Weights are a flat dictionary under the names of the Hugging
Face checkpoint, query, key and value fused into one product a layer. Gradients flow through it
wherever the weights ask for them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.nn.functional import (
    embedding,
    gelu,
    layer_norm,
    linear,
    scaled_dot_product_attention,
)

Weights = Mapping[str, torch.Tensor]
Dense = Callable[[torch.Tensor, str], torch.Tensor]
"""(input, name of a layer) → its affine map; what a low-rank adapter replaces."""


@dataclass(frozen=True, slots=True)
class BertShape:
    """What of `config.json` the forward pass needs."""

    dimension: int
    layers: int
    heads: int
    eps: float

    @classmethod
    def read(cls, folder: Path) -> BertShape:
        config = json.loads((folder / "config.json").read_text())
        return cls(
            int(config["hidden_size"]),
            int(config["num_hidden_layers"]),
            int(config["num_attention_heads"]),
            float(config["layer_norm_eps"]),
        )


def read_weights(
    folder: Path, shape: BertShape, dtype: torch.dtype, device: str = "cpu"
) -> dict[str, torch.Tensor]:
    """`model.safetensors` of a BERT, one query-key-value product a layer instead of three."""
    stored = load_file(folder / "model.safetensors", device=device)
    weights = {name.removeprefix("bert."): tensor.to(dtype) for name, tensor in stored.items()}
    for layer in range(shape.layers):
        at = f"encoder.layer.{layer}.attention.self"
        for part in ("weight", "bias"):
            rows = [weights.pop(f"{at}.{name}.{part}") for name in ("query", "key", "value")]
            weights[f"{at}.qkv.{part}"] = torch.cat(rows)
    return weights


def dense_of(weights: Weights) -> Dense:
    """The affine maps as the checkpoint has them."""
    return lambda x, at: linear(x, weights[f"{at}.weight"], weights[f"{at}.bias"])


def pad(ids: Sequence[Sequence[int]], device: str = "cpu") -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and their mask (True: a token), both (batch, longest), padded on the right."""
    width = max(map(len, ids))
    tokens = torch.zeros((len(ids), width), dtype=torch.long)
    mask = torch.zeros((len(ids), width), dtype=torch.bool)
    for row, text in enumerate(ids):
        tokens[row, : len(text)] = torch.tensor(text)
        mask[row, : len(text)] = True
    return tokens.to(device), mask.to(device)


def token_states(
    weights: Weights,
    shape: BertShape,
    tokens: torch.Tensor,
    mask: torch.Tensor,
    *,
    dense: Dense | None = None,
    segments: torch.Tensor | None = None,
) -> torch.Tensor:
    """Token ids, mask and segments (0 or 1, default 0), each (batch, width) → (batch, width, d)."""
    affine = dense or dense_of(weights)
    batch, width = tokens.shape

    def norm(x: torch.Tensor, at: str) -> torch.Tensor:
        scale, shift = weights[f"{at}.weight"], weights[f"{at}.bias"]
        return layer_norm(x, (shape.dimension,), scale, shift, shape.eps)

    kinds = weights["embeddings.token_type_embeddings.weight"]
    x = embedding(tokens, weights["embeddings.word_embeddings.weight"])
    x = x + weights["embeddings.position_embeddings.weight"][:width]
    x = x + (kinds[0] if segments is None else embedding(segments, kinds))
    x = norm(x, "embeddings.LayerNorm")
    attention_mask = None if bool(mask.all()) else mask[:, None, None, :]
    for layer in range(shape.layers):
        at = f"encoder.layer.{layer}"
        qkv = affine(x, f"{at}.attention.self.qkv")
        q, k, v = qkv.view(batch, width, 3, shape.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = scaled_dot_product_attention(q, k, v, attn_mask=attention_mask)
        mixed = mixed.transpose(1, 2).reshape(batch, width, shape.dimension)
        x = norm(
            x + affine(mixed, f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm"
        )
        inner = gelu(affine(x, f"{at}.intermediate.dense"))
        x = norm(x + affine(inner, f"{at}.output.dense"), f"{at}.output.LayerNorm")
    return x


def mean_pool(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mean of the states of real tokens, (batch, d), in float32."""
    weight = mask[:, :, None].float()
    return (states.float() * weight).sum(1) / weight.sum(1)
