"""PubMedQA's expert-labelled part (Jin et al. 2019): yes, no or maybe, from an abstract.

One JSON object, PubMed id → question, the abstract without its conclusion, the conclusion, and the
verdict. The conclusion is the gold answer; whoever says yes, no or maybe is also held against the
verdict.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field, RootModel, ValidationError

from evaluation.jsonl import read_lines
from evaluation.questions import complaint
from evaluation.reading.example import Decision, ReadingExample
from ingestion.errors import LecternError


class _Entry(BaseModel):
    question: str = Field(alias="QUESTION", min_length=1)
    contexts: tuple[str, ...] = Field(alias="CONTEXTS", min_length=1)
    conclusion: str = Field(alias="LONG_ANSWER", min_length=1)
    verdict: Decision = Field(alias="final_decision")


class _File(RootModel[dict[str, _Entry]]):
    pass


def load_pubmedqa(path: Path) -> list[ReadingExample]:
    """All entries in file order; `kinds` is the verdict, so the report shows each by itself."""
    content = "\n".join(line for _, line in read_lines(path))
    try:
        entries = _File.model_validate_json(content).root
    except ValidationError as error:
        raise LecternError(
            f"{path} is not a PubMedQA file ({complaint(error)}).",
            "Give ori_pqal.json, plain or gzipped.",
        ) from error
    return [
        ReadingExample(
            id=number,
            question=entry.question,
            paragraph="\n".join(entry.contexts),
            answers=(entry.conclusion,),
            document=number,
            kinds=(f"gold: {entry.verdict}",),
            decision=entry.verdict,
        )
        for number, entry in entries.items()
    ]
