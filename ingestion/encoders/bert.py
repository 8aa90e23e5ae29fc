"""A BERT sentence encoder in plain torch: the all-MiniLM family without importing transformers.

Importing transformers costs two seconds that every `lectern ask` would pay; the forward pass
(`ingestion.encoders.bert_forward`) with mean pooling (Reimers & Gurevych 2019) is forty lines. It
reads a sentence-transformers folder (`config.json`, `modules.json`, `tokenizer.json`,
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

    from ingestion.encoders.bert_forward import BertShape

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
        limits = json.loads((folder / "sentence_bert_config.json").read_text())
        self.window = int(limits["max_seq_length"])
        self.dimension = int(json.loads((folder / "config.json").read_text())["hidden_size"])
        self._precision: Literal["fp32", "bf16"] = resolve_precision(precision)
        weights = file_digest(folder / "model.safetensors")
        self.signature = f"{weights[:16]}:{self.window}"
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._loaded: tuple[BertShape, dict[str, torch.Tensor]] | None = None

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(e.ids) for e in self._tokenizer.encode_batch_fast(list(texts))]

    def encode(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        import torch
        from torch.nn.functional import normalize

        from ingestion.encoders.bert_forward import mean_pool, pad, token_states

        result = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return result
        shape, weights = self._load()
        ids = [self._truncate(e.ids) for e in self._tokenizer.encode_batch_fast(list(texts))]
        order = sorted(range(len(ids)), key=lambda i: -len(ids[i]))
        with torch.inference_mode():
            for batch in _batches(order, ids):
                tokens, mask = pad([ids[i] for i in batch], self._device)
                states = token_states(weights, shape, tokens, mask)
                result[batch] = normalize(mean_pool(states, mask), dim=1).cpu().numpy()
                if progress:
                    progress(len(batch))
        return result

    def _truncate(self, ids: list[int]) -> list[int]:
        return ids if len(ids) <= self.window else [*ids[: self.window - 1], ids[-1]]

    def _load(self) -> tuple[BertShape, dict[str, torch.Tensor]]:
        if self._loaded is None:
            import torch

            from ingestion.encoders.bert_forward import BertShape, read_weights

            dtype = torch.bfloat16 if self._precision == "bf16" else torch.float32
            shape = BertShape.read(self._folder)
            self._loaded = shape, read_weights(self._folder, shape, dtype, self._device)
        return self._loaded


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
