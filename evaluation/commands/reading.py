"""`lectern eval reading`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatbot.commands import console
from chatbot.commands.asking import AnswererOption, ModelOption
from evaluation.commands.app import OutOption, eval_app, write_report
from evaluation.reading import FormName


@eval_app.command("reading")
def reading(
    data: Annotated[
        Path,
        typer.Option(help="Questions with their paragraphs.", exists=True, dir_okay=False),
    ],
    form: Annotated[FormName, typer.Option(help="What the file is: its data set's own form.")],
    out: OutOption,
    answerer: AnswererOption = None,
    model: ModelOption = None,
    impossible: Annotated[
        bool, typer.Option("--impossible", help="SQuAD 2's questions without an answer, too.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="N questions drawn by --seed.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the sample and the intervals.")] = 0,
    encoder: Annotated[str | None, typer.Option(help="Encoder, by name or folder.")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Read all again, rows of an earlier run or not.")
    ] = False,
) -> None:
    """EM, F1 and ROUGE-L of answers to questions whose paragraph is given: nothing is retrieved.

    Beside R.json, R.rows.jsonl holds a line per question; a run that was killed goes on from it.
    """
    from chatbot.answerers import Answerers
    from chatbot.options import AskOptions
    from evaluation.answers import rows_path
    from evaluation.generator import generator_settings
    from evaluation.jsonl import sha256_of
    from evaluation.progress import progress_bar
    from evaluation.provenance import sources_hash
    from evaluation.reading.forms import load_examples
    from evaluation.reading.reader import ParagraphReader
    from evaluation.reading.run import evaluate_reading, sample
    from evaluation.reading.table import reading_table
    from ingestion.encoders.factory import load_encoder
    from ingestion.errors import LecternError
    from ingestion.settings import IngestionSettings

    examples = [e for e in load_examples(form, data) if e.answers or impossible]
    if not examples:
        raise LecternError(
            f"{data} has no question to ask.", "SQuAD 2's unanswerable ones need --impossible."
        )
    settings = console.chat_settings(answerer=answerer, model=model)
    made = IngestionSettings.load(encoder=encoder)
    by = load_encoder(made.encoder, made.encoder_precision)
    chosen = Answerers(settings, by).choose(AskOptions.model_validate({}))
    if chosen.notice:
        console.err.print(chosen.notice, style="yellow", markup=False)
    reader = ParagraphReader(chosen, by, settings.abstain_below)
    rows = rows_path(out)
    if fresh:
        rows.unlink(missing_ok=True)
    with progress_bar() as progress:
        report = evaluate_reading(
            reader,
            sample(examples, limit, seed),
            rows=rows,
            settings={
                "code": sources_hash("ingestion", "chatbot"),
                "form": form,
                "answerer": reader.name,
                "reader": chosen.reader,
                "encoder": by.signature,
                "chatbot": settings.model_dump(mode="json"),
                **(generator_settings(settings) if chosen.engine else {}),
            },
            data={data.name: sha256_of(data)},
            seed=seed,
            progress=lambda done, total: progress("questions", done, total),
        )
    report["settings"] |= {"impossible": impossible, "limit": limit}
    write_report(out, report)
    resumed = report["counts"]["rows_resumed"]
    if resumed:
        console.err.print(f"{resumed} rows are from an earlier run (--fresh reads all again).")
    for note in report["notes"]:
        console.err.print(note, style="yellow", markup=False)
    console.out.print(reading_table(report))
