"""The data forms by name."""

from __future__ import annotations

from pathlib import Path

from evaluation.reading import FormName
from evaluation.reading.example import Loader, ReadingExample
from evaluation.reading.fairytaleqa import load_fairytaleqa
from evaluation.reading.pubmedqa import load_pubmedqa
from evaluation.reading.qed import load_qed
from evaluation.reading.squad import load_squad
from ingestion.errors import LecternError

FORMS: dict[FormName, Loader] = {
    "squad": load_squad,
    "qed": load_qed,
    "fairytaleqa": load_fairytaleqa,
    "pubmedqa": load_pubmedqa,
}


def load_examples(form: FormName, path: Path) -> list[ReadingExample]:
    """The examples of a file. Raises `LecternError` for what its form refuses, or a repeated id."""
    examples = FORMS[form](path)
    seen: set[str] = set()
    for example in examples:
        if example.id in seen:
            raise LecternError(
                f"{path} holds the id {example.id!r} twice.", "Give each question an id of its own."
            )
        seen.add(example.id)
    return examples
