"""`lectern …`: every verb a thin call into the rooms below.

Exit codes: 0 done, 1 failed, 2 wrong usage. Results go to standard output, everything else to
standard error; with `--json` standard output holds one JSON document and nothing else.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
from typing import NoReturn

import typer

from chatbot.commands import asking, documents, running
from chatbot.commands.adapters import adapters_app
from chatbot.commands.console import err, plain
from evaluation.commands import eval_app
from finetune.commands import feedback_app, train_app

# Lectern never phones home, and neither do the libraries it uses.
os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")

app = typer.Typer(
    name="lectern",
    help="Ask your course documents; every answer cites the page it read.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for verb in (
    documents.ingest,
    documents.status,
    asking.search,
    asking.ask,
    asking.chat,
    asking.summarize,
    running.app,
    running.serve,
    running.fetch,
    running.doctor,
):
    app.command()(verb)
app.add_typer(eval_app, name="eval")
app.add_typer(train_app, name="train")
app.add_typer(adapters_app, name="adapters")
app.add_typer(feedback_app, name="feedback")


def main() -> None:
    """The console script. Turns errors with a remedy into one line and exit code 1."""
    from ingestion.errors import LecternError

    try:
        app()
    except LecternError as error:
        _fail(error.what, error.remedy)
    except PermissionError as error:
        _fail(f"{error.filename or 'A file'}: {error.strerror}.", "Check its permissions.")
    except Exception as error:
        # It may happen wherever a file is written, and is nobody's mistake.
        if not _tells_of_a_full_disk(error):
            raise
        _fail(f"The disk is full ({error}).", "Free some space and give the same command again.")


def _tells_of_a_full_disk(error: Exception) -> bool:
    """safetensors makes an error of its own of it, and only its text has the number."""
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
        return True
    full = (errno.ENOSPC, errno.EDQUOT)
    said = str(error) if type(error).__name__ == "SafetensorError" else ""
    return getattr(error, "errno", 0) in full or any(f"(os error {one})" in said for one in full)


def _fail(what: str, remedy: str) -> NoReturn:
    err.print(f"[red]Error:[/] {plain(what)}", soft_wrap=True)
    if remedy:
        err.print(remedy, soft_wrap=True, markup=False)
    sys.exit(1)
