"""What the verbs share: options, where output goes, and how errors end the program."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from chatbot.settings import ChatSettings


def utf8(text: str | None) -> str | None:
    """Bytes of the command line that are no text can be neither asked nor looked for."""
    try:
        (text or "").encode()
    except UnicodeEncodeError:
        raise typer.BadParameter("is not UTF-8 text") from None
    return text


IndexOption = Annotated[
    Path | None,
    typer.Option("--index", metavar="DIR", help="Index folder (default: .lectern/index)."),
]
CourseOption = Annotated[
    str | None,
    typer.Option("--course", metavar="NAME", help="Only this course.", callback=utf8),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]

out = Console(highlight=False)
"""Results."""
err = Console(stderr=True, highlight=False)
"""Everything that is not a result: progress, notices, errors."""


_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), 127) if chr(code) not in "\n\t"}


def plain(text: str) -> str:
    """Text of others' making for a console of ours: neither Rich nor the terminal obeys it.

    The name of a file may hold an escape sequence that recolours or retitles a terminal.
    """
    return escape(text.translate(_CONTROLS))


def tell(line: str) -> None:
    """A line to the person who waits, whatever brackets stand in its names."""
    err.print(line, soft_wrap=True, markup=False)


def show(line: str) -> None:
    """A line of results, whatever brackets stand in its names."""
    out.print(line, soft_wrap=True, markup=False)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def chat_settings(index: Path | None = None, **overrides: Any) -> ChatSettings:
    """The settings in force, with the index folder of the command line."""
    from chatbot.settings import ChatSettings

    return ChatSettings.load(index_dir=index, **overrides)
