"""`lectern ingest` and `lectern status`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table

from chatbot.commands.console import (
    CourseOption,
    IndexOption,
    JsonOption,
    chat_settings,
    err,
    out,
    plain,
    print_json,
    utf8,
)

if TYPE_CHECKING:
    from ingestion import progress as events
    from ingestion.catalog import FileRecord
    from ingestion.report import IngestReport

_WIDE = 10_000
_STAGES = {"scan": "Looking", "parse": "Reading", "embed": "Embedding", "commit": "Writing"}


def ingest(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH…", help="Files, folders or http(s) URLs.")
    ],
    index: IndexOption = None,
    course: Annotated[
        str | None,
        typer.Option(
            "--course", metavar="NAME", help="Course name (default: the folder's).", callback=utf8
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Bring the index up to date with documents: new, changed and deleted ones."""
    from ingestion.pipeline import ingest as run
    from ingestion.settings import IngestionSettings

    settings = chat_settings(index)
    files = [_local(path, settings.downloads / (course or "web")) for path in paths]
    ingestion = IngestionSettings.load()
    with _Bars(hidden=json) as bars:
        report = run(files, settings.index, course, ingestion, progress=bars.show)
    if json:
        print_json(report.as_json())
    else:
        _print_report(report, settings.index)


def status(
    index: IndexOption = None, course: CourseOption = None, json: JsonOption = False
) -> None:
    """Show what is in the index, and what could not be read and why."""
    from ingestion.catalog import Catalog
    from ingestion.layout import Layout

    settings = chat_settings(index)
    catalog = Catalog(Layout(settings.index).catalog)
    files = catalog.files(course)
    if json:
        print_json(
            {
                "index": str(settings.index),
                "generation": catalog.generation,
                "encoder": catalog.meta("encoder"),
                "store": catalog.meta("store"),
                "files": [_file_json(record) for record in files],
            }
        )
        return
    store, encoder = catalog.meta("store", "none yet"), catalog.meta("encoder", "none yet")
    version = f"generation {catalog.generation}, store {store}, encoder {encoder}"
    out.print(plain(f"Index {settings.index}, {version}"))
    table = Table("course", "document", "format", "chunks", "state")
    for column in table.columns:
        column.overflow = "fold"
    for record in files:
        state = {"ok": "ok", "duplicate": f"same as {plain(record.reason)}"}.get(record.status)
        shown = (plain(record.course), plain(record.path), record.format, str(record.chunks))
        table.add_row(*shown, state or "[red]failed[/]")
    if not out.is_terminal:
        # Whoever reads a pipe or a file has no margin: every document stays on one line.
        wide = out.options.update(max_width=_WIDE)
        table.width = out.measure(table, options=wide).maximum
    out.print(table, crop=False)
    _print_problems(
        [(r.path, r.reason) for r in files if r.status == "failed"],
        [(r.path, warning) for r in files for warning in r.warnings],
    )


def _local(path: str, downloads: Path) -> Path:
    """The file itself, or for a URL what was fetched from it."""
    if not path.lower().startswith(("http://", "https://")):
        return Path(path)
    from ingestion.fetch import fetch_url

    return fetch_url(path, downloads)


def _file_json(record: FileRecord) -> dict[str, object]:
    return {
        "course": record.course,
        "file": record.path,
        "format": record.format,
        "title": record.title,
        "status": record.status,
        "reason": record.reason,
        "warnings": list(record.warnings),
        "chunks": record.chunks,
        "bytes": record.bytes,
    }


def _print_report(report: IngestReport, index: Path) -> None:
    table = Table(show_header=False, title=plain(f"Index {index}"))
    for name, value in (
        ("new documents", report.new),
        ("changed", report.changed),
        ("unchanged", report.unchanged),
        ("deleted", report.deleted),
        ("duplicates", report.duplicates),
        ("failed", len(report.failed)),
        ("other files passed over", sum(report.ignored.values())),
        ("texts embedded", report.embedded),
        ("chunks in the index", report.chunks),
        ("seconds", f"{report.seconds:.1f}"),
    ):
        table.add_row(name, str(value))
    out.print(table)
    _print_problems(report.failed, report.warnings)


def _print_problems(failed: list[tuple[str, str]], warnings: list[tuple[str, str]]) -> None:
    for title, rows, color in (
        ("Not in the index:", failed, "red"),
        ("Left out of documents that are:", warnings, "yellow"),
    ):
        if rows:
            out.print(f"[{color}]{title}[/]")
        for file, reason in rows:
            out.print(f"  {plain(file)}: {plain(reason)}")


class _Bars:
    """A progress bar with an ETA for each stage, on standard error."""

    def __init__(self, hidden: bool) -> None:
        self._bars = Progress(
            TextColumn("{task.description:<10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[eta]}"),
            console=err,
            disable=hidden,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> _Bars:
        self._bars.start()
        return self

    def __exit__(self, *exit: object) -> None:
        self._bars.stop()

    def show(self, event: events.Progress) -> None:
        if event.total == 0:
            return
        if event.stage not in self._tasks:
            self._tasks[event.stage] = self._bars.add_task(_STAGES[event.stage], eta="")
        eta = "" if event.eta_seconds is None else f"{_duration(event.eta_seconds)} left"
        self._bars.update(
            self._tasks[event.stage],
            completed=event.done,
            total=event.total,
            eta="done" if event.done == event.total else eta,
        )


def _duration(seconds: float) -> str:
    from ingestion.locator import clock

    return clock(round(seconds))
