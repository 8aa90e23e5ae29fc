"""A trained judge: toxicity of a text, or how much people would prefer an answer to a prompt.

It is a folder with low-rank deltas on an encoder and a head (`ingestion.encoders.lora`), a few
hundred kilobytes. Nothing is loaded before the first text is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from chatbot.judging.base import Encoded, Scorer
from chatbot.judging.cleaning import CLEANING, clean
from ingestion.encoders.factory import find_folder
from ingestion.encoders.lora import CONFIG, TENSORS, load_adapted, read_config
from ingestion.encoders.precision import Precision, resolve_precision
from ingestion.errors import ModelUnavailable
from ingestion.hashing import file_digest

Task = Literal["toxicity", "preference"]
Floats = NDArray[np.float64]
_READS = {"architecture", "window"}
_OPTIONS: dict[Task, set[str]] = {
    "toxicity": {*_READS, "cleaning", "calibration"},
    "preference": _READS,
}
TOKENS_PER_BATCH = 4096
"""Padded tokens in one forward pass."""


class RewardModel:
    """A judge from a folder.

    `task` says what a logit means: `toxicity` (log-odds that the text is toxic) or `preference`
    (Bradley–Terry strength: σ of a difference is the probability that people prefer one answer).
    Raises `ModelUnavailable` at once for a folder that is none, and at the first text where the
    encoder is not the one it was made for.
    """

    def __init__(self, folder: Path, precision: Precision = "auto", device: str = "cpu") -> None:
        self.folder = folder
        self.config = read_config(folder)
        if self.config.task not in ("toxicity", "preference"):
            raise ModelUnavailable(
                f"{folder} holds a model for {self.config.task}, not a judge.",
                "Give a folder that `lectern train reward` has written.",
            )
        self.task: Task = self.config.task  # type: ignore[assignment]  # checked above
        if lacking := sorted(_OPTIONS[self.task] - self.config.options.keys()):
            raise ModelUnavailable(
                f"{folder / CONFIG} lacks {', '.join(lacking)} among its options.",
                "Copy the file again from where it was trained, or train the judge again.",
            )
        if self.task == "toxicity" and self.config.options.get("cleaning") != CLEANING:
            raise ModelUnavailable(
                f"{folder} was trained on texts cleaned another way than this version cleans them.",
                "Train it again.",
            )
        self._precision = resolve_precision(precision)
        self._device = device

    @cached_property
    def scorer(self) -> Scorer:
        options: Any = self.config.options
        dtype = torch.bfloat16 if self._precision == "bf16" else torch.float32
        if options["architecture"] == "t5":
            from chatbot.judging.t5_scorer import load_t5_scorer

            return load_t5_scorer(self.folder, self.config, dtype, self._device)
        from chatbot.judging.bert_scorer import BertScorer

        base = find_folder(self.config.base)
        found = load_adapted(self.folder, base, dtype=dtype, device=self._device)
        return BertScorer(
            base,
            found.shape,
            found.weights,
            found.head,
            window=int(options["window"]),
            device=self._device,
        )

    @cached_property
    def identity(self) -> str:
        """Names the model beyond doubt: its task and the hash of its tensors."""
        return f"{self.task}:{file_digest(self.folder / TENSORS)[:16]}"

    def logits(self, texts: Sequence[str], prompts: Sequence[str] | None = None) -> Floats:
        """One logit a text, in the order given; a model of preference needs the prompts."""
        if self.task == "preference" and prompts is None:
            raise ValueError("a model of preference judges an answer to a prompt")
        asked = prompts if self.task == "preference" else None
        return score(self.scorer, prepare(self.task, self.scorer, texts, asked))

    def to_probability(self, logits: Floats) -> Floats:
        """Calibrated probability of toxicity, in [0, 1], of logits of a model of toxicity."""
        options: Any = self.config.options
        slope, offset = options["calibration"]
        return np.asarray(1 / (1 + np.exp(-(slope * logits + offset))))

    def scores(self, prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
        """As a reward: the probability that a response is toxic (weigh it negatively), or its
        strength as an answer to its prompt.
        """
        logits = self.logits(responses, prompts)
        found: list[float] = (
            self.to_probability(logits) if self.task == "toxicity" else logits
        ).tolist()
        return found


def prepare(
    task: Task, scorer: Scorer, texts: Sequence[str], prompts: Sequence[str] | None = None
) -> list[Encoded]:
    """Clean what is cleaned for the task, and encode."""
    if task == "toxicity":
        texts = [clean(text) for text in texts]
    return scorer.encode(prompts or [""] * len(texts), texts)


def score(
    scorer: Scorer, encoded: Sequence[Encoded], progress: Callable[[int], None] | None = None
) -> Floats:
    """Logits without gradients, (len(encoded),), in batches of like length."""
    logits = np.zeros(len(encoded))
    order = sorted(range(len(encoded)), key=lambda i: -len(encoded[i].ids))
    start = 0
    with torch.inference_mode():
        while start < len(order):
            rows = max(1, TOKENS_PER_BATCH // len(encoded[order[start]].ids))
            batch = order[start : start + rows]
            logits[batch] = scorer([encoded[i].ids for i in batch]).cpu().numpy()
            start += rows
            if progress:
                progress(len(batch))
    return logits
