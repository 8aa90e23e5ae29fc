"""`lectern search`, `ask`, `chat` and `summarize`."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from chatbot.commands.console import (
    CourseOption,
    IndexOption,
    JsonOption,
    chat_settings,
    err,
    out,
    plain,
    print_json,
    tell,
    utf8,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatbot.answering import Answer, Citation, Turn
    from chatbot.chain import Assistant
    from chatbot.options import AskOptions

AnswererName = Literal["auto", "generative", "extractive"]


def _not_empty(text: str) -> str:
    if not text.strip():
        raise typer.BadParameter("is empty")
    utf8(text)
    return text


def _shots(number: int) -> int:
    if number not in (0, 1, 3):
        raise typer.BadParameter("must be 0, 1 or 3")
    return number


QuestionArgument = Annotated[str, typer.Argument(metavar="QUESTION", callback=_not_empty)]
KOption = Annotated[int | None, typer.Option("--k", min=1, max=50, help="Passages to retrieve.")]
FileOption = Annotated[
    str | None, typer.Option("--file", help="Only this document.", callback=utf8)
]
FormatOption = Annotated[
    str | None, typer.Option("--format", help="Only documents of this format.", callback=utf8)
]
AnswererOption = Annotated[
    AnswererName | None, typer.Option("--answerer", help="Who answers (default: auto).")
]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="Generator: hub name, lectern-t5-mini or folder.")
]
ShotsOption = Annotated[
    int, typer.Option("--shots", help="Examples in the prompt: 0, 1 or 3.", callback=_shots)
]
ThoughtOption = Annotated[
    bool, typer.Option("--chain-of-thought", help="Have the generator reason before it answers.")
]


def search(
    query: QuestionArgument,
    index: IndexOption = None,
    k: KOption = None,
    course: CourseOption = None,
    file: FileOption = None,
    format: FormatOption = None,
    json: JsonOption = False,
) -> None:
    """Find the passages nearest to a query, without answering it."""
    from chatbot.answering import locator_json

    assistant = _assistant(index)
    passages = assistant.retriever.search(
        query,
        k or assistant.settings.passages,
        course=course,
        file=file,
        format=format,
        neighbours=assistant.settings.neighbours,
    )
    if json:
        print_json(
            [
                {
                    "file": p.file,
                    "course": p.course,
                    "locator": locator_json(p.locator),
                    "title": p.title,
                    "headings": list(p.headings),
                    "text": p.text,
                    "score": round(p.score, 4),
                    "scores": {name: round(score, 4) for name, score in p.scores.items()},
                }
                for p in passages
            ]
        )
        return
    for number, passage in enumerate(passages, start=1):
        place = f"{passage.course}/{passage.file}, {passage.locator.label}"
        out.print(f"[bold]{number}. {plain(place)}[/]  {passage.score:.2f}")
        out.print(plain(passage.text), style="dim")
        out.print()


def ask(
    question: QuestionArgument,
    index: IndexOption = None,
    k: KOption = None,
    course: CourseOption = None,
    file: FileOption = None,
    format: FormatOption = None,
    answerer: AnswererOption = None,
    model: ModelOption = None,
    shots: ShotsOption = 0,
    chain_of_thought: ThoughtOption = False,
    json: JsonOption = False,
) -> None:
    """Answer a question from the documents, with citations."""
    assistant = _assistant(index, model=model)
    options = _options(
        assistant, k, course, file, format, answerer, shots=shots, chain_of_thought=chain_of_thought
    )
    if json:
        print_json(assistant.ask(question, options=options).as_json())
        return
    _say(assistant, question, (), options)


def chat(
    index: IndexOption = None,
    course: CourseOption = None,
    answerer: AnswererOption = None,
    model: ModelOption = None,
) -> None:
    """Talk with the documents in the terminal; an empty line or Ctrl-D ends it."""
    from ingestion.errors import LecternError

    assistant = _assistant(index, model=model)
    options = _options(assistant, None, course, None, None, answerer)
    history: list[Turn] = []
    told = ""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # a byte that is no text ends no conversation
    out.print("Ask about your course. An empty line ends the conversation.")
    while True:
        try:
            question = out.input("[bold]> [/]").strip()
        except (EOFError, KeyboardInterrupt):
            question = ""
        if not question:
            return
        try:
            answer = _say(assistant, question, history, options, told)
        except LecternError as error:  # this question's, and no reason to lose the conversation
            tell(f"Error: {error}")
            continue
        told = answer.notice
        history.append((question, answer.text))


def summarize(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A document in the index.")],
    section: Annotated[
        str | None, typer.Option("--section", help="Only under headings that contain this.")
    ] = None,
    index: IndexOption = None,
    course: CourseOption = None,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """Summarize a document, or a section of it, with citations."""
    assistant = _assistant(index, model=model)
    summary = assistant.summarize(file, section, course)
    if json:
        print_json(summary.as_json())
        return
    if summary.notice:
        err.print(summary.notice, style="yellow", markup=False)
    out.print(plain(summary.text))
    out.print()
    _print_citations(summary.citations)


def _assistant(index: Any, **overrides: Any) -> Assistant:
    from chatbot.chain import open_assistant

    return open_assistant(settings=chat_settings(index, **overrides))


def _options(
    assistant: Assistant,
    k: int | None,
    course: str | None,
    file: str | None,
    format: str | None,
    answerer: AnswererName | None,
    **style: Any,
) -> AskOptions:
    changes = {"k": k, "course": course, "file": file, "format": format, "answerer": answerer}
    given = {name: value for name, value in changes.items() if value is not None}
    return assistant.default_options().model_copy(update={**given, **style})


def _say(
    assistant: Assistant,
    question: str,
    history: Sequence[Turn],
    options: AskOptions,
    told: str = "",
) -> Answer:
    """Stream an answer to the terminal; returns it. The notice `told` before is not repeated."""
    from chatbot.answering import Answer, TextDelta

    streamed = set()
    for item in assistant.stream(question, history, options):
        if isinstance(item, TextDelta):
            style = "dim" if item.part == "reasoning" else "bold" if item.marked else None
            out.print(plain(item.text), end="", style=style, soft_wrap=True)
            streamed.add(item.part)
    assert isinstance(item, Answer)
    if streamed:
        out.print()
    if item.notice and item.notice != told:
        err.print(item.notice, style="yellow", markup=False)
    if item.abstained:
        if "answer" in streamed:
            err.print("The passages do not bear that out: it is withdrawn.", style="yellow")
        places = " The nearest places are:" if item.nearest else ""
        out.print(f"The course documents do not say.{places}")
        _print_citations(item.nearest)
    else:
        out.print()
        _print_citations(item.citations)
    return item


def _print_citations(citations: Sequence[Citation]) -> None:
    for citation in citations:
        place = f"{citation.file}, {citation.locator.label}"
        out.print(f"[bold]\\[{citation.number}][/] {plain(place)}")
        out.print(f"    “{plain(citation.sentence)}”", style="dim")
