"""`lectern train export`: a T5 in CTranslate2's format, its scores held against PyTorch's.

CTranslate2 4.8's converter reads from transformers 5 that FLAN-T5's output matrix is tied, and then
scales the decoder's output by 1/√d: greedy text stays the same, probabilities do not. Here the
converter is told the truth, and what it made is asked for log-likelihoods before it is accepted.
"""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from chatbot.engines.factory import find_model
from finetune.errors import CheckpointNotSaved, TrainingError
from finetune.models import load_t5
from finetune.probing import PAIRS, probe
from finetune.weights import is_adapter
from ingestion.errors import LecternError, ModelUnavailable

Quantization = Literal["float32", "int8"]

TOLERANCE: dict[Quantization, float] = {"float32": 1e-3, "int8": 0.25}
"""Largest difference of a mean log-likelihood a token, in nats."""

_TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "spiece.model", "special_tokens_map.json")


@dataclass(frozen=True, slots=True)
class Exported:
    """`difference` is the largest one of mean log-likelihoods a token from PyTorch's, in nats."""

    folder: Path
    quantization: Quantization
    difference: float
    megabytes: float


def export(name: str, out: Path, quantization: Quantization = "int8") -> Exported:
    """Convert a T5 by path, alias or hub name; tokenizer files lie beside it in `out`.

    Raises `LecternError` for an adapter that was not merged and a folder that is not empty,
    `ModelUnavailable` without ctranslate2, `CheckpointNotSaved` where the disk is full, and
    `TrainingError` where the scores are not PyTorch's: then nothing is left in `out`.
    """
    converter = _converter_class()
    name, source = find_model(name)
    if is_adapter(source):
        raise LecternError(
            f"{source} holds an adapter, not a whole model.",
            f"Run `lectern train merge {source} --out MERGED` and export MERGED.",
        )
    if out.exists() and any(out.iterdir()):
        raise LecternError(f"{out} is not empty.", "Give another --out, or empty that folder.")
    model, tokenizer = load_t5(name)
    expected = log_likelihoods(model, tokenizer)
    beside = out.with_name(f".{out.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        converter(str(source), model).convert(str(beside), quantization=quantization)
        for file in _TOKENIZER:
            if (source / file).is_file():
                shutil.copyfile(source / file, beside / file)
        found = _scores(beside, tokenizer)
        difference = max(abs(a - b) for a, b in zip(expected, found, strict=True))
        if not difference <= TOLERANCE[quantization]:
            raise TrainingError(
                f"What CTranslate2 made of {name} in {quantization} scores otherwise than "
                f"PyTorch: log-likelihoods a token differ by up to {difference:.3g}.",
                "Export in float32." if quantization == "int8" else "Use the PyTorch model.",
            )
        size = sum(file.stat().st_size for file in beside.iterdir()) / 1e6
        if out.exists():
            out.rmdir()
        beside.rename(out)
    except OSError as error:
        raise CheckpointNotSaved(
            f"The export cannot be written to {out} ({error}).",
            "Free some space and run the same command again.",
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Exported(out, quantization, difference, size)


def log_likelihoods(model: Any, tokenizer: Any) -> list[float]:
    """Mean log-likelihood a token of each completion in `finetune.probing.PAIRS`, end included."""
    chosen = probe(model, tokenizer).log_softmax(-1)
    found = []
    for row, (_, answer) in zip(chosen, PAIRS, strict=True):
        ids = torch.tensor(tokenizer(answer).input_ids)
        found.append(float(row[: len(ids)].gather(-1, ids[:, None]).mean()))
    return found


def _scores(folder: Path, tokenizer: Any) -> list[float]:
    """The same by CTranslate2."""
    import ctranslate2

    translator = ctranslate2.Translator(str(folder), device="cpu", intra_threads=1)

    def pieces(text: str) -> list[str]:
        ids = tokenizer(text).input_ids
        tokens: list[str] = tokenizer.convert_ids_to_tokens(ids)
        return tokens

    sources = [pieces(prompt) for prompt, _ in PAIRS]
    # CTranslate2 appends the end itself and scores it.
    targets = [pieces(answer)[:-1] for _, answer in PAIRS]
    scored = translator.score_batch(sources, targets)
    return [math.fsum(one.log_probs) / len(one.log_probs) for one in scored]


def _converter_class() -> Any:
    try:
        from ctranslate2.converters import TransformersConverter
    except ImportError as error:
        raise ModelUnavailable(
            "ctranslate2 is not installed.", "Run `pip install 'lectern[ctranslate2]'`."
        ) from error

    class Converter(TransformersConverter):
        """Converts a model that is loaded already, and says whether its output is scaled."""

        def __init__(self, folder: str, model: Any) -> None:
            super().__init__(folder)
            self._model = model

        def load_model(self, model_class: Any, name: str, **kwargs: Any) -> Any:
            config = self._model.config
            config.tie_word_embeddings = bool(getattr(config, "scale_decoder_outputs", False))
            return self._model

    return Converter
