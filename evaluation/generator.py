"""What writes the answers of a run, for its record: a row made by other weights is asked again."""

from __future__ import annotations

from typing import Any

from chatbot.engines.factory import find_model
from chatbot.engines.registry import AdapterRegistry
from chatbot.settings import ChatSettings
from ingestion.errors import ModelUnavailable
from ingestion.hashing import file_digest


def adapter_in_use(settings: ChatSettings) -> str | None:
    """The adapter that the settings name, else the one that was promoted."""
    return settings.adapter or AdapterRegistry(settings.adapters).current()


def generator_settings(settings: ChatSettings) -> dict[str, Any]:
    """The adapter, and file → SHA-256 of the generator's weights and of the adapter's.

    No weights where the generator is a server, or is not on this machine.
    """
    adapter = adapter_in_use(settings)
    folders = [settings.adapters / adapter] if adapter else []
    try:
        folders += [] if settings.engine_url else [find_model(settings.model, fetch=False)[1]]
    except ModelUnavailable:
        # Whoever wants to generate is told so when the generator is loaded.
        return {"adapter": adapter, "weights": {}}
    weights = [file for folder in folders for file in sorted(folder.glob("*.safetensors"))]
    return {
        "adapter": adapter,
        "weights": {f"{file.parent.name}/{file.name}": file_digest(file) for file in weights},
    }
