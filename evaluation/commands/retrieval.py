"""`lectern eval retrieval`."""

from __future__ import annotations

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
    split: Annotated[str, typer.Option(help="Judgements to use: qrels/SPLIT.tsv.")] = "test",
    encoder: Annotated[str | None, typer.Option(help="Encoder, by name or folder.")] = None,
    rerank: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Cross-encoder, by name or folder.")
    ] = None,
    seed: SeedOption = 0,
) -> None:
    """nDCG@10, recall, MRR and MAP of BM25 alone, the encoder alone, and their fusion."""
    from chatbot.retrieval.rerank import CrossEncoderReranker
    from evaluation.beir import load_beir
    from evaluation.progress import progress_bar
    from evaluation.retrieval import evaluate_retrieval
    from evaluation.tables import retrieval_table
    from ingestion.encoders.factory import load_encoder
    from ingestion.settings import IngestionSettings

    settings = console.chat_settings(fusion_weight=weight)
    made = IngestionSettings.load(encoder=encoder)
    benchmark = load_beir(beir, split)
    with progress_bar() as progress:
        report = evaluate_retrieval(
            benchmark,
            load_encoder(made.encoder, made.encoder_precision),
            settings.fusion_weight,
            depth=settings.candidates,
            reranker=CrossEncoderReranker(rerank) if rerank else None,
            seed=seed,
            progress=progress,
        )
    write_report(out, report)
    console.out.print(retrieval_table(report))
