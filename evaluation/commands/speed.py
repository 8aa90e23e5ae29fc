"""`lectern eval speed`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatbot.commands import console
from chatbot.commands.asking import ModelOption
from chatbot.commands.console import CourseOption, IndexOption
from evaluation.commands.app import OutOption, SeedOption, eval_app, write_report


@eval_app.command("speed")
def speed(
    questions: Annotated[
        Path, typer.Option(help="Questions to ask (JSON lines).", exists=True, dir_okay=False)
    ],
    out: OutOption,
    index: IndexOption = None,
    model: ModelOption = None,
    course: CourseOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="First N questions.")] = None,
    warm_up: Annotated[int, typer.Option(min=0, help="Answers before the clock runs.")] = 3,
    cold: Annotated[int, typer.Option(min=0, help="Fresh processes for the cold start.")] = 3,
    seed: SeedOption = 0,
) -> None:
    """Time every stage of an answer, the cold start, tokens a second and memory.

    The extractive answerer always; the generative one where --model names a generator. A run that
    was killed goes on; one that came to its end is measured anew.
    """
    import os

    from chatbot.chain import open_assistant
    from evaluation.answers import rows_path
    from evaluation.cold_start import cold_starts
    from evaluation.jsonl import sha256_of
    from evaluation.peak_memory import peak_memory_mb
    from evaluation.progress import progress_bar
    from evaluation.questions import load_unanswerable
    from evaluation.rows import write_rows
    from evaluation.speed import finished_rows, speed_report, time_answers, unfinished_path
    from evaluation.speed_table import speed_tables
    from ingestion.errors import LecternError

    load_before = os.getloadavg()
    asked = load_unanswerable(questions, limit)
    if not asked:
        raise LecternError(f"{questions} holds no questions.", "Give a file with some.")
    settings = console.chat_settings(index, **({"model": model} if model else {}))
    assistant = open_assistant(settings=settings)
    options = assistant.default_options().model_copy(update={"course": course})
    # The extractive one first: what the generator takes is not in its peak memory.
    answerers = ("extractive", "generative") if model else ("extractive",)
    place = ["--index", str(settings.index), *(["--course", course] if course else [])]
    generator = ["--model", model] if model else []
    timed, peaks, cold_runs, under = {}, {}, {}, {}
    with progress_bar() as progress:
        for number, name in enumerate(answerers):
            progress("cold starts", number, len(answerers))
            arguments = [*place, "--answerer", name, *generator]
            cold_runs[name] = cold_starts(asked[0].question, arguments, cold) if cold else []
            progress("cold starts", number + 1, len(answerers))
        for name in answerers:
            timed[name], under[name] = time_answers(
                assistant,
                options.model_copy(update={"answerer": name}),
                asked,
                rows=unfinished_path(out, name),
                warm_up=warm_up,
                progress=progress,
            )
            peaks[name] = peak_memory_mb()
    report = speed_report(
        timed,
        under | {"warm_up": warm_up, "limit": limit},
        cold=cold_runs,
        peaks=peaks,
        load_before=load_before,
        data={"questions": sha256_of(questions)},
        seed=seed,
    )
    write_report(out, report)
    write_rows(rows_path(out), finished_rows(timed))
    for name in answerers:
        unfinished_path(out, name).unlink()
    for table in speed_tables(report):
        console.out.print(table)
