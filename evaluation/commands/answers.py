"""`lectern eval answers`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatbot.commands import console
from chatbot.commands.asking import AnswererOption, ModelOption
from chatbot.commands.console import CourseOption, IndexOption
from evaluation.commands.app import OutOption, SeedOption, eval_app, write_report


@eval_app.command("answers")
def answers(
    questions: Annotated[
        Path,
        typer.Option(help="Questions with answers (JSON lines).", exists=True, dir_okay=False),
    ],
    out: OutOption,
    index: IndexOption = None,
    unanswerable: Annotated[
        Path | None,
        typer.Option(help="Questions without an answer here.", exists=True, dir_okay=False),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="First N of each file.")] = None,
    course: CourseOption = None,
    answerer: AnswererOption = None,
    model: ModelOption = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask all again, rows of an earlier run or not.")
    ] = False,
    seed: SeedOption = 0,
) -> None:
    """Answer every question and report EM, F1, recall, evidence, abstention, CRAG and latency.

    And whether citations hold the answer and point to the right place, and the share of an answer's
    sentences that the cited passages support; all of it by kind of question, format and course.
    Beside R.json, R.rows.jsonl holds a line per question; a run that was killed goes on from it.
    """
    from chatbot.chain import open_assistant
    from evaluation.answers import evaluate_answers, rows_path
    from evaluation.assistant_subject import AssistantSubject
    from evaluation.jsonl import sha256_of
    from evaluation.progress import progress_bar
    from evaluation.questions import load_both
    from evaluation.tables import answers_table, groups_table

    asked, hopeless = load_both(questions, unanswerable, limit)
    assistant = open_assistant(
        settings=console.chat_settings(index, answerer=answerer, model=model)
    )
    options = assistant.default_options().model_copy(update={"course": course})
    subject = AssistantSubject(assistant, options)
    rows = rows_path(out)
    files = {"questions": questions, "unanswerable": unanswerable}
    if fresh:
        rows.unlink(missing_ok=True)
    with progress_bar() as progress:
        report = evaluate_answers(
            subject,
            asked,
            hopeless,
            rows=rows,
            files=subject.files(),
            settings=subject.settings(),
            data={role: sha256_of(file) for role, file in files.items() if file},
            encoder=assistant.index.encoder,
            seed=seed,
            progress=lambda done, total: progress("questions", done, total),
        )
    write_report(out, report)
    resumed = report["counts"]["rows_resumed"]
    if resumed:
        console.err.print(f"{resumed} rows are from an earlier run (--fresh asks all again).")
    if report["sources_not_found"]:
        missing = ", ".join(report["sources_not_found"])
        console.tell(f"No single file of the index goes by these sources: {missing}")
    console.out.print(answers_table(report))
    if report["groups"]:
        console.out.print(groups_table(report))
