"""A generator by name: a local path, what travels with Lectern, else the Hugging Face cache, else
the hub, else a refusal.

Importing this module imports neither torch nor transformers: whoever answers without a generator
does not pay for one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.errors import ModelUnavailable
from ingestion.hub import is_cached, snapshot
from ingestion.packaged import KNOWN, packaged_model

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
    fetch: bool = True,
) -> Engine:
    """The engine for a T5 by any name that `find_model` takes, with `adapter` switched on.

    Raises `ModelUnavailable` when the model is neither here nor in reach, is no T5, or when device,
    precision or adapter cannot be had; within seconds where the network is silent.
    """
    name, folder = find_model(name_or_path, fetch=fetch)

    from chatbot.engines.flan_t5 import FlanT5Engine

    engine = FlanT5Engine.load(
        folder, name=name, device=device, dtype=dtype, window=window, adapters_dir=adapters_dir
    )
    engine.use_adapter(adapter)
    return engine


def find_model(name_or_path: str, *, fetch: bool = True) -> tuple[str, Path]:
    """(name, folder) of a T5 by path, packaged name (`lectern-t5-mini`), alias (`flan-t5-base`) or
    hub name; without `fetch` the hub is not asked for what is not here. Raises `ModelUnavailable`.
    """
    name = ALIASES.get(name_or_path, name_or_path)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return name, folder
    if name in KNOWN:
        return name, packaged_model(name)
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise ModelUnavailable(
            f"There is no folder {name}, and it is not the name of a known model.",
            f"Give a path to a T5, or one of: lectern-t5-mini, {', '.join(ALIASES)}.",
        )
    if not fetch and not is_cached(name):
        raise ModelUnavailable(
            f"The generator {name} is not on this machine.",
            "`lectern fetch` gets it where the Hugging Face hub can be reached.",
        )
    return name, snapshot(name)
