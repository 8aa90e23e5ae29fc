"""An optional cross-encoder that reads question and passage together and orders the best again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from ingestion.errors import ModelUnavailable
from ingestion.hub import snapshot
from ingestion.passage import Passage


class Reranker(Protocol):
    """(question, passages) → the same passages, best first, `scores["rerank"]` set."""

    def rerank(self, question: str, passages: Sequence[Passage]) -> list[Passage]: ...


class CrossEncoderReranker:
    """Any sentence-transformers cross-encoder, by folder or hub name. Raises `ModelUnavailable`."""

    def __init__(self, name: str) -> None:
        here = Path(name).expanduser()
        folder = here if here.is_dir() else snapshot(name)
        if not any(folder.glob("*.safetensors")):
            raise ModelUnavailable(
                f"The cross-encoder {folder} holds no safetensors weights.",
                "Check the folder, or save the model again with safe_serialization=True.",
            )
        from sentence_transformers import CrossEncoder

        try:
            self._model = CrossEncoder(
                str(folder), local_files_only=True, model_kwargs={"use_safetensors": True}
            )
        except (OSError, ValueError) as error:
            raise ModelUnavailable(
                f"The cross-encoder {folder} cannot be loaded ({error}).",
                "Check that the folder holds a whole cross-encoder.",
            ) from error

    def rerank(self, question: str, passages: Sequence[Passage]) -> list[Passage]:
        if not passages:
            return []
        scores = self._model.predict(
            [(question, p.text) for p in passages], show_progress_bar=False
        )
        scored = [
            replace(p, score=float(s), scores={**p.scores, "rerank": float(s)})
            for p, s in zip(passages, scores, strict=True)
        ]
        return sorted(scored, key=lambda passage: -passage.score)
