"""`lectern eval retrieval`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from chatbot.commands import console
from evaluation.commands.app import OutOption, SeedOption, eval_app, write_report


@eval_app.command("retrieval")
def retrieval(
    beir: Annotated[
        Path, typer.Option(help="Benchmark folder in BEIR form.", exists=True, file_okay=False)
    ],
    out: OutOption,
    weight: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of the dense leg in the fusion.")
    ] = None,
    fit_weight: Annotated[
        str | None,
        typer.Option(metavar="SPLIT", help="Fit that share on the judgements qrels/SPLIT.tsv."),
    ] = None,
    split: Annotated[str, typer.Option(help="Judgements to report on: qrels/SPLIT.tsv.")] = "test",
    encoder: Annotated[str | None, typer.Option(help="Encoder, by name or folder.")] = None,
    rerank: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Cross-encoder, by name or folder.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="First N queries; all documents stay.")
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(help="Folder that keeps the vectors for other runs.", file_okay=False),
    ] = None,
    seed: SeedOption = 0,
) -> None:
    """nDCG@10, recall, MRR and MAP of BM25 alone, the encoder alone, and their fusion.

    Beside R.json, R.rows.jsonl holds a line per query: its measures and first documents in every
    leg. A run that was killed goes on. A fusion weight is never fitted on the split that is
    reported.
    """
    if fit_weight is not None and fit_weight == split:
        raise typer.BadParameter(
            f"{split!r} is the split that is reported; fit on another one, or report another one "
            "with --split.",
            param_hint="--fit-weight",
        )
    if fit_weight is not None and weight is not None:
        raise typer.BadParameter("give one of --weight and --fit-weight", param_hint="--weight")

    from chatbot.retrieval.rerank import CrossEncoderReranker
    from evaluation.answers import rows_path
    from evaluation.beir import load_beir
    from evaluation.kept_rankings import KeepingReranker
    from evaluation.kept_vectors import KeepingEncoder
    from evaluation.progress import progress_bar
    from evaluation.retrieval import evaluate_retrieval
    from evaluation.retrieval_tables import retrieval_tables
    from evaluation.rows import write_rows
    from ingestion.encoders.factory import load_encoder
    from ingestion.settings import IngestionSettings

    settings = console.chat_settings(fusion_weight=weight)
    made = IngestionSettings.load(encoder=encoder)
    benchmark = load_beir(beir, split).first(limit)
    development = load_beir(beir, fit_weight) if fit_weight else None
    loaded = load_encoder(made.encoder, made.encoder_precision)
    kept = work or out.with_suffix(".unfinished")
    with progress_bar() as progress:
        report, rows = evaluate_retrieval(
            benchmark,
            KeepingEncoder(loaded, kept, made.encoder_precision),
            settings.fusion_weight,
            fit_on=development,
            depth=settings.candidates,
            reranker=KeepingReranker(CrossEncoderReranker(rerank), rerank, kept)
            if rerank
            else None,
            reranker_name=rerank or "",
            seed=seed,
            progress=progress,
        )
    report["settings"] |= {"split": split, "fit_on": fit_weight or "", "limit": limit}
    write_report(out, report)
    write_rows(rows_path(out), rows)
    if kept != work:
        shutil.rmtree(kept)
    for table in retrieval_tables(report):
        console.out.print(table)
