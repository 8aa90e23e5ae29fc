"""A reranker's scores kept in a folder while a benchmark runs, so that a killed run goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from chatbot.retrieval.rerank import Reranker
from evaluation.rows import write_whole
from ingestion.errors import LecternError
from ingestion.hashing import file_digest
from ingestion.passage import Passage


class KeepingReranker:
    """Implements `Reranker` over the cross-encoder `name`: a file for each question with its
    passages, named after the hash of both and of the model.
    """

    def __init__(self, reranker: Reranker, name: str, folder: Path) -> None:
        self._reranker = reranker
        self._folder = folder
        weights = sorted(Path(name).expanduser().glob("*.safetensors"))
        self._model = [name, *map(file_digest, weights)]

    def rerank(self, question: str, passages: Sequence[Passage]) -> list[Passage]:
        """As the contract says. Raises `LecternError` for a file that was damaged since."""
        said = json.dumps([self._model, question, [passage.text for passage in passages]])
        file = self._folder / f"reranked-{hashlib.sha256(said.encode()).hexdigest()[:24]}.json"
        if not file.is_file():
            scored = self._reranker.rerank(question, passages)
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(file, json.dumps([[passage.file, passage.score] for passage in scored]))
        by_file = {passage.file: passage for passage in passages}
        try:
            return [
                replace(
                    by_file[name],
                    score=float(score),
                    scores={**by_file[name].scores, "rerank": float(score)},
                )
                for name, score in json.loads(file.read_text(encoding="utf-8"))
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise LecternError(
                f"{file} does not hold the scores that an earlier run kept there ({error!r}).",
                "Delete that file and run again; its scores are then computed anew.",
            ) from error
