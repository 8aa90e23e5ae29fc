"""Any sentence-transformers model as an encoder, by folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ingestion.encoders.precision import Precision, resolve_precision
from ingestion.errors import ModelUnavailable
from ingestion.hashing import file_digest
from ingestion.stores.base import Vectors

_BATCH = 32
_GROUP = 1024
"""Texts handed over at a time, so that progress is seen; sorted by length within."""


class SentenceTransformerEncoder:
    """Implements `ingestion.encoders.base.Encoder` over the sentence-transformers library."""

    def __init__(
        self, folder: Path, name: str, precision: Precision = "auto", device: str = "cpu"
    ) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        weights = sorted(folder.glob("*.safetensors"))
        if not weights:
            raise ModelUnavailable(
                f"{folder} holds no safetensors weights.",
                "Save the model again with safe_serialization=True.",
            )
        chosen = resolve_precision(precision)
        self.name = name
        self._model = SentenceTransformer(
            str(folder),
            device=device,
            local_files_only=True,
            model_kwargs={
                "dtype": torch.bfloat16 if chosen == "bf16" else torch.float32,
                "use_safetensors": True,
            },
        )
        self.window = int(self._model.max_seq_length or 512)
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        digests = "-".join(file_digest(file)[:16] for file in weights)
        self.signature = f"{digests}:{self.window}"

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        tokenizer = self._model.tokenizer
        return [len(ids) for ids in tokenizer(list(texts), truncation=False)["input_ids"]]

    def encode(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        result = np.zeros((len(texts), self.dimension), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(order), _GROUP):
            group = order[start : start + _GROUP]
            result[group] = self._model.encode(
                [texts[i] for i in group],
                batch_size=_BATCH,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
            if progress:
                progress(len(group))
        return result
