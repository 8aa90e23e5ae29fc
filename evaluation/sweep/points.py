"""The points of a sweep: each one a full set of settings, checked before anything runs."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from chatbot.engines.base import Decoding
from chatbot.options import AskOptions
from chatbot.settings import ChatSettings
from ingestion.errors import LecternError
from ingestion.settings import IngestionSettings

_PLACES = {"home", "index_dir"}
_CHAT = set(ChatSettings.model_fields) - _PLACES
_OPTIONS = {"shots", "chain_of_thought", "map_rerank", "decoding"}
SETTINGS = frozenset({*IngestionSettings.model_fields, *_CHAT, *_OPTIONS})
"""Names a sweep may set: those of `[ingestion]` and `[chatbot]`, and the prompt and decoding."""

Changes = Mapping[str, Any]


@dataclass(frozen=True)
class Point:
    """One row of the sweep. `changes` are what it sets, beside what the default row sets."""

    name: str
    changes: Changes
    ingestion: IngestionSettings
    chat: ChatSettings
    options: AskOptions

    @property
    def key(self) -> str:
        """Identity of everything that is set; equal points are one."""
        chat = self.chat.model_dump(mode="json", exclude=_PLACES)
        said = [self.ingestion.model_dump(mode="json"), chat, self.options.model_dump(mode="json")]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def folder(self) -> str:
        """A folder name that says the point and is its own."""
        return f"{re.sub(r'[^a-zA-Z0-9_.=-]+', '-', self.name)[:80]}-{self.key[:6]}"


def make_points(
    mode: str, default: Changes, vary: Mapping[str, Sequence[Any]], single: Sequence[Changes]
) -> list[Point]:
    """The default, then one factor at a time or every combination, then the single points.

    A combination that comes to the same settings as an earlier one is left out. Raises
    `LecternError` for a value that a setting cannot have.
    """
    if mode == "grid":
        combinations = [
            dict(zip(vary, values, strict=True)) for values in itertools.product(*vary.values())
        ]
    else:
        combinations = [{name: value} for name, values in vary.items() for value in values]
    points = [make_point(default, {})]
    points += [make_point(default, changes) for changes in (*combinations, *single)]
    distinct: dict[str, Point] = {}
    for point in points:
        distinct.setdefault(point.key, point)
    return list(distinct.values())


def make_point(default: Changes, changes: Changes) -> Point:
    given = {**default, **changes}
    ingestion = IngestionSettings.load(**_of(given, IngestionSettings.model_fields))
    chat = ChatSettings.load(**_of(given, _CHAT))
    options = {"k": chat.passages, "neighbours": chat.neighbours, "answerer": chat.answerer}
    decoding = given.get("decoding", {})
    unknown = set(decoding) - set(Decoding.model_fields) if isinstance(decoding, dict) else set()
    if unknown:
        allowed = ", ".join(Decoding.model_fields)
        raise LecternError(f"decoding has {min(unknown)!r}; there may be {allowed}.")
    try:
        asked = AskOptions.model_validate({**options, **_of(given, _OPTIONS)})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(map(str, first["loc"]))
        raise LecternError(f"{name} cannot be {first['input']!r}: {first['msg']}.") from error
    name = " ".join(f"{key}={_say(value)}" for key, value in changes.items())
    return Point(name or "default", changes, ingestion, chat, asked)


def _of(given: Changes, names: Any) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name in names}


def _say(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(map(str, value.values()))
    return "on" if value is True else "off" if value is False else str(value)
