"""Files in TOML that describe what to train on, each checked against a model of its form."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ingestion.errors import LecternError

Described = TypeVar("Described", bound=BaseModel)


def read_described(path: Path, form: type[Described], name: str, remedy: str) -> Described:
    """The file at `path` as a `form`, which people call `name`.

    Raises `LecternError` that names the file and what is wrong with it; where it is TOML but of
    another form, `remedy` says what it should have.
    """
    try:
        return form.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LecternError(f"{path} cannot be read as TOML ({error}).", "Mend it.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise LecternError(f"{path} is not {name}: {place}: {first['msg']}.", remedy) from error
