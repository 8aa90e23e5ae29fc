"""A generator by name: a local path, else the Hugging Face cache, else the hub, else a refusal.

Importing this module imports neither torch nor transformers: whoever answers without a generator
does not pay for one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.errors import ModelUnavailable
from ingestion.hub import snapshot

if TYPE_CHECKING:
    from chatbot.engines.base import Engine
    from chatbot.engines.hardware import Dtype

ALIASES = {f"flan-t5-{size}": f"google/flan-t5-{size}" for size in ("small", "base", "large", "xl")}


def load_engine(
    name_or_path: str,
    *,
    device: str = "auto",
    dtype: Dtype = "auto",
    window: int = 512,
    adapters_dir: Path | None = None,
    adapter: str | None = None,
) -> Engine:
    """The engine for a T5 by path, alias (`flan-t5-base`) or hub name, with `adapter` switched on.

    Raises `ModelUnavailable` when the model is neither here nor in reach, is no T5, or when device,
    precision or adapter cannot be had; within seconds where the network is silent.
    """
    name, folder = find_model(name_or_path)

    from chatbot.engines.flan_t5 import FlanT5Engine

    engine = FlanT5Engine.load(
        folder, name=name, device=device, dtype=dtype, window=window, adapters_dir=adapters_dir
    )
    engine.use_adapter(adapter)
    return engine


def find_model(name_or_path: str) -> tuple[str, Path]:
    """(name, folder) of a T5 by path, alias or hub name. Raises `ModelUnavailable`."""
    name = ALIASES.get(name_or_path, name_or_path)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return name, folder
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise ModelUnavailable(
            f"There is no folder {name}, and it is not the name of a known model.",
            f"Give a path to a T5, or one of: {', '.join(ALIASES)}.",
        )
    return name, snapshot(name)
