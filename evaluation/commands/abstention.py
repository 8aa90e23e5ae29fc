"""`lectern eval abstention`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatbot.commands import console
from chatbot.commands.asking import AnswererOption, ModelOption
from chatbot.commands.console import CourseOption, IndexOption
from evaluation.commands.app import OutOption, SeedOption, eval_app, write_report


@eval_app.command("abstention")
def abstention(
    questions: Annotated[
        Path,
        typer.Option(help="Questions with answers (JSON lines).", exists=True, dir_okay=False),
    ],
    unanswerable: Annotated[
        Path,
        typer.Option(help="Questions without an answer here.", exists=True, dir_okay=False),
    ],
    out: OutOption,
    index: IndexOption = None,
    fit: Annotated[
        bool,
        typer.Option("--fit", help="Calibrate on half of the documents, report on the others."),
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="First N of each file.")] = None,
    course: CourseOption = None,
    answerer: AnswererOption = None,
    model: ModelOption = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask all again, rows of an earlier run or not.")
    ] = False,
    seed: SeedOption = 0,
) -> None:
    """What the confidence is worth: AUROC, risk against coverage, calibration, and refusals.

    Documents are a question's `source` (also `article` or `document`); one without is its own.
    Beside R.json, R.rows.jsonl holds a line per question; a run that was killed goes on from it.
    """
    from chatbot.chain import open_assistant
    from evaluation.abstention.report import evaluate_abstention
    from evaluation.abstention.table import abstention_table
    from evaluation.answers import rows_path
    from evaluation.assistant_subject import AssistantSubject
    from evaluation.jsonl import sha256_of
    from evaluation.progress import progress_bar
    from evaluation.questions import load_questions, load_unanswerable

    asked = load_questions(questions, limit)
    hopeless = load_unanswerable(unanswerable, limit)
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
        report = evaluate_abstention(
            subject,
            asked,
            hopeless,
            rows=rows,
            settings=subject.settings(),
            fitted=fit,
            data={role: sha256_of(file) for role, file in files.items()},
            seed=seed,
            progress=lambda done, total: progress("questions", done, total),
        )
    write_report(out, report)
    resumed = report["counts"]["rows_resumed"]
    if resumed:
        console.err.print(f"{resumed} rows are from an earlier run (--fresh asks all again).")
    console.out.print(abstention_table(report))
    if fit:
        found, halves = report["calibrator"], report["halves"]
        weights = ", ".join(f"{name} {weight:.2f}" for name, weight in found["weights"].items())
        console.out.print(
            f"Fitted on {halves['fitted_on']} questions, reported on {halves['reported_on']} of "
            f"other documents: bias {found['bias']:.2f}, {weights}; at {found['threshold']:.2f} a "
            "tenth of the answerable questions of the first half is refused."
        )
