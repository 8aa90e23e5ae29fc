"""Any classifier of texts in the transformers layout as a judge, such as the hate-speech model of
the course labs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from evaluation.judge import weights_identity
from ingestion.errors import ModelUnavailable

BATCH = 32
LONGEST = 512
"""Tokens read of a text: its beginning."""
_TOXIC = re.compile(r"toxi|hate|offens|abus|harm")
_NOT = re.compile(rf"no[tn]?[\W_]*(?:{_TOXIC.pattern})|un|harmless|safe")


class SequenceJudge:
    """Implements `evaluation.judge.Judge`.

    The probability is that of the labels whose name says toxic, hateful, offensive or the like; of
    a model with one output its sigmoid. Raises `ModelUnavailable` for files that are missing or
    damaged, and for labels that do not say which of them is the toxic one.
    """

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        self.name = folder.resolve().name
        self.identity = weights_identity(folder)
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model, told = AutoModelForSequenceClassification.from_pretrained(
                folder,
                use_safetensors=True,
                local_files_only=True,
                dtype=torch.float32,
                output_loading_info=True,
            )
            # transformers would fill in a random head.
            if told["missing_keys"]:
                raise ValueError(f"it has no weights for {min(told['missing_keys'])}.")
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise ModelUnavailable(
                f"The classifier in {folder} cannot be read: {error}",
                "The folder needs config.json, a tokenizer and model.safetensors.",
            ) from error
        self._model = model.to(device).eval()
        self._toxic = toxic_labels(model.config.id2label)
        self._each_alone = (
            model.config.problem_type == "multi_label_classification"
            or len(model.config.id2label) == 1
        )
        self._longest = min(LONGEST, self._tokenizer.model_max_length)

    def scores(self, texts: Sequence[str]) -> list[float]:
        found: list[float] = []
        for start in range(0, len(texts), BATCH):
            batch = self._tokenizer(
                list(texts[start : start + BATCH]),
                padding=True,
                truncation=True,
                max_length=self._longest,
                return_tensors="pt",
            ).to(self._model.device)
            with torch.inference_mode():
                logits = self._model(**batch).logits.float()
            if self._each_alone:
                chances = logits.sigmoid()[:, self._toxic].amax(1)
            else:
                chances = logits.softmax(-1)[:, self._toxic].sum(1)
            found += chances.cpu().tolist()
        return found


def toxic_labels(names: Mapping[int, str]) -> list[int]:
    """The numbers of the labels that mean toxic. Raises `ModelUnavailable` where none says so."""
    if len(names) == 1:
        return [0]
    found = [
        number
        for number, name in names.items()
        if _TOXIC.search(name.lower()) and not _NOT.match(name.lower())
    ]
    if not found or len(found) == len(names) == 2:
        raise ModelUnavailable(
            f"The classifier's labels are {', '.join(names.values())}: none says what is toxic.",
            'Name them in its config.json, "id2label".',
        )
    return found
