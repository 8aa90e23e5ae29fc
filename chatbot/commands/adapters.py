"""`lectern adapters list | use | rollback`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from chatbot.commands.console import JsonOption, chat_settings, out, print_json

if TYPE_CHECKING:
    from chatbot.engines.registry import AdapterRegistry

adapters_app = typer.Typer(
    help="Which adapter the chatbot speaks with: list, choose, go back.", no_args_is_help=True
)

FolderOption = Annotated[
    Path | None,
    typer.Option("--dir", metavar="DIR", help="Folder of adapters (default: as the settings say)."),
]
WhyOption = Annotated[str, typer.Option("--why", help="A word for the history.")]


@adapters_app.command("list")
def list_(folder: FolderOption = None, json: JsonOption = False) -> None:
    """Show the adapters, which one is in use, and every change so far."""
    registry = _registry(folder)
    current, history = registry.current(), registry.history()
    manifests = {name: registry.manifest(name) for name in registry.names()}
    if json:
        from dataclasses import asdict

        print_json(
            {
                "current": current,
                "adapters": manifests,
                "history": [asdict(change) for change in history],
            }
        )
        return
    table = Table("", "adapter", "promoted", "why")
    table.add_row("→" if current is None else "", "base", "", "the model without an adapter")
    for name, manifest in manifests.items():
        table.add_row(
            "→" if name == current else "",
            escape(name),
            _day(manifest["created"]) if "created" in manifest else "",
            escape(manifest.get("why", "")),
        )
    out.print(table)
    for change in history:
        way = f"{change.before or 'base'} → {change.after or 'base'}"
        out.print(escape(f"{_day(change.time)} {change.action}: {way} {change.why}".rstrip()))


@adapters_app.command("use")
def use(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An adapter, or base for none.")],
    folder: FolderOption = None,
    why: WhyOption = "",
) -> None:
    """Have the chatbot speak with an adapter from its next answer on; a running one too."""
    from chatbot.engines.registry import BASE

    _registry(folder).use(None if name == BASE else name, why)
    out.print(escape(f"In use: {name}."))


@adapters_app.command("rollback")
def rollback(folder: FolderOption = None, why: WhyOption = "") -> None:
    """Go back to what was in use before; given again, to what was before that."""
    from chatbot.engines.registry import BASE

    out.print(escape(f"In use: {_registry(folder).rollback(why) or BASE}."))


def _registry(folder: Path | None) -> AdapterRegistry:
    from chatbot.engines.registry import AdapterRegistry

    return AdapterRegistry(folder or chat_settings().adapters)


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
