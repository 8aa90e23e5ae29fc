"""Which weights a folder holds, as one hash: trained again, they are others."""

from __future__ import annotations

import hashlib
from pathlib import Path

from chatbot.engines.adapters import CONFIG, WEIGHTS, base_weights
from chatbot.engines.factory import find_model
from ingestion.errors import ModelUnavailable
from ingestion.hashing import file_digest


def is_adapter(folder: Path) -> bool:
    """Whether readers take the folder for an adapter, and not for a whole model."""
    return (folder / CONFIG).is_file()


def weights_hash(folder: Path) -> str:
    """SHA-256 of an adapter's or a model's weights; of those in several files, of their hashes.

    Raises `ModelUnavailable` where there are none.
    """
    if is_adapter(folder):
        found = [file_digest(folder / WEIGHTS)] if (folder / WEIGHTS).is_file() else []
    else:
        found = list(base_weights(str(folder)).values())
    if not found:
        raise ModelUnavailable(
            f"{folder} holds neither an adapter nor a whole model in safetensors.",
            "Give the --out of `lectern train sft`, or a folder with model.safetensors.",
        )
    return found[0] if len(found) == 1 else hashlib.sha256("".join(found).encode()).hexdigest()


def speaking_weights(model: str, adapter: Path | None) -> str:
    """What a T5 by any name speaks with, `adapter` on it: trained again, either is another.

    Raises `ModelUnavailable` where there are none.
    """
    base = weights_hash(find_model(model)[1])
    return f"{weights_hash(adapter)} on {base}" if adapter else base
