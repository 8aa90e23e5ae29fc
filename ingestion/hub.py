"""The Hugging Face hub with a short fuse: its cache first, then the network, never a hang."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from functools import cache
from pathlib import Path

from ingestion.errors import ModelUnavailable

_HOST = "huggingface.co"
_CONNECT_SECONDS = 2.0
_ALLOWED = ["*.json", "*.safetensors", "*.txt", "*.model", "*/config.json"]
"""What is fetched: never a pickled checkpoint, never code."""


def snapshot(name: str) -> Path:
    """The local folder of hub model `name`: from the cache, or fetched if the hub answers.

    Raises `ModelUnavailable`, within seconds, when it is in neither.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True, allow_patterns=_ALLOWED))
    except HFValidationError as error:
        raise ModelUnavailable(
            f"{name!r} is neither a folder nor a model name.", "Check the spelling or the path."
        ) from error
    except LocalEntryNotFoundError:
        pass
    if not hub_reachable():
        raise ModelUnavailable(
            f"{name} is not on this machine and the Hugging Face hub cannot be reached.",
            "Connect once to fetch it, or give the path of a folder that holds it.",
        )
    try:
        return Path(snapshot_download(name, allow_patterns=_ALLOWED, etag_timeout=5))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise ModelUnavailable(
            f"{name} could not be fetched from the Hugging Face hub ({type(error).__name__}).",
            "Check the name and the connection, or give the path of a folder.",
        ) from error


def is_cached(name: str) -> bool:
    """Whether the hub's cache on this machine holds something of `name`; imports and asks
    nothing.
    """
    home = Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser()
    cache_folder = Path(os.environ.get("HF_HUB_CACHE", home / "hub"))
    return (cache_folder / f"models--{name.replace('/', '--')}" / "snapshots").is_dir()


@cache
def hub_reachable() -> bool:
    """Whether the hub takes a connection within two seconds; asked once a process."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return False
    answered: list[bool] = []

    def knock() -> None:
        with (
            contextlib.suppress(OSError),
            socket.create_connection((_HOST, 443), timeout=_CONNECT_SECONDS),
        ):
            answered.append(True)

    # A name look-up has no time limit of its own, so it gets a thread that nobody waits for longer.
    visitor = threading.Thread(target=knock, daemon=True)
    visitor.start()
    visitor.join(_CONNECT_SECONDS)
    return bool(answered)
