"""A T5 on disk, whole or in eight bits: read from safetensors only, and complete or refused."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from transformers import (
    AutoConfig,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    T5ForConditionalGeneration,
)
from transformers.utils import logging as hf_logging

from chatbot.engines.int8_weights import FILE as INT8_WEIGHTS
from chatbot.engines.int8_weights import read_int8
from ingestion.errors import ModelUnavailable

# peft asks transformers by an attribute's old name; who trains or chats can do nothing about it.
warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)

FAMILY = ("t5", "mt5", "umt5")
"""Model types with T5's relative positions, which can read more than the 512 tokens of training."""

_EMBEDDINGS = {"shared.weight", "lm_head.weight"}
_TOKENIZERS = ("tokenizer.json", "spiece.model")


def read_t5(folder: Path | str, name: str, dtype: torch.dtype) -> tuple[Any, Any]:
    """(model on the CPU, tokenizer) from a local folder in the Hugging Face layout.

    Raises `ModelUnavailable` for files that are missing or damaged, weights that are not all there
    or of other sizes than the configuration says, or another family of models.
    """
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        if config.model_type not in FAMILY:
            raise ModelUnavailable(
                f"{name} is a {config.model_type} model, not a T5.",
                "Name one of google/flan-t5-small, -base, -large, -xl, or a folder with a T5.",
            )
        with quiet():
            model, told = _read_weights(Path(folder), config, dtype)
        # transformers would fill in what is not there: random weights, one embedding matrix for the
        # other, an empty vocabulary.
        if told["missing_keys"]:
            raise ValueError(f"it has no weights for {min(told['missing_keys'])}.")
        # Two that are equal, transformers makes one.
        made_one = is_tied(model) and _says_untied(Path(folder))
        if made_one and (lacking := _EMBEDDINGS - _stored(Path(folder))):
            raise ValueError(f"it has no weights for {min(lacking)}.")
        if not any((Path(folder) / file).is_file() for file in _TOKENIZERS):
            raise ValueError(f"it has neither {' nor '.join(_TOKENIZERS)}.")
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelUnavailable(
            f"The model {name} cannot be read from {folder}: {error}",
            "The folder needs config.json, tokenizer.json and model.safetensors; a download "
            "that broke off is mended by deleting the folder.",
        ) from error
    untie(model)
    return model, tokenizer


def _read_weights(folder: Path, config: Any, dtype: torch.dtype) -> Any:
    """(model, what transformers tells of its loading)."""
    if (folder / INT8_WEIGHTS).is_file():
        return T5ForConditionalGeneration.from_pretrained(
            None, config=config, state_dict=read_int8(folder), dtype=dtype, output_loading_info=True
        )
    return AutoModelForSeq2SeqLM.from_pretrained(
        folder, dtype=dtype, use_safetensors=True, local_files_only=True, output_loading_info=True
    )


def untie(model: Any) -> None:
    """Have the configuration say so where the output matrix is the model's own.

    transformers 5 claims every T5 is tied; a later `tie_weights()` or
    `resize_token_embeddings()` would then overwrite FLAN-T5's output matrix with the embeddings.
    """
    if not is_tied(model):
        model.config.tie_word_embeddings = False


def is_tied(model: Any) -> bool:
    """Whether the output matrix is the embeddings, as T5 1.0 has it and FLAN-T5 has not."""
    return model.get_output_embeddings().weight is model.get_input_embeddings().weight


def _says_untied(folder: Path) -> bool:
    """What the file says, which transformers 5 does not heed."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return config.get("tie_word_embeddings") is False


def _stored(folder: Path) -> set[str]:
    """The names of the tensors in the folder's files."""
    names: set[str] = set()
    for path in folder.glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            names.update(file.keys())
    return names


@contextmanager
def quiet() -> Iterator[None]:
    """Without the library's progress bars and its advice on weight tying, heeded above."""
    level, bars = hf_logging.get_verbosity(), hf_logging.is_progress_bar_enabled()
    hf_logging.set_verbosity_error()
    hf_logging.disable_progress_bar()
    try:
        yield
    finally:
        hf_logging.set_verbosity(level)
        if bars:
            hf_logging.enable_progress_bar()
