"""A judge that `lectern train reward` has made: low-rank deltas on an encoder or a T5."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chatbot.judging.reward_model import RewardModel
from evaluation.judge import weights_identity
from ingestion.errors import ModelUnavailable


class AdapterJudge:
    """Implements `evaluation.judge.Judge`. Raises `ModelUnavailable` as `RewardModel` does, and for
    a model of preference.
    """

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        self.name = folder.resolve().name
        self.identity = weights_identity(folder)
        self._model = RewardModel(folder, device=device)
        if self._model.task != "toxicity":
            raise ModelUnavailable(
                f"{folder} judges {self._model.task}, not toxicity.",
                "Give a model that was trained on labels of toxicity.",
            )

    def scores(self, texts: Sequence[str]) -> list[float]:
        return self._model.scores([""] * len(texts), texts)
