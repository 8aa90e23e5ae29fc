"""`lectern feedback export`: judgements from a conversations database as files to train on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chatbot.conversations import Conversations
from chatbot.engines.base import Engine
from chatbot.engines.factory import load_engine
from chatbot.feedback import Feedback, Judgement
from chatbot.packing import pack, relevance_by
from chatbot.prompts import PromptStyle
from chatbot.remembering import RememberingEncoder
from evaluation.rows import write_rows, write_whole
from finetune.feedback.preferences import Preferences, Prompter, preferences
from ingestion.encoders.base import Encoder
from ingestion.encoders.factory import load_encoder
from ingestion.errors import LecternError

PAIRS, LABELS, REPORT = "pairs.jsonl", "labels.jsonl", "export.json"
ENOUGH = 100
"""Comparisons below which training is refused: a third of them is held back to be measured on."""


@dataclass(frozen=True)
class Exported:
    """Counts of an export. `missing`: comparisons that training still lacks."""

    judgements: int
    withheld: int
    pairs: int
    corrections: int
    labels: int
    liked: int
    learners: int
    questions: int
    left_out: dict[str, int]
    missing: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def export(
    database: Path, out: Path, *, enough: int = ENOUGH, prompter: Prompter | None = None
) -> Exported:
    """Write `pairs.jsonl`, `labels.jsonl` and `export.json` into `out`.

    Only what learners have agreed to share is read out. Raises `LecternError` where there is no
    database.
    """
    if not database.is_file():
        raise LecternError(
            f"There are no conversations in {database}.",
            "Chat first (`lectern app`), or name the database with --conversations.",
        )
    collected = Feedback(Conversations(database)).judgements()
    made = preferences(collected.judgements, prompter)
    exported = _counts(made, collected.judgements, collected.withheld, enough)
    out.mkdir(parents=True, exist_ok=True)
    write_rows(out / PAIRS, [pair.as_json() for pair in made.pairs])
    write_rows(out / LABELS, [asdict(label) for label in made.labels])
    write_whole(out / REPORT, json.dumps(exported.as_json(), indent=1) + "\n")
    return exported


def prompter(model: str, *, window: int, device: str = "auto") -> Prompter:
    """Prompts for answers picked from the documents: as `model` would have been asked.

    It is loaded at the first of them; then what `load_engine` raises is raised.
    """

    @cache
    def loaded() -> tuple[Engine, Encoder]:
        return load_engine(model, device=device, window=window), load_encoder()

    def prompt(judgement: Judgement) -> str | None:
        basis = judgement.basis
        if basis is None or not basis.passages:
            return None
        engine, encoder = loaded()
        scorer = relevance_by(RememberingEncoder(encoder))
        asked = basis.question or judgement.question
        return pack(asked, basis.passages, engine, PromptStyle(), scorer=scorer).prompt

    return prompt


def _counts(
    made: Preferences, judgements: Sequence[Judgement], withheld: int, enough: int
) -> Exported:
    kinds = Counter(pair.kind for pair in made.pairs)
    return Exported(
        judgements=made.judgements,
        withheld=withheld,
        pairs=len(made.pairs),
        corrections=kinds["correction"],
        labels=len(made.labels),
        liked=sum(label.label for label in made.labels),
        learners=len({judgement.learner for judgement in judgements}),
        questions=len({label.question for label in made.labels}),
        left_out=made.left_out,
        missing=max(0, enough - len(made.pairs)),
    )
