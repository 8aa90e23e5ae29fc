"""`lectern eval …`: the offline benchmarks from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from chatbot.commands import console
from chatbot.commands.asking import AnswererOption
from chatbot.commands.console import CourseOption, IndexOption

eval_app = typer.Typer(
    help="Measure answers and retrieval offline, without keys or network.", no_args_is_help=True
)

_Out = Annotated[Path, typer.Option("--out", help="Report to write (JSON).", dir_okay=False)]
_Seed = Annotated[int, typer.Option(help="Seed of the bootstrap intervals.")]


@eval_app.command("answers")
def answers(
    questions: Annotated[
        Path,
        typer.Option(help="Questions with answers (JSON lines).", exists=True, dir_okay=False),
    ],
    out: _Out,
    index: IndexOption = None,
    unanswerable: Annotated[
        Path | None,
        typer.Option(help="Questions without an answer here.", exists=True, dir_okay=False),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="First N of each file.")] = None,
    course: CourseOption = None,
    answerer: AnswererOption = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask all again, rows of an earlier run or not.")
    ] = False,
    seed: _Seed = 0,
) -> None:
    """Answer every question and report EM, F1, recall, evidence, abstention, CRAG and latency.

    Beside R.json, R.rows.jsonl holds a line per question; a run that was killed goes on from it.
    """
    from chatbot.chain import open_assistant
    from evaluation.answers import evaluate_answers, rows_path
    from evaluation.assistant_subject import AssistantSubject
    from evaluation.jsonl import sha256_of
    from evaluation.progress import progress_bar
    from evaluation.questions import load_questions, load_unanswerable
    from evaluation.tables import answers_table

    asked = load_questions(questions, limit)
    hopeless = load_unanswerable(unanswerable, limit) if unanswerable else []
    assistant = open_assistant(settings=console.chat_settings(index, answerer=answerer))
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
            seed=seed,
            progress=lambda done, total: progress("questions", done, total),
        )
    _write(out, report)
    resumed = report["counts"]["rows_resumed"]
    if resumed:
        console.err.print(f"{resumed} rows are from an earlier run (--fresh asks all again).")
    if report["sources_not_found"]:
        missing = ", ".join(report["sources_not_found"])
        console.err.print(f"No single file of the index goes by these sources: {missing}")
    console.out.print(answers_table(report))


@eval_app.command("retrieval")
def retrieval(
    beir: Annotated[
        Path, typer.Option(help="Benchmark folder in BEIR form.", exists=True, file_okay=False)
    ],
    out: _Out,
    weight: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of the dense leg in the fusion.")
    ] = None,
    split: Annotated[str, typer.Option(help="Judgements to use: qrels/SPLIT.tsv.")] = "test",
    encoder: Annotated[str | None, typer.Option(help="Encoder, by name or folder.")] = None,
    rerank: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Cross-encoder, by name or folder.")
    ] = None,
    seed: _Seed = 0,
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
    _write(out, report)
    console.out.print(retrieval_table(report))


def _write(out: Path, report: object) -> None:
    from evaluation.rows import write_whole

    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
