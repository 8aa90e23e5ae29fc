"""Questions about a passage: SQuAD, QED, FairytaleQA, asked with the chatbot's prompt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chatbot.exemplars import UNANSWERABLE
from chatbot.prompts import PromptStyle, build_prompt
from evaluation.jsonl import malformed, read_objects
from evaluation.reading.squad import load_squad
from evaluation.reading.tokenized import detokenize
from finetune.data.example import Example, fingerprint
from finetune.data.lines import line_of, read_csv, text_of, texts_of
from finetune.data.overlap import NEAR_COPY, all_grams, share_seen


def read_squad(path: Path) -> list[Example]:
    """SQuAD's own JSON, 1.1 or 2.0 (Rajpurkar et al. 2016, 2018); none to say: "unanswerable"."""
    return [_asked("squad", e.paragraph, e.question, e.answers) for e in load_squad(path)]


def read_squad_lines(path: Path) -> list[Example]:
    """JSON lines `context`, `question`, `answer`, spaced as the Penn Treebank is."""
    examples = []
    for number, row in read_objects(path):
        context, question, answer = (
            detokenize(text_of(path, number, row, name))
            for name in ("context", "question", "answer")
        )
        examples.append(_asked("squad", context, question, [answer]))
    return examples


def read_qed(path: Path) -> list[Example]:
    """QED (Lamm et al. 2021): Natural Questions with their paragraph.

    Rows whose answer was not found in the paragraph are left out. Of the development file, so are
    paragraphs of which half or more stands in the training file beside it.
    """
    rows = list(read_objects(path))
    if "dev" in path.name:
        train = path.with_name("train_all.jsonl.gz")
        seen = all_grams(_paragraph(train, number, row) for number, row in read_objects(train))
        rows = [row for row in rows if share_seen(_paragraph(path, *row), seen) < NEAR_COPY]
    return [example for number, row in rows if (example := _qed(path, number, row)).target]


def _qed(path: Path, number: int, row: dict[str, Any]) -> Example:
    if "answer_text" in row:
        # These are the parts of one answer; in the development file there are several answers.
        answers = [", ".join(texts_of(path, number, row, "answer_text"))]
    else:
        with line_of(path, number, "a row of QED"):
            several = row["original_nq_answers"]
            answers = [", ".join(part["string"] for part in parts) for parts in several]
    if not answers:
        raise malformed(path, number, "needs an answer")
    return _asked(
        "qed",
        detokenize(_paragraph(path, number, row), hyphens=True),
        text_of(path, number, row, "question_text").rstrip("?") + "?",
        [detokenize(answer, hyphens=True) for answer in answers],
    )


def _paragraph(path: Path, number: int, row: dict[str, Any]) -> str:
    return text_of(path, number, row, "paragraph_text")


def read_fairytaleqa(path: Path) -> list[Example]:
    """FairytaleQA (Xu et al. 2022), CSV; the test split has a second answer."""
    examples = []
    for number, row in read_csv(path):
        passage, question, *answers = (
            detokenize(text_of(path, number, row, name), hyphens=True)
            for name in ("content", "question", "answer1", "answer2")
            if name != "answer2" or (row.get(name) or "").strip()
        )
        examples.append(_asked("fairytaleqa", passage, question, answers))
    return examples


def _asked(task: str, passage: str, question: str, answers: Sequence[str]) -> Example:
    golds = tuple(dict.fromkeys(answers)) or (UNANSWERABLE,)
    return Example(
        build_prompt(question, [passage], PromptStyle()),
        golds[0],
        task,
        fingerprint(passage),
        golds if len(golds) > 1 else (),
    )
