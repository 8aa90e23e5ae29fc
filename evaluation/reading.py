"""Reading on its own: SQuAD 2's answerable questions with their paragraph, no retrieval."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.bootstrap import interval
from evaluation.jsonl import read_lines
from evaluation.normalize import exact_match, token_f1
from evaluation.provenance import provenance
from ingestion.errors import LecternError


@dataclass(frozen=True, slots=True)
class ReadingQuestion:
    """A question, the paragraph that answers it, and the gold answers."""

    id: str
    article: str
    question: str
    paragraph: str
    answers: tuple[str, ...]


def load_squad(path: Path) -> list[ReadingQuestion]:
    """The answerable questions of a SQuAD 2.0 file (plain or gzipped), in file order.

    Raises `LecternError` when the file is missing or not in SQuAD's form.
    """
    content = "\n".join(line for _, line in read_lines(path))
    try:
        return [
            ReadingQuestion(
                id=asked["id"],
                article=article["title"],
                question=asked["question"].strip(),
                paragraph=paragraph["context"],
                answers=tuple(answer["text"] for answer in asked["answers"]),
            )
            for article in json.loads(content)["data"]
            for paragraph in article["paragraphs"]
            for asked in paragraph["qas"]
            if not asked.get("is_impossible", False)
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise LecternError(
            f"{path} is not a SQuAD file ({error!r}).", "Give dev-v2.0.json, plain or gzipped."
        ) from error


def evaluate_reading(
    read: Callable[[str, str], str],
    questions: Sequence[ReadingQuestion],
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """EM and token F1 of `read(question, paragraph)`, with intervals that resample articles."""
    exact, f1, words = [], [], []
    for number, asked in enumerate(questions, start=1):
        answer = read(asked.question, asked.paragraph)
        exact.append(exact_match(answer, asked.answers))
        f1.append(token_f1(answer, asked.answers))
        words.append(float(len(answer.split())))
        if progress:
            progress(number, len(questions))
    articles = [asked.article for asked in questions]
    figures = {
        name: interval(values, clusters=articles, seed=seed)
        for name, values in (("em", exact), ("f1", f1), ("answer_words", words))
    }
    return {
        "figures": {name: found.as_json() for name, found in figures.items() if found},
        "counts": {"questions": len(questions)},
        "seed": seed,
        **provenance(),
    }
