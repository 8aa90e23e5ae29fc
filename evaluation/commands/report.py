"""`lectern eval report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatbot.commands import console
from evaluation.commands.app import eval_app


def _html_or_markdown(out: Path) -> Path:
    if out.suffix not in (".html", ".md"):
        raise typer.BadParameter("must end in .html or .md")
    return out


@eval_app.command("report")
def report(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN.json…", help="Reports to show.", exists=True, dir_okay=False),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            help="Page to write: .html, or .md.",
            dir_okay=False,
            callback=_html_or_markdown,
        ),
    ],
    title: Annotated[str, typer.Option(help="Title of the page.")] = "Lectern evaluation",
) -> None:
    """Show runs as one page: figures with their intervals, curves, latencies, worst examples.

    The HTML file needs nothing beside it and fetches nothing.
    """
    from evaluation.report.markdown import markdown_page
    from evaluation.report.page import html_page
    from evaluation.rows import write_whole
    from evaluation.runs import load_run

    made = html_page if out.suffix == ".html" else markdown_page
    page = made([load_run(run) for run in runs], title)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, page.encode("utf-8", "replace").decode())
    console.out.print(str(out), markup=False, soft_wrap=True)
