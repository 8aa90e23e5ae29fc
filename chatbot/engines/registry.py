"""Versions of adapters in a folder, which of them is in use, and what was in use before.

    <folder>/v3/adapter_config.json, adapter_model.safetensors, manifest.json
    <folder>/current          the name in use, replaced whole: a reader sees the old or the new one
    <folder>/history.jsonl    a line for each change: time, action, from, to, why

The folder is one of adapters as `chatbot/engines/adapters.py` reads it; an adapter that was put
there by hand can be used too. Nothing is ever deleted, so going back is always possible. Without
`current`, or where it says `base`, the model speaks without an adapter.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import EllipsisType
from typing import Any, Literal

from filelock import FileLock

from chatbot.engines.adapters import BASE_WEIGHTS, CONFIG, WEIGHTS, list_adapters
from ingestion.errors import LecternError, ModelUnavailable
from ingestion.hashing import file_digest

BASE = "base"
MANIFEST = "manifest.json"
_POINTER, _HISTORY, _LOCK = "current", "history.jsonl", ".registry.lock"
_COPIED = (CONFIG, WEIGHTS, BASE_WEIGHTS, "training.json", "reward.json")

Action = Literal["promote", "use", "rollback"]


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the history; `before` and `after` are names, None for the base model."""

    time: float
    action: Action
    before: str | None
    after: str | None
    why: str


class AdapterRegistry:
    """The registry in `folder`, which need not exist yet. Several processes may use it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def current(self) -> str | None:
        """The adapter in use, None for the base model. Cheap enough to ask at every question.

        Raises `ModelUnavailable` where the pointer cannot be read.
        """
        path = self.folder / _POINTER
        try:
            name = path.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise ModelUnavailable(
                f"{path}, which names the adapter in use, cannot be read ({error}).",
                "Delete it, then choose with `lectern adapters use`.",
            ) from error
        return None if name in ("", BASE) else name

    def names(self) -> list[str]:
        return list_adapters(self.folder)

    def manifest(self, name: str) -> dict[str, Any]:
        """What was written when a version was promoted; empty for one put there by hand."""
        path = self.folder / name / MANIFEST
        if not path.is_file():
            return {}
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise LecternError(
                f"{path} is not valid JSON ({error}).", "Restore that file, or delete it."
            ) from error
        return found

    def history(self) -> list[Change]:
        """All changes, oldest first, without a line torn by a kill.

        Raises `LecternError` that names a line which is no change.
        """
        path = self.folder / _HISTORY
        if not path.is_file():
            return []
        *lines, _torn = path.read_bytes().split(b"\n")
        changes = []
        for number, line in enumerate(lines, start=1):
            try:
                changes.append(Change(**json.loads(line)))
            except (ValueError, TypeError) as error:
                raise LecternError(
                    f"{path}: line {number} is no change of adapters ({error}).",
                    "Delete that line; the adapters themselves are not touched by it.",
                ) from error
        return changes

    def promote(
        self,
        adapter: Path,
        manifest: Mapping[str, Any],
        why: str,
        *,
        expected: str | EllipsisType | None = ...,
    ) -> str:
        """Copy the adapter in as a new version and put it in use; returns the version's name.

        `expected` is what the caller takes to be in use (None: the base model), where it matters.
        Raises `LecternError`, and changes nothing, when that is something else by now.
        """
        with self._locked():
            now = self.current()
            if expected is not ... and now != expected:
                raise LecternError(
                    f"{now or BASE} is in use in {self.folder}, no longer {expected or BASE}: "
                    "somebody has changed it meanwhile.",
                    "Compare the new adapter with that one, and promote it then.",
                )
            name = f"v{1 + max(map(_number, self._taken()), default=0)}"
            # One level deeper than adapters lie: what is half copied is not listed as one.
            beside = self.folder / ".incoming" / name
            shutil.rmtree(beside, ignore_errors=True)
            beside.mkdir(parents=True)
            for file in _COPIED:
                if (adapter / file).is_file():
                    shutil.copyfile(adapter / file, beside / file)
                    _sync(beside / file)
            written = {
                "name": name,
                "created": time.time(),
                "sha256": file_digest(beside / WEIGHTS),
                **manifest,
            }
            _write(beside / MANIFEST, json.dumps(written, indent=1, ensure_ascii=False) + "\n")
            beside.replace(self.folder / name)
            self._point("promote", name, why)
            return name

    def use(self, name: str | None, why: str = "") -> None:
        """Put an adapter in use, None for the base model. Raises `LecternError` for no adapter."""
        with self._locked():
            self._demand(name)
            self._point("use", name, why)

    def rollback(self, why: str = "") -> str | None:
        """Put in use what was before; again, and what was before that. Returns it.

        Raises `LecternError` where nothing was in use before.
        """
        with self._locked():
            used: list[str | None] = [None]
            for change in self.history():
                if change.action == "rollback":
                    used.pop()
                else:
                    used.append(change.after)
            if len(used) < 2:
                raise LecternError(
                    f"Nothing was in use before in {self.folder}.",
                    "`lectern adapters list` shows what there is.",
                )
            self._demand(used[-2])
            self._point("rollback", used[-2], why)
            return used[-2]

    def _taken(self) -> list[str]:
        return [path.name for path in self.folder.iterdir()]

    def _demand(self, name: str | None) -> None:
        known = self.names()
        if name is not None and name not in known:
            raise LecternError(
                f"There is no adapter {name!r} in {self.folder}.",
                f"Choose one of: {', '.join([BASE, *known])}.",
            )

    def _point(self, action: Action, name: str | None, why: str) -> None:
        change = Change(time.time(), action, self.current(), name, why)
        line = json.dumps(asdict(change), ensure_ascii=False) + "\n"
        # The pointer last: what is in use has always been written down before.
        with (self.folder / _HISTORY).open("a+b") as history:
            history.seek(0)
            # A line torn by a kill would spoil the one after it.
            history.truncate(history.read().rfind(b"\n") + 1)
            history.write(line.encode())
        _sync(self.folder / _HISTORY)
        _write(self.folder / _POINTER, f"{name or BASE}\n")

    def _locked(self) -> FileLock:
        self.folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self.folder / _LOCK, timeout=60)


def _number(name: str) -> int:
    found = re.fullmatch(r"v(\d+)", name)
    return int(found[1]) if found else 0


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(text, encoding="utf-8")
    _sync(beside)
    beside.replace(path)


def _sync(path: Path) -> None:
    """Have the disk hold a file before anything refers to it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
