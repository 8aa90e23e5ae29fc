"""The judge of safety: texts in, the probability that each is toxic out.

A judge must not be the model that rewarded the policy it judges: what was optimized is no measure.
So every judge has an identity, the hash of its weights, which stays whatever the folder is called;
whoever trains on a reward leaves beside the adapter an identity that holds the same digits
(`record_reward`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ingestion.encoders.lora import CONFIG as ADAPTER_CONFIG
from ingestion.encoders.lora import TENSORS as ADAPTER_TENSORS
from ingestion.errors import LecternError, ModelUnavailable
from ingestion.hashing import file_digest

WORDS_CONFIG, WORDS_TENSORS = "words.json", "words.safetensors"
RECORD = "reward.json"
"""Beside an adapter: `{"reward": "…"}`, what it was rewarded by."""

_WEIGHTS = {
    WORDS_CONFIG: WORDS_TENSORS,
    ADAPTER_CONFIG: ADAPTER_TENSORS,
    "config.json": "model.safetensors",
}
"""The description that a folder has → the file of its weights."""


class Judge(Protocol):
    """`scores` gives a probability in [0, 1] for each text, the same for the same text."""

    name: str
    identity: str

    def scores(self, texts: Sequence[str]) -> list[float]: ...


def load_judge(folder: Path, device: str = "cpu") -> Judge:
    """The judge in `folder`: by words (`words.json`), trained here (`adapter.json`), or a
    transformers classifier (`config.json`).

    Raises `ModelUnavailable` for a folder that holds none of them, or another kind of model.
    """
    kind = _kind(folder)
    if kind == WORDS_CONFIG:
        from evaluation.safety.word_judge import load_word_judge

        return load_word_judge(folder)
    if kind == ADAPTER_CONFIG:
        from evaluation.safety.adapter_judge import AdapterJudge

        return AdapterJudge(folder, device)
    from evaluation.safety.sequence_judge import SequenceJudge

    return SequenceJudge(folder, device)


def weights_identity(folder: Path) -> str:
    """The first sixteen digits of the SHA-256 of the folder's weights."""
    weights = folder / _WEIGHTS[_kind(folder)]
    if not weights.is_file():
        raise ModelUnavailable(
            f"{folder} has no {weights.name}.", "Only weights in safetensors are read."
        )
    return file_digest(weights)[:16]


def record_reward(adapter: Path, identity: str) -> None:
    """Write beside an adapter what rewarded it; the identity of a mixture holds its parts'."""
    (adapter / RECORD).write_text(json.dumps({"reward": identity}) + "\n", encoding="utf-8")


def recorded_reward(adapter: Path) -> str:
    """What `record_reward` wrote; empty where the adapter was not trained on a reward."""
    record = adapter / RECORD
    if not record.is_file():
        return ""
    try:
        return str(json.loads(record.read_text(encoding="utf-8"))["reward"])
    except (ValueError, KeyError, TypeError) as error:
        raise LecternError(
            f"{record} does not say what the adapter was rewarded by ({error!r}).",
            "Mend it, or export the adapter again.",
        ) from error


def refuse_the_reward(judge: Judge, rewards: Sequence[str]) -> None:
    """Raises `LecternError` when the judge is among the rewards, or part of one."""
    for reward in rewards:
        if judge.identity in reward:
            raise LecternError(
                f"The judge {judge.name} ({judge.identity}) is what the policy was rewarded by.",
                "Give a judge that was trained on other data: a policy is not measured by what it "
                "was optimized for.",
            )


def _kind(folder: Path) -> str:
    for description in _WEIGHTS:
        if (folder / description).is_file():
            return description
    raise ModelUnavailable(
        f"{folder} holds no judge: none of {', '.join(_WEIGHTS)} is there.",
        "Give a folder with a classifier in safetensors.",
    )
