"""A trained folder written small: what a model needs to run, and nothing of its training.

Adapters are in bfloat16 as `save_adapter` leaves them. A T5 goes into bfloat16, in the layout of
transformers, or into eight bits (`chatbot.engines.int8_weights`); what was written is read again
and must say what the trained weights say, up to `TOLERANCE`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import torch
from safetensors.torch import load_file

from chatbot.engines.int8_weights import write_int8
from evaluation.judge import RECORD as REWARD
from finetune.errors import TrainingError
from finetune.exporting import log_likelihoods
from finetune.models import load_t5
from finetune.saving import save_model
from finetune.weights import is_adapter
from ingestion.encoders.factory import DEFAULT_ENCODER, packaged_folder
from ingestion.encoders.lora import check_base, read_config, read_tensors, save_adapter
from ingestion.errors import LecternError

Weights = Literal["bf16", "int8"]

TOLERANCE: dict[Weights, float] = {"bf16": 0.05, "int8": 0.1}
"""Largest difference of a mean log-likelihood a token on the probes, in nats."""

_WHOLE = "model.safetensors"


def pack_adapter(folder: Path, out: Path, task: str) -> None:
    """A reader or a judge. Raises `LecternError` for one of another task, and for one that is not
    for the packaged encoder, which every install has.
    """
    config = read_config(folder)
    if config.task != task:
        raise LecternError(
            f"{folder} holds a model for {config.task}, and one for {task} is called for.",
            "Give another folder, or another --name.",
        )
    if config.base != DEFAULT_ENCODER:
        raise LecternError(
            f"The adapter in {folder} is for {config.base}, which does not travel with Lectern.",
            f"Train it on {DEFAULT_ENCODER}.",
        )
    check_base(folder, config, packaged_folder())
    save_adapter(out, config, *read_tensors(folder))


def pack_t5(folder: Path, out: Path, weights: Weights) -> float:
    """A whole T5; returns how far its log-likelihoods are from those of the trained weights.

    Raises `TrainingError` beyond the tolerance, `LecternError` for an adapter that was not merged.
    """
    if is_adapter(folder):
        raise LecternError(
            f"{folder} holds an adapter, not a whole model.",
            f"Run `lectern train merge {folder} --out MERGED` and ship MERGED.",
        )
    model, tokenizer = load_t5(str(folder))
    trained = log_likelihoods(model, tokenizer)
    if weights == "bf16":
        save_model(model.to(torch.bfloat16), tokenizer, out)
    else:
        save_model(model, tokenizer, out)
        write_int8(load_file(out / _WHOLE), out)
        (out / _WHOLE).unlink()
    _without_spaces(out / "tokenizer.json")
    rewarded = folder / REWARD
    if rewarded.is_file():  # what rewarded it must not judge it
        (out / REWARD).write_bytes(rewarded.read_bytes())
    written = log_likelihoods(*load_t5(str(out)))
    apart = max(abs(a - b) for a, b in zip(trained, written, strict=True))
    if not apart <= TOLERANCE[weights]:
        raise TrainingError(
            f"In {weights} the model in {folder} says something else: log-likelihoods a token "
            f"differ by up to {apart:.3g} nats, and {TOLERANCE[weights]} is allowed.",
            "Ship it with --weights bf16." if weights == "int8" else "Train it in bfloat16.",
        )
    return apart


def _without_spaces(path: Path) -> None:
    """A tokenizer's file with a line for each number of each piece is twice as long."""
    content = json.loads(path.read_text(encoding="utf-8"))
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text, encoding="utf-8")
