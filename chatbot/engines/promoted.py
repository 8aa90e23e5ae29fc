"""The adapter that is in use in a registry, as far as a served engine can speak with it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from chatbot.engines.batching import BatchingEngine
from chatbot.engines.registry import AdapterRegistry
from ingestion.errors import LecternError


class PromotedAdapter:
    """`adapter` is what speaks: the promoted one, or where that cannot be used the one before it.

    `why_not` then says why; it is empty where the promoted one speaks.
    """

    def __init__(self, batching: BatchingEngine, registry: AdapterRegistry) -> None:
        self.adapter: str | None = None
        self.why_not = ""
        self._batching = batching
        self._registry = registry
        self._tried: object = None
        """Name and files of what was tried last: only what has changed since is tried again."""
        self._looks: set[asyncio.Task[None]] = set()
        self._alone = asyncio.Lock()

    async def look(self, patience: float | None = None) -> None:
        """Try what has been put in use since, on the engine's own thread.

        After `patience` seconds, if they are given, that goes on by itself.
        """
        look = asyncio.create_task(self._look())
        self._looks.add(look)
        look.add_done_callback(self._looks.discard)
        await asyncio.wait([look], timeout=patience)
        if look.done():
            look.result()

    async def _look(self) -> None:
        async with self._alone:
            now: object = None
            try:
                name = self._registry.current()
                now = name, _files(self._registry.folder / name) if name else ()
                if now == self._tried:
                    return
                await asyncio.wrap_future(self._batching.try_adapter(name))
                self.adapter, self.why_not = name, ""
            except (LecternError, OSError) as error:
                self.why_not = str(error)
            self._tried = now


def _files(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """(name, bytes, time of change) of each file in `folder`."""
    found = ((file.name, file.stat()) for file in sorted(folder.glob("*")))
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)
