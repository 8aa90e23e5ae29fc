"""LoRA adapters on disk: `<folder>/<name>/adapter_config.json` and `adapter_model.safetensors`.

Only safetensors are read (a `.bin` file is a pickle), and only LoRA: swapping needs base weights
that stay as they are. Those trained here have the hashes of these beside them, `base_weights.json`:
models of one name can be of many weights.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ingestion.errors import ModelUnavailable
from ingestion.hashing import file_digest
from ingestion.packaged import KNOWN, model_folder

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
BASE_WEIGHTS = "base_weights.json"

_HUB_SNAPSHOT = re.compile(r"models--(.+?)--(.+?)/snapshots/")


@dataclass(frozen=True)
class AdapterFolder:
    """One adapter: its name, where it lies, the base model it was trained on ("" if unknown)."""

    name: str
    path: Path
    base: str


def list_adapters(folder: Path | None) -> list[str]:
    """Names of the adapters in `folder`, sorted."""
    if folder is None or not folder.is_dir():
        return []
    return sorted(found.parent.name for found in folder.glob(f"*/{CONFIG}"))


def find_adapter(folder: Path | None, name: str, base: str) -> AdapterFolder:
    """The adapter `name`, checked to be a LoRA in safetensors made for `base`.

    `base` is a name or a folder. Raises `ModelUnavailable` that names what is wrong, and both base
    models where they differ.
    """
    known = list_adapters(folder)
    if folder is None or name not in known:
        raise ModelUnavailable(
            f"There is no adapter named “{name}” in {folder or 'any folder (none is set)'}.",
            f"Choose one of: {', '.join(known)}." if known else "Set the folder of adapters first.",
        )
    path = folder / name
    config = _read_object(path / CONFIG)
    if config.get("peft_type") != "LORA":
        raise ModelUnavailable(
            f"The adapter “{name}” is of type {config.get('peft_type')}.",
            "Only LoRA can be swapped.",
        )
    if not (path / WEIGHTS).is_file():
        raise ModelUnavailable(
            f"The adapter “{name}” has no {WEIGHTS} in {path}.",
            "Export it with safetensors: other weight files are not loaded.",
        )
    made_for = str(config.get("base_model_name_or_path") or "")
    if made_for and model_identity(made_for) != model_identity(base):
        raise ModelUnavailable(
            f"The adapter “{name}” was made for {made_for}, but the model loaded is {base}.",
            f"Load {made_for}, or train the adapter on {base}.",
        )
    record = path / BASE_WEIGHTS
    trained_on = _read_object(record) if record.is_file() else {}
    loaded = base_weights(base) if trained_on else {}
    if loaded and loaded != trained_on:
        raise ModelUnavailable(
            f"The adapter “{name}” was trained on {made_for}, whose weights are not those of "
            f"{base}: the two bear one name alone.",
            f"Load the model it was trained on, or train it on {base}; where that is the same "
            f"model in another precision, delete {record}.",
        )
    return AdapterFolder(name, path, made_for)


def base_weights(base: str) -> dict[str, str]:
    """File → SHA-256 of the weights of a model on this machine, by its folder or packaged name.

    Empty for a name of the hub, which is known by that name.
    """
    if not (Path(base).expanduser().is_dir() or base in KNOWN):
        return {}
    files = sorted(model_folder(base).glob("model*.safetensors"))
    return {file.name: _digest(file.resolve(), file.stat().st_mtime_ns) for file in files}


@cache  # gigabytes are not read again as long as they have not changed
def _digest(file: Path, changed: int) -> str:
    return file_digest(file)


def _read_object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(
            f"{path} cannot be read as JSON ({error}).", "Export the adapter again."
        ) from error
    if not isinstance(found, dict):
        raise ModelUnavailable(f"{path} holds no JSON object.", "Export the adapter again.")
    return found


def peft_name(adapter: str) -> str:
    """What peft is to call an adapter: a module's name holds no dot and is none that a module has
    itself (`keys`), a folder's name may be any.
    """
    return f"adapter_{adapter.encode().hex()}"


def model_identity(name_or_path: str) -> str:
    """What all names of one model share.

    `google/flan-t5-base`, a path to a copy of it in a folder `flan-t5-base`, and its folder in the
    hub's cache are the same model.
    """
    cached = _HUB_SNAPSHOT.search(name_or_path.replace("\\", "/"))
    name = cached.group(2) if cached else name_or_path.replace("\\", "/").rstrip("/")
    return name.rsplit("/", 1)[-1].casefold()
