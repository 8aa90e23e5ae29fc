"""`lectern train merge`: an adapter and its base become one model that needs no peft."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from chatbot.engines.adapters import find_adapter
from chatbot.engines.factory import find_model
from chatbot.engines.lora import read_weights
from evaluation.judge import RECORD
from finetune.errors import TrainingError, WrongBase
from finetune.models import load_t5
from finetune.probing import distance, probe
from finetune.saving import save_model
from ingestion.errors import LecternError, ModelUnavailable

TOLERANCE = 0.02
"""Largest difference of a logit in units of their spread: sums in float32 in another order."""


@dataclass(frozen=True, slots=True)
class Merged:
    """`distance` is that of the merged model's logits, as saved and read again, from those of base
    and adapter (see `finetune.probing.distance`).
    """

    folder: Path
    base: str
    distance: float


def merge(
    adapter: Path, out: Path, *, base: str | None = None, dtype: torch.dtype = torch.float32
) -> Merged:
    """Add the adapter's deltas to its base and write the whole model into `out`.

    The sum is made in float32, must then say what base and adapter say, and is saved in `dtype`;
    what is read back must be what was saved. Where either fails, `TrainingError` is raised. Raises
    `WrongBase` for an adapter of another model, `CheckpointNotSaved` where the disk is full.
    """
    name = base or base_of(adapter)
    _, source = find_model(name)
    if out.resolve() in (adapter.resolve(), source.resolve()):
        raise LecternError(
            f"{out} holds the adapter or its base.", "Give the merged model a folder of its own."
        )
    model, tokenizer = load_t5(name)
    adapted = put_on(model, adapter, name)
    before = probe(adapted, tokenizer)
    try:
        merged = adapted.merge_and_unload(safe_merge=True)
    except ValueError as error:  # peft's word for deltas that are no numbers
        raise TrainingError(
            f"The adapter in {adapter} holds weights that are no numbers ({error}).",
            "Train it again from its last good checkpoint.",
        ) from error
    # peft and transformers both would have it tied; FLAN-T5's output matrix is its own.
    merged.config.tie_word_embeddings = model.config.tie_word_embeddings
    _must_agree(before, probe(merged, tokenizer), TOLERANCE, f"{adapter} merged into {name}")
    rounded = probe(merged.to(dtype), tokenizer)
    save_model(merged, tokenizer, out)
    del model, adapted, merged
    again = probe(*load_t5(str(out), dtype))
    _must_agree(rounded, again, 0.0, f"The model written to {out}")
    # How it was trained, and by what it was rewarded: a judge of it must be another.
    for record in (adapter / "training.json", adapter / RECORD):
        if record.is_file():
            shutil.copyfile(record, out / record.name)
    return Merged(out, name, distance(before, again))


def _must_agree(expected: Tensor, found: Tensor, tolerance: float, what: str) -> None:
    apart = distance(expected, found)
    if not apart <= tolerance:
        raise TrainingError(
            f"{what} says something else than before: logits differ by up to {apart:.3g} of their "
            "spread.",
            "Do not use it; please report this with the versions of torch, transformers and peft.",
        )


def base_of(adapter: Path) -> str:
    """The model that an adapter says it was made for. Raises `ModelUnavailable` for none."""
    path = adapter / "adapter_config.json"
    try:
        named = json.loads(path.read_text(encoding="utf-8")).get("base_model_name_or_path")
    except (OSError, ValueError) as error:
        raise ModelUnavailable(
            f"{adapter} holds no adapter ({error}).", "Give a folder with adapter_config.json."
        ) from error
    if not named:
        raise ModelUnavailable(
            f"{path} does not say which model it was made for.", "Name it with --model."
        )
    return str(named)


def put_on(model: Any, adapter: Path, name: str) -> Any:
    """The model with the adapter on it. Raises `WrongBase` where the two do not fit, or the
    adapter is damaged.
    """
    from peft import PeftConfig, get_peft_model

    try:
        found = find_adapter(adapter.resolve().parent, adapter.resolve().name, name)
        adapted = get_peft_model(model, PeftConfig.from_pretrained(str(found.path)))
        read_weights(adapted, found, "default")
    except ModelUnavailable as error:
        raise WrongBase(error.what, error.remedy) from error
    except Exception as error:  # torn files, shapes or module names of another model
        raise WrongBase(
            f"The adapter in {adapter} is damaged or does not fit {name} ({error}).",
            "Copy it again, or name the model it was trained on with --model.",
        ) from error
    return adapted
