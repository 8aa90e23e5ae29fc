"""What a run leaves for others: an adapter or a whole model, in the layout the engine loads."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from finetune.errors import CheckpointNotSaved


def save_model(model: Any, tokenizer: Any, folder: Path) -> Path:
    """Write the model into `folder`, whole or not at all; what stood there is replaced.

    An adapter: `adapter_config.json` and `adapter_model.safetensors`, as
    `chatbot/engines/adapters.py` reads them. A model without one: weights, configuration and
    tokenizer, as `lectern --model` reads them. Raises `CheckpointNotSaved`.
    """
    beside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(parents=True)
        model.save_pretrained(beside)
        if hasattr(model, "peft_config"):
            # peft's README is a form that nobody has filled in.
            (beside / "README.md").unlink(missing_ok=True)
        else:
            tokenizer.save_pretrained(beside)
        if folder.exists():
            shutil.rmtree(folder)
        beside.rename(folder)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise CheckpointNotSaved(
            f"The model cannot be written to {folder} ({error}).",
            "Free some space and run the same command again: it goes on from its last checkpoint.",
        ) from error
    return folder
