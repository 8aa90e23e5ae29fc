"""Settings from options, refused in one line that names the option."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ingestion.errors import LecternError

M = TypeVar("M", bound=BaseModel)


def checked(settings: type[M], **given: Any) -> M:
    """The settings. Raises `LecternError` that says which value is wrong and why."""
    try:
        return settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        what = f"The setting {name} cannot be {first['input']!r}" if name else "The settings clash"
        raise LecternError(f"{what}: {first['msg']}.", "Give it another value.") from error
