"""What a run leaves for others: an adapter or a whole model, in the layout the engine loads."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from chatbot.engines.adapters import BASE_WEIGHTS, CONFIG, WEIGHTS, base_weights
from chatbot.engines.t5_files import quiet
from finetune.errors import CheckpointNotSaved
from ingestion.errors import LecternError

_LAST = ("config.json", CONFIG)
"""What makes a folder a model or an adapter in the eyes of a reader."""
_WEIGHTS = (WEIGHTS, BASE_WEIGHTS, "model*.safetensors", "model.safetensors.index.json")
"""Weights of either kind: those of another model are not left beside the new ones."""


def demand_own_folder(out: Path, base: Path) -> None:
    """Raises `LecternError` where what is trained would be written over its base."""
    if out.resolve() == base.resolve():
        raise LecternError(f"{out} holds the base.", "Give what is trained a folder of its own.")


def save_model(model: Any, tokenizer: Any, folder: Path) -> Path:
    """Write the model into `folder`, over one that lies there; other files and folders stay.

    An adapter: `adapter_config.json`, `adapter_model.safetensors` and the hashes of its base, as
    `chatbot/engines/adapters.py` reads them. A model without one: weights, configuration and
    tokenizer, as `lectern --model` reads them. All is written beside its place first: where that
    fails, `CheckpointNotSaved` is raised and the folder is as it was.
    """
    adapted = hasattr(model, "peft_config")
    if adapted and Path(model.name_or_path).expanduser().resolve() == folder.resolve():
        raise CheckpointNotSaved(
            f"{folder} holds the model that the adapter is for.",
            "Give what is trained a folder of its own.",
        )
    beside = folder / ".model.part"
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        with quiet():
            model.save_pretrained(beside)
        if adapted:
            # peft's README is a form that nobody has filled in.
            (beside / "README.md").unlink(missing_ok=True)
            known = base_weights(model.name_or_path)
            (beside / BASE_WEIGHTS).write_text(json.dumps(known, indent=1) + "\n")
        else:
            tokenizer.save_pretrained(beside)
        for name in (*_LAST, *_WEIGHTS):
            for old in folder.glob(name):
                old.unlink()
        for file in sorted(beside.iterdir(), key=lambda file: file.name in _LAST):
            file.replace(folder / file.name)
    except (OSError, SafetensorError) as error:
        raise CheckpointNotSaved(
            f"The model cannot be written to {folder} ({error}).",
            "Free some space and run the same command again: it goes on from its last checkpoint.",
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder
