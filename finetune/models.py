"""A T5 to be adapted: found and read as the chatbot's engine finds and reads it, then dressed.

LoRA (Hu et al. 2021) learns ΔW = (α / r)·B·A beside frozen weights; rsLoRA (Kalajdzievski 2023)
scales by α / √r; DoRA (Liu et al. 2024) learns the magnitude apart from the direction.
"""

from __future__ import annotations

import sys
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field

from chatbot.engines.factory import find_model
from chatbot.engines.t5_files import read_t5
from finetune.errors import TokenizerMismatch, TrainingError

Method = Literal["lora", "dora", "rslora", "full"]


class AdapterSettings(BaseModel):
    """What is trained: `full`, or a low-rank adapter of rank `r` on `targets`.

    `targets` is `all-linear` (every linear layer but the output matrix) or the names of modules
    parted by commas (`q,v`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Method = "lora"
    r: int = Field(16, ge=1)
    alpha: float = Field(32, gt=0)
    dropout: float = Field(0.0, ge=0, lt=1)
    targets: str = "all-linear"


def load_t5(name_or_path: str, dtype: torch.dtype = torch.float32) -> tuple[Any, Any]:
    """(model on the CPU, tokenizer) of a T5 by path, alias (`flan-t5-base`) or hub name.

    An adapter trained on it will name `name_or_path` as its base. Raises `ModelUnavailable` where
    it is not in reach or is no T5, `TokenizerMismatch` where its tokenizer is not its own.
    """
    name, folder = find_model(name_or_path)
    model, tokenizer = read_t5(folder, name, dtype)
    model.name_or_path = name
    # Lengths are checked where examples are encoded; the tokenizer's own limit would only warn.
    tokenizer.model_max_length = sys.maxsize
    check_tokenizer(model, tokenizer)
    return model, tokenizer


def check_tokenizer(model: Any, tokenizer: Any) -> None:
    """Raises `TokenizerMismatch` where pieces would fall outside the embeddings, or the marks for
    padding and end are others than the model's.
    """
    rows = model.get_input_embeddings().weight.shape[0]
    marks = {
        "padding": (tokenizer.pad_token_id, model.config.pad_token_id),
        "end of text": (tokenizer.eos_token_id, model.config.eos_token_id),
    }
    wrong = [
        f"{mark} is {here} in the tokenizer and {there} in the model"
        for mark, (here, there) in marks.items()
        if here != there
    ]
    if len(tokenizer) > rows:
        wrong.append(f"the tokenizer has {len(tokenizer)} pieces and the model {rows}")
    if wrong:
        raise TokenizerMismatch(
            f"The tokenizer of {model.name_or_path} is not the model's: {'; '.join(wrong)}.",
            "Put the tokenizer that the model was trained with into its folder.",
        )


def adapt(model: Any, settings: AdapterSettings) -> Any:
    """The model with a fresh adapter in float32 over frozen weights, or itself for `full`.

    A fresh adapter changes nothing yet: B is zero. Raises `TrainingError` where no module of the
    model bears a name in `targets`.
    """
    if settings.method == "full":
        return model.requires_grad_(True)

    from peft import LoraConfig, get_peft_model

    named = [target.strip() for target in settings.targets.split(",")]
    shape = LoraConfig(
        task_type="SEQ_2_SEQ_LM",
        r=settings.r,
        lora_alpha=settings.alpha,  # type: ignore[arg-type]  # peft multiplies it, whole or not
        lora_dropout=settings.dropout,
        target_modules="all-linear" if settings.targets == "all-linear" else named,
        use_dora=settings.method == "dora",
        use_rslora=settings.method == "rslora",
    )
    try:
        return get_peft_model(model, shape)
    except ValueError as error:
        raise TrainingError(
            f"No adapter can be put on {settings.targets} of {model.name_or_path}: {error}",
            'Use --targets all-linear, or names such as "q,v".',
        ) from error


def set_dropout(model: Any, rate: float) -> None:
    """Set every dropout rate of a T5, and of the adapter on it if it has one."""
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = rate
        elif isinstance(getattr(module, "dropout", None), float):  # T5's attention
            module.dropout = rate


def trained_parameters(model: Any) -> dict[str, torch.nn.Parameter]:
    """What the optimizer is to change, by name, shared weights once."""
    return {name: weights for name, weights in model.named_parameters() if weights.requires_grad}


def trainable_share(model: Any) -> float:
    """Trained weights as a share of all, as peft counts (the adapter's own among both)."""
    every: int = sum(weights.numel() for weights in model.parameters())
    return sum(weights.numel() for weights in trained_parameters(model).values()) / every
