"""A BERT sentence encoder in plain torch: the all-MiniLM family without importing transformers.

Importing transformers costs two seconds that every `lectern ask` would pay; the forward pass of
BERT (Devlin et al. 2019, post-layer-norm) with mean pooling (Reimers & Gurevych 2019) is forty
lines. It reads a sentence-transformers folder (`config.json`, `modules.json`, `tokenizer.json`,
`model.safetensors`) and gives the same vectors as sentence-transformers does, which a test holds.

Texts are sorted by length and batched by a token budget, so little is spent on padding. On
processors with native bfloat16 the matrix products run in it (cosine to float32 > .9999).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ingestion.encoders.precision import Precision, resolve_precision
from ingestion.errors import ModelUnavailable
from ingestion.hashing import file_digest
from ingestion.stores.base import Vectors

if TYPE_CHECKING:
    import torch

TOKENS_PER_BATCH = 2048
"""Padded tokens in one forward pass: enough to keep the cores busy, few enough for their caches."""


class BertEncoder:
    """Implements `ingestion.encoders.base.Encoder`; weights load at the first `encode`."""

    def __init__(
        self, folder: Path, name: str, precision: Precision = "auto", device: str = "cpu"
    ) -> None:
        problem = unsupported(folder)
        if problem:
            raise ModelUnavailable(
                f"{folder}: {problem}.", "Load it with sentence-transformers instead."
            )
        from tokenizers import Tokenizer

        self.name = name
        self._folder = folder
        self._device = device
        self._config = json.loads((folder / "config.json").read_text())
        limits = json.loads((folder / "sentence_bert_config.json").read_text())
        self.window = int(limits["max_seq_length"])
        self.dimension = int(self._config["hidden_size"])
        self._precision: Literal["fp32", "bf16"] = resolve_precision(precision)
        weights = file_digest(folder / "model.safetensors")
        self.signature = f"{weights[:16]}:{self.window}"
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._weights: dict[str, torch.Tensor] | None = None

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(e.ids) for e in self._tokenizer.encode_batch_fast(list(texts))]

    def encode(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        import torch

        result = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return result
        weights = self._load()
        ids = [self._truncate(e.ids) for e in self._tokenizer.encode_batch_fast(list(texts))]
        order = sorted(range(len(ids)), key=lambda i: -len(ids[i]))
        with torch.inference_mode():
            for batch in _batches(order, ids):
                width = len(ids[batch[0]])
                tokens = torch.zeros((len(batch), width), dtype=torch.long)
                mask = torch.zeros((len(batch), width), dtype=torch.bool)
                for row, i in enumerate(batch):
                    tokens[row, : len(ids[i])] = torch.tensor(ids[i])
                    mask[row, : len(ids[i])] = True
                pooled = self._forward(weights, tokens.to(self._device), mask.to(self._device))
                result[batch] = pooled.float().cpu().numpy()
                if progress:
                    progress(len(batch))
        return result

    def _truncate(self, ids: list[int]) -> list[int]:
        return ids if len(ids) <= self.window else [*ids[: self.window - 1], ids[-1]]

    def _load(self) -> dict[str, torch.Tensor]:
        if self._weights is None:
            import torch
            from safetensors.torch import load_file

            dtype = torch.bfloat16 if self._precision == "bf16" else torch.float32
            stored = load_file(self._folder / "model.safetensors", device=self._device)
            self._weights = _fuse_attention(
                {name.removeprefix("bert."): tensor.to(dtype) for name, tensor in stored.items()},
                int(self._config["num_hidden_layers"]),
            )
        return self._weights

    def _forward(
        self, w: dict[str, torch.Tensor], tokens: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """Token ids and mask, both (batch, width) → unit vectors (batch, dimension)."""
        from torch.nn.functional import (
            embedding,
            gelu,
            layer_norm,
            linear,
            normalize,
            scaled_dot_product_attention,
        )

        batch, width = tokens.shape
        heads = int(self._config["num_attention_heads"])
        eps = float(self._config["layer_norm_eps"])

        def norm(x: torch.Tensor, at: str) -> torch.Tensor:
            return layer_norm(x, (self.dimension,), w[f"{at}.weight"], w[f"{at}.bias"], eps)

        def dense(x: torch.Tensor, at: str) -> torch.Tensor:
            return linear(x, w[f"{at}.weight"], w[f"{at}.bias"])

        x = embedding(tokens, w["embeddings.word_embeddings.weight"])
        x = x + w["embeddings.position_embeddings.weight"][:width]
        x = x + w["embeddings.token_type_embeddings.weight"][0]
        x = norm(x, "embeddings.LayerNorm")
        attention_mask = None if bool(mask.all()) else mask[:, None, None, :]
        for layer in range(int(self._config["num_hidden_layers"])):
            at = f"encoder.layer.{layer}"
            qkv = dense(x, f"{at}.attention.self.qkv")
            q, k, v = qkv.view(batch, width, 3, heads, -1).permute(2, 0, 3, 1, 4)
            mixed = scaled_dot_product_attention(q, k, v, attn_mask=attention_mask)
            mixed = mixed.transpose(1, 2).reshape(batch, width, self.dimension)
            x = norm(
                x + dense(mixed, f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm"
            )
            inner = gelu(dense(x, f"{at}.intermediate.dense"))
            x = norm(x + dense(inner, f"{at}.output.dense"), f"{at}.output.LayerNorm")
        weight = mask[:, :, None].float()
        mean = (x.float() * weight).sum(1) / weight.sum(1)
        return normalize(mean, dim=1)


def unsupported(folder: Path) -> str | None:
    """Why `folder` is not a model this file can run, or None when it is one."""
    needed = ("config.json", "modules.json", "sentence_bert_config.json", "tokenizer.json")
    for file in (*needed, "model.safetensors"):
        if not (folder / file).is_file():
            return f"{file} is missing"
    config = json.loads((folder / "config.json").read_text())
    if config.get("model_type") != "bert" or config.get("hidden_act") != "gelu":
        return "not a BERT model with exact GELU"
    if config.get("position_embedding_type", "absolute") != "absolute":
        return "its positions are not absolute"
    modules = json.loads((folder / "modules.json").read_text())
    kinds = [module["type"].rsplit(".", 1)[-1] for module in modules]
    if kinds != ["Transformer", "Pooling", "Normalize"]:
        return "not transformer, pooling and normalization in this order"
    pooling = json.loads((folder / modules[1]["path"] / "config.json").read_text())
    return None if _is_mean(pooling) else "its pooling is not the mean"


def _is_mean(pooling: dict[str, Any]) -> bool:
    chosen = [key for key, on in pooling.items() if key.startswith("pooling_mode_") and on is True]
    return chosen == ["pooling_mode_mean_tokens"] or pooling.get("pooling_mode") == "mean"


def _batches(order: list[int], ids: list[list[int]]) -> list[list[int]]:
    """Cut indices (longest first) into batches of at most TOKENS_PER_BATCH padded tokens."""
    batches: list[list[int]] = []
    start = 0
    while start < len(order):
        rows = max(1, TOKENS_PER_BATCH // len(ids[order[start]]))
        batches.append(order[start : start + rows])
        start += rows
    return batches


def _fuse_attention(weights: dict[str, torch.Tensor], layers: int) -> dict[str, torch.Tensor]:
    """One query-key-value product a layer instead of three."""
    import torch

    for layer in range(layers):
        at = f"encoder.layer.{layer}.attention.self"
        for part in ("weight", "bias"):
            rows = [weights.pop(f"{at}.{name}.{part}") for name in ("query", "key", "value")]
            weights[f"{at}.qkv.{part}"] = torch.cat(rows)
    return weights
