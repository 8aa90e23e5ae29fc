"""The reader: SQuAD 2 dev, which it never saw, and the course questions beside the sentence picker.

On SQuAD 2 dev the paragraph is given. F1 and exact match are those of the best span, forced, over
the answerable questions; the AUROC tells these from the impossible ones by the span's log-odds
against silence, and by a logistic regression over it and what retrieval says of question and
paragraph (share of the question's words, cosine, BM25), fitted on the eight articles that the
confidence was fitted on and judged on the other eight.

On the course questions (100, and the 15 further follow-ups) the same passages are answered from
with the reader and without it: the sentences that learners are shown, and the words marked in them.
As spoken, silence below the threshold counts as 0; forced, every question is answered. Paired
bootstrap, by file. The time to the first word is that of one thread. About fifteen minutes:

    python -m benchmarks.reader --data ../shared/data --index build/bench/courses --rows build \\
        --out docs/results
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from benchmarks.course_answers import ANSWERABLE, FOLDER
from benchmarks.record import Figure, data_argument, out_argument, record
from benchmarks.squad_asks import FILE, halves
from chatbot.answering import Answer
from chatbot.chain import Assistant
from chatbot.reading.span_reader import SpanReader, load_reader
from chatbot.settings import ChatSettings
from evaluation.abstention.calibration import fit
from evaluation.abstention.intervals import Outcomes, measured
from evaluation.abstention.measures import Bools, Floats, auroc
from evaluation.answer_measures import is_right
from evaluation.bootstrap import compare, interval
from evaluation.jsonl import sha256_of
from evaluation.legs import Progress
from evaluation.normalize import exact_match, token_f1
from evaluation.progress import progress_bar
from evaluation.questions import Question, load_questions
from evaluation.reading.example import ReadingExample
from evaluation.reading.squad import load_squad
from evaluation.rows import write_rows
from ingestion.encoders.base import Encoder
from ingestion.encoders.factory import load_encoder
from ingestion.index import Index
from ingestion.lexical import LexicalIndex

Each = TypeVar("Each")

FOLLOWUPS = FOLDER / "followups.jsonl"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--index", type=Path, required=True, help="index of the three courses")
    parser.add_argument("--rows", type=Path, required=True, help="folder for the rows")
    parser.add_argument("--limit", type=int, help="N questions of each, drawn with a seed")
    asked = parser.parse_args()

    torch.set_num_threads(1)
    encoder = load_encoder()
    reader = load_reader(ChatSettings.load().reader)
    examples = load_squad(asked.data / FILE)
    with progress_bar() as progress:
        read = read_squad_dev(reader, encoder, _drawn(examples, asked.limit), progress)
        index = Index(asked.index, encoder=encoder)
        told = course_answers(index, _drawn(_questions(), asked.limit), progress)
        index.close()
    asked.rows.mkdir(parents=True, exist_ok=True)
    write_rows(asked.rows / "reader_courses.rows.jsonl", [answered.row for answered in told])
    record(
        asked.out,
        "reader",
        {**squad_figures(read, asked.data), **course_figures(told)},
        reader=reader.signature,
        questions={"squad": len(read), "courses": len(told)},
        data={FILE.name: sha256_of(asked.data / FILE)},
        threads=torch.get_num_threads(),
    )


@dataclass(frozen=True, slots=True)
class Read:
    """A question of SQuAD: the span said if one must be, and the signals whether to say it."""

    example: ReadingExample
    said: str
    signals: tuple[float, ...]


def read_squad_dev(
    reader: SpanReader, encoder: Encoder, examples: Sequence[ReadingExample], progress: Progress
) -> list[Read]:
    found = []
    for done, example in enumerate(examples, start=1):
        (span,) = reader.read(example.question, [example.paragraph])
        assert span is not None, "no paragraph is empty"
        asked, held = encoder.encode([example.question, example.paragraph])
        words = LexicalIndex.build([0], [example.paragraph])
        signals = (
            span.score,
            words.coverage(example.question, [0])[0],
            float(asked @ held),
            float(np.log1p(words.scores(example.question)[0])),
        )
        found.append(Read(example, example.paragraph[span.start : span.end], signals))
        progress("squad", done, len(examples))
    return found


def squad_figures(read: Sequence[Read], data: Path) -> dict[str, Figure]:
    answered = [one for one in read if one.example.answers]
    documents = [one.example.document for one in answered]
    figures = {}
    for name, measure in (("f1", token_f1), ("em", exact_match)):
        values = [measure(one.said, one.example.answers) for one in answered]
        figures[f"squad_{name}"] = _mean(values, documents)
    answerable = np.array([bool(one.example.answers) for one in read])
    signals = np.array([one.signals for one in read])
    titles = [one.example.document for one in read]
    figures["squad_auroc"] = _auroc(signals[:, 0], answerable, titles)
    practice = np.isin(titles, [article.title for article in halves(data)["fit"]])
    calibrator = fit(signals[practice], answerable[practice])
    held = [title for title, inside in zip(titles, practice, strict=True) if not inside]
    for name, judged in (("span", signals[:, 0]), ("fitted", calibrator(signals))):
        figures[f"squad_held_auroc_{name}"] = _auroc(judged[~practice], answerable[~practice], held)
    return figures


@dataclass(frozen=True, slots=True)
class Answered:
    """A course question as answered with the reader and by the picker, each without a threshold."""

    question: Question
    reader: Answer
    picker: Answer

    @property
    def row(self) -> dict[str, object]:
        said = {"reader": self.reader, "picker": self.picker}
        return {
            "id": self.question.id,
            "question": self.reader.question,
            "gold": list(self.question.answers),
            **{name: {**a.as_json(), "span": a.span} for name, a in said.items()},
        }


def course_answers(
    index: Index, questions: Sequence[Question], progress: Progress
) -> list[Answered]:
    found = []
    # `extractive` with a reader and without; nothing is withheld, so that both can be judged.
    with_reader = Assistant(index, ChatSettings.load(answerer="extractive", abstain_below=0))
    without = Assistant(index, ChatSettings.load(answerer="extractive", abstain_below=0, reader=""))
    for done, question in enumerate(questions, start=1):
        both = [a.ask(question.question, question.history) for a in (with_reader, without)]
        found.append(Answered(question, *both))
        progress("courses", done, len(questions))
    return found


def course_figures(answered: Sequence[Answered]) -> dict[str, Figure]:
    threshold = ChatSettings.load().abstain_below
    files = [f"{one.question.course}/{one.question.source[0]}" for one in answered]
    figures: dict[str, Figure] = {}
    for way, least in (("spoken", threshold), ("forced", 0.0)):
        for measure in ("span_f1", "f1", "right"):
            values = {
                name: [
                    _judged(measure, getattr(one, name), one.question, least) for one in answered
                ]
                for name in ("reader", "picker")
            }
            for name, each in values.items():
                figures[f"courses_{way}_{measure}_{name}"] = _mean(each, files)
            paired = compare(values["reader"], values["picker"], clusters=files)
            key = f"courses_{way}_{measure}"
            figures[f"{key}_difference"] = dict(paired.difference.as_json())
            figures[f"{key}_p"] = {"value": paired.p}
    # The first answer loads the models.
    for name in ("reader", "picker"):
        timings = [getattr(one, name).timings for one in answered[1:]]
        seconds = [each["first_token"] for each in timings if "first_token" in each]
        for p in (50, 95):
            value = 1000 * float(np.percentile(seconds, p))
            figures[f"first_word_{name}_p{p}"] = {"value": round(value, 1)}
    return figures


def _judged(measure: str, answer: Answer, question: Question, least: float) -> float:
    spoken = answer.confidence >= least
    if measure == "right":
        return float(spoken and is_right(answer.text, question.answers))
    said = answer.span if measure == "span_f1" else answer.text
    return token_f1(said if spoken else "", question.answers)


def _mean(values: Sequence[float], clusters: Sequence[str]) -> Figure:
    found = interval(values, clusters=clusters)
    assert found is not None
    return dict(found.as_json())


def _auroc(scores: Floats, answerable: Bools, documents: Sequence[str]) -> Figure:
    found = measured(Outcomes(scores, answerable, documents), {"auroc": auroc})
    return dict(found["auroc"].as_json())


def _questions() -> list[Question]:
    """The course questions, and the follow-ups that are not among them."""
    questions = load_questions(ANSWERABLE)
    known = {question.id for question in questions}
    return [*questions, *(q for q in load_questions(FOLLOWUPS) if q.id not in known)]


def _drawn(found: list[Each], limit: int | None) -> list[Each]:
    return found if limit is None else random.Random(0).sample(found, min(limit, len(found)))


if __name__ == "__main__":
    main()
