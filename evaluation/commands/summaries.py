"""`lectern eval summaries`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from chatbot.commands import console
from chatbot.commands.asking import AnswererOption, ModelOption
from evaluation.commands.app import OutOption, SeedOption, eval_app, write_report

if TYPE_CHECKING:
    from evaluation.summaries.example import SummarySet
    from ingestion.encoders.base import Encoder

SetName = Literal["dialogsum", "samsum", "qmsum", "documents"]


@eval_app.command("summaries")
def summaries(
    out: OutOption,
    data_set: Annotated[SetName | None, typer.Option("--set", help="Which data set.")] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Folder of that data set.", exists=True, file_okay=False),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="Texts of one's own (JSON lines).", exists=True),
    ] = None,
    key_points: Annotated[
        Path | None,
        typer.Option("--key-points", help="Key points, for --set documents.", exists=True),
    ] = None,
    split: Annotated[str, typer.Option(help="Split of the data set.")] = "test",
    answerer: AnswererOption = None,
    model: ModelOption = None,
    adapter: Annotated[str | None, typer.Option(help="LoRA adapter, by name.")] = None,
    as_written: Annotated[
        bool, typer.Option("--as-written", help="Keep what the generator wrote unsupported.")
    ] = False,
    max_words: Annotated[
        int | None, typer.Option(min=1, help="Longest summary (default: the data set's).")
    ] = None,
    baselines: Annotated[
        bool, typer.Option("--baselines", help="Lead sentences and one constant sentence too.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="First N texts.")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Summarize all again, rows of an earlier run or not.")
    ] = False,
    seed: SeedOption = 0,
) -> None:
    """ROUGE, length, copying and covered key points of summaries, beside trivial ones.

    Beside R.json, R.rows.jsonl holds a line per text; a run that was killed goes on from it.
    """
    from chatbot.answerers import Answerers
    from chatbot.options import AskOptions
    from evaluation.answers import rows_path
    from evaluation.generator import generator_settings
    from evaluation.progress import progress_bar
    from evaluation.provenance import sources_hash
    from evaluation.summaries.evaluate import evaluate_summaries
    from evaluation.summaries.key_points import KeyPointCover
    from evaluation.summaries.summarizer import GENERATED_WORDS, Summarizer
    from evaluation.summaries.table import summaries_table
    from ingestion.encoders.factory import load_encoder
    from ingestion.settings import IngestionSettings

    made = IngestionSettings.load()
    encoder = load_encoder(made.encoder, made.encoder_precision)
    measured = _load(data_set, data, file, key_points, split, encoder).first(limit)
    settings = console.chat_settings(answerer=answerer, model=model, adapter=adapter)
    chosen = Answerers(settings, encoder).choose(AskOptions.model_validate({}))
    if chosen.notice:
        console.err.print(chosen.notice, style="yellow", markup=False)
    summarizer = Summarizer(
        chosen.engine,
        encoder,
        max_words or (GENERATED_WORDS if chosen.engine else measured.max_words),
        turns=measured.turns,
        as_written=as_written,
    )
    rows = rows_path(out)
    if fresh:
        rows.unlink(missing_ok=True)
    with progress_bar() as progress:
        report = evaluate_summaries(
            measured,
            summarizer,
            rows=rows,
            settings={
                "code": sources_hash("ingestion", "chatbot"),
                **summarizer.settings(),
                **(generator_settings(settings) if chosen.engine else {}),
            },
            cover=KeyPointCover(encoder),
            with_baselines=baselines,
            seed=seed,
            progress=progress,
        )
    write_report(out, report)
    resumed = report["counts"]["rows_resumed"]
    if resumed:
        console.err.print(f"{resumed} rows are from an earlier run (--fresh summarizes again).")
    console.out.print(summaries_table(report))


def _load(
    name: SetName | None,
    data: Path | None,
    file: Path | None,
    key_points: Path | None,
    split: str,
    encoder: Encoder,
) -> SummarySet:
    from evaluation.summaries import documents, own_file
    from evaluation.summaries.sets import load_dialogues

    if (name is None) == (file is None):
        raise typer.BadParameter("give either --set or --file")
    if file is not None:
        return own_file.load(file)
    if data is None:
        raise typer.BadParameter("--set needs --data, the data set's folder")
    if name != "documents":
        return load_dialogues(str(name), data, split)
    if key_points is None:
        raise typer.BadParameter("--set documents needs --key-points, a file or folder of them")
    return documents.load(data, key_points, encoder)
