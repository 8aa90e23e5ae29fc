"""Rewards that are models: a judge of toxicity, or a model of preference, by folder or name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chatbot.judging.reward_model import RewardModel
from evaluation.judge import Judge, load_judge, weights_identity
from finetune.ppo.mixture import Reward
from finetune.ppo.penalty import Penalty
from ingestion.encoders.lora import CONFIG, read_config
from ingestion.packaged import model_folder


def load_reward(folder: Path, device: str = "cpu") -> Reward:
    """What lies in `folder`, or is packaged under that name, as a reward; its identity is the hash
    of its weights.

    A judge of toxicity gives a probability, which is a `Penalty`. A model of preference gives the
    strength of an answer. Raises `ModelUnavailable` for a folder that holds neither.
    """
    folder = model_folder(folder)
    if (folder / CONFIG).is_file() and read_config(folder).task == "preference":
        return _Preference(folder, device)
    return _Toxicity(load_judge(folder, device))


class _Toxicity(Penalty):
    """Of the response alone: its prompt is not the policy's doing."""

    def __init__(self, judge: Judge) -> None:
        self.identity = f"toxicity by {judge.name} ({judge.identity})"
        self._judge = judge

    def scores(self, prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
        return self._judge.scores(responses)


class _Preference:
    def __init__(self, folder: Path, device: str) -> None:
        self.identity = f"preference by {folder.resolve().name} ({weights_identity(folder)})"
        self._model = RewardModel(folder, device=device)

    def scores(self, prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
        return self._model.scores(prompts, responses)
