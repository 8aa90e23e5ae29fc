"""Where settings come from: defaults in code, then `lectern.toml`, then `LECTERN_*`; later wins.

Each room has one settings class with a table of its own in the file. Nothing else reads the
environment. `lectern doctor` prints every value with its origin.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ingestion.errors import LecternError

CONFIG_FILE = Path("lectern.toml")
TABLES = ("ingestion", "chatbot")
"""The tables that `lectern.toml` may have, one for each room."""


class RoomSettings(BaseSettings):
    """Base of a room's settings; `table` names its table in `lectern.toml`."""

    table: ClassVar[str]
    model_config = SettingsConfigDict(env_prefix="LECTERN_", extra="forbid", frozen=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _TomlTable(settings_cls, cls.table)

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """The settings in force; `overrides` (None values ignored) win. Raises `LecternError`."""
        return cls._checked({n: value for n, value in overrides.items() if value is not None})

    def updated(self, **changes: Any) -> Self:
        """These settings with `changes`, which are checked too. Raises `LecternError`."""
        return self._checked({**dict(self), **changes})

    @classmethod
    def _checked(cls, given: dict[str, Any]) -> Self:
        try:
            return cls(**given)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"]) or cls.table
            if first["type"] == "extra_forbidden":
                raise LecternError(
                    f"There is no setting {name}.",
                    f"Mend its name, in {CONFIG_FILE} under [{cls.table}] where it stands there, "
                    "or take it out; the README lists all settings.",
                ) from error
            raise LecternError(
                f"The setting {name} cannot be {first.get('input')!r}: {first['msg']}.",
                "Give it another value where it was passed by name."
                if name in given
                else f"Mend it in {CONFIG_FILE} under [{cls.table}], or in LECTERN_{name.upper()}.",
            ) from error

    @field_validator("*")
    @classmethod
    def _at_home(cls, value: Any) -> Any:
        """No shell expands the `~` of a path that comes from the file."""
        return Path(os.path.expanduser(value)) if isinstance(value, Path) else value  # noqa: PTH111

    @classmethod
    def origin(cls, name: str) -> str:
        """Where the value of setting `name` comes from, in words."""
        if f"LECTERN_{name}".upper() in {key.upper() for key in os.environ}:
            return f"LECTERN_{name.upper()}"
        return str(CONFIG_FILE) if name in read_table(cls.table) else "default"


class _TomlTable(PydanticBaseSettingsSource):
    def __init__(self, settings_cls: type[BaseSettings], table: str) -> None:
        super().__init__(settings_cls)
        self._values = read_table(table)

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._values


def read_table(table: str) -> dict[str, Any]:
    """One table of `lectern.toml`, empty where there is none.

    Raises `LecternError` where the file is not TOML or holds anything but the known `TABLES`.
    """
    if not CONFIG_FILE.is_file():
        return {}
    try:
        content = tomllib.loads(CONFIG_FILE.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LecternError(
            f"{CONFIG_FILE.resolve()} is not valid TOML: {error}.", "Mend that line or remove it."
        ) from error
    for name, values in content.items():
        if name not in TABLES or not isinstance(values, dict):
            raise LecternError(
                f"{CONFIG_FILE.resolve()} has {name!r}, which is none of Lectern's tables.",
                f"The tables are {' and '.join(f'[{known}]' for known in TABLES)}.",
            )
    values = content.get(table, {})
    assert isinstance(values, dict)
    return values
