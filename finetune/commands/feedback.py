"""`lectern feedback export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot.commands import console

if TYPE_CHECKING:
    from finetune.feedback.exporting import Exported

feedback_app = typer.Typer(help="What learners said about answers.", no_args_is_help=True)

ConversationsOption = Annotated[
    Path | None,
    typer.Option(
        "--conversations", metavar="DB", help="Database of chats (default: the settings' own)."
    ),
]
EnoughOption = Annotated[
    int, typer.Option("--at-least", min=1, help="Comparisons that training needs.")
]


@feedback_app.callback()
def feedback() -> None:
    """What learners said about answers."""


@feedback_app.command("export")
def export(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the files.", file_okay=False)
    ],
    conversations: ConversationsOption = None,
    model: Annotated[
        str | None,
        typer.Option(help="Generator whose prompts answers picked from documents are given."),
    ] = None,
    at_least: EnoughOption = 100,
) -> None:
    """Write shared feedback as pairs and labels to train on, under pseudonyms.

    pairs.jsonl: corrections above the answers they correct, liked answers above disliked ones to
    the same question. labels.jsonl: single thumbs. Only feedback that its owner shares is in them.
    """
    from finetune.feedback.exporting import export as write
    from finetune.feedback.exporting import prompter

    known = console.chat_settings()
    prompts = prompter(model, window=known.window, device=known.device) if model else None
    made = write(conversations or known.conversations, out, enough=at_least, prompter=prompts)
    tell(made, at_least)


def tell(made: Exported, at_least: int) -> None:
    """What is in the files, what is not, and what is missing for training."""
    console.out.print(
        f"{made.judgements} judgements of {made.learners} learners on {made.questions} questions: "
        f"{made.pairs} pairs ({made.corrections} corrections), {made.labels} labels "
        f"({made.liked} liked)."
    )
    console.err.print(f"{made.withheld} more are not shared, and are not in the files.")
    for why, count in made.left_out.items():
        console.tell(f"{count} left out: {why}.")
    if made.missing:
        console.err.print(
            f"{made.missing} comparisons are missing of the {at_least} that training needs: a "
            "correction makes one, and so do a thumb up and a thumb down for one question."
        )
