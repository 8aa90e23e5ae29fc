"""Questions about a passage: SQuAD, QED, FairytaleQA, asked with the chatbot's prompt."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chatbot.exemplars import UNANSWERABLE
from chatbot.prompts import PromptStyle, build_prompt
from evaluation.jsonl import malformed, read_lines, read_objects
from evaluation.reading.tokenized import detokenize
from finetune.data.example import Example, fingerprint
from finetune.data.overlap import all_grams, share_seen
from ingestion.errors import LecternError


def read_squad(path: Path) -> list[Example]:
    """SQuAD's own JSON, 1.1 or 2.0 (Rajpurkar et al. 2016, 2018); none to say: "unanswerable"."""
    try:
        articles = json.loads("\n".join(line for _, line in read_lines(path)))["data"]
        return [
            _asked("squad", paragraph["context"], row["question"], _said(row["answers"]))
            for article in articles
            for paragraph in article["paragraphs"]
            for row in paragraph["qas"]
            if row["answers"] or row.get("is_impossible")
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise LecternError(f"{path} is not SQuAD's JSON ({error!r}).", "Fetch it again.") from error


def read_squad_lines(path: Path) -> list[Example]:
    """JSON lines `context`, `question`, `answer`, spaced as the Penn Treebank is."""
    examples = []
    for number, row in read_objects(path):
        context, question, answer = (
            detokenize(_field(path, number, row, name))
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
        seen = all_grams(row["paragraph_text"] for _, row in read_objects(train))
        rows = [row for row in rows if share_seen(row[1].get("paragraph_text", ""), seen) < 0.5]
    return [example for number, row in rows if (example := _qed(path, number, row)).target]


def _qed(path: Path, number: int, row: dict[str, Any]) -> Example:
    if "answer_text" in row:
        # These are the parts of one answer; in the development file there are several answers.
        answers = [", ".join(row["answer_text"])]
    elif "original_nq_answers" in row:
        several = row["original_nq_answers"]
        answers = [", ".join(part["string"] for part in parts) for parts in several]
    else:
        raise malformed(path, number, "needs answer_text or original_nq_answers")
    return _asked(
        "qed",
        detokenize(_field(path, number, row, "paragraph_text"), hyphens=True),
        _field(path, number, row, "question_text").rstrip("?") + "?",
        [detokenize(answer, hyphens=True) for answer in answers],
    )


def read_fairytaleqa(path: Path) -> list[Example]:
    """FairytaleQA (Xu et al. 2022), CSV; the test split has a second answer."""
    rows = csv.DictReader(f"{line}\n" for _, line in read_lines(path))
    examples = []
    for row in rows:
        if not row.get("content") or not row.get("question") or not row.get("answer1"):
            raise malformed(path, rows.line_num, "needs content, question and answer1")
        answers = [row[name] for name in ("answer1", "answer2") if (row.get(name) or "").strip()]
        examples.append(
            _asked(
                "fairytaleqa",
                detokenize(row["content"], hyphens=True),
                detokenize(row["question"], hyphens=True),
                [detokenize(answer, hyphens=True) for answer in answers],
            )
        )
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


def _said(answers: Sequence[dict[str, Any]]) -> list[str]:
    return [answer["text"] for answer in answers]


def _field(path: Path, number: int, row: dict[str, Any], name: str) -> str:
    if not isinstance(row.get(name), str):
        raise malformed(path, number, f"needs the text {name}")
    return str(row[name])
