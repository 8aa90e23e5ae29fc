"""`lectern app`, `serve`, `fetch` and `doctor`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from chatbot.commands.console import IndexOption, JsonOption, chat_settings, err, out, print_json

ModelOption = Annotated[
    str | None, typer.Option("--model", help="Generator: hub name, lectern-t5-mini or folder.")
]


def app(
    index: IndexOption = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8501,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
) -> None:
    """Open the chat in a browser."""
    settings = chat_settings(index)
    script = Path(__file__).resolve().parents[2] / "streamlit_app.py"
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    flags = {
        "server.port": port,
        "server.address": host,
        "server.headless": str(not browser).lower(),
        "server.showEmailPrompt": "false",
        "server.maxUploadSize": 200,
        "browser.gatherUsageStats": "false",
        "logger.hideWelcomeMessage": "true",
    }
    command += [f"--{name}={value}" for name, value in flags.items()]
    # The app may run in another folder than this command.
    environment = {
        **os.environ,
        "LECTERN_HOME": str(settings.home.resolve()),
        "LECTERN_INDEX_DIR": str(settings.index.resolve()),
    }
    err.print(f"The chat is at http://{host}:{port} (Ctrl+C ends it).")
    try:
        raise typer.Exit(subprocess.run(command, env=environment, check=False).returncode)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def serve(
    model: ModelOption = None,
    device: Annotated[
        Literal["auto", "cpu", "cuda"] | None, typer.Option("--device", help="Where to run it.")
    ] = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8600,
) -> None:
    """Serve a generator over HTTP; a chatbot uses it when its setting engine_url names it."""
    from chatbot.engines.factory import load_engine
    from chatbot.engines.registry import AdapterRegistry
    from chatbot.server import serve as run

    settings = chat_settings(None, model=model, device=device)
    engine = load_engine(
        settings.model,
        device=settings.device,
        window=settings.window,
        adapters_dir=settings.adapters,
        adapter=settings.adapter,
    )
    err.print(f"Serving {engine.name} on http://{host}:{port}", markup=False)
    run(engine, registry=AdapterRegistry(settings.adapters), host=host, port=port)


def fetch(model: ModelOption = None) -> None:
    """Get the generator from the Hugging Face hub into this machine's cache, if the hub answers."""
    from chatbot.engines.factory import find_model
    from ingestion.errors import ModelUnavailable

    settings = chat_settings(None, model=model)
    if Path(settings.model).expanduser().is_dir():
        err.print(f"{settings.model} is a folder on this machine already.", markup=False)
        return
    try:
        name, folder = find_model(settings.model)
    except ModelUnavailable as error:
        raise ModelUnavailable(
            error.what,
            f"{error.remedy} Lectern works without it: answers are then picked from the documents.",
        ) from error
    out.print(f"{name} is in {folder}", markup=False)


def doctor(index: IndexOption = None, json: JsonOption = False) -> None:
    """Print every setting with its origin, what was found, and what is missing."""
    from chatbot.diagnosis import diagnose

    report = diagnose(chat_settings(index))
    if json:
        print_json(report.as_json())
    else:
        for finding in report.findings:
            mark = "[green]ok[/]     " if finding.ok else "[yellow]missing[/]"
            out.print(f"{mark} {escape(finding.subject)}: {escape(finding.detail)}")
        out.print("\nSettings in force:")
        for name, value, origin in report.settings:
            out.print(f"  {name} = {value}  ({origin})", markup=False)
