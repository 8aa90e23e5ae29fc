"""The data sets of dialogues by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from evaluation.summaries import dialogsum, qmsum, samsum
from evaluation.summaries.example import SummarySet
from ingestion.errors import LecternError

Loader = Callable[[Path, str], SummarySet]
"""Folder and split → the examples."""

_SETS: dict[str, tuple[tuple[str, ...], Loader]] = {
    "dialogsum": (dialogsum.SPLITS, dialogsum.load),
    "samsum": (samsum.SPLITS, samsum.load),
    "qmsum": (qmsum.SPLITS, qmsum.load),
}


def load_dialogues(name: str, folder: Path, split: str) -> SummarySet:
    """The split of data set `name`, whose files lie in `folder`.

    Raises `LecternError` for a split that it does not have, and as its loader does.
    """
    splits, load = _SETS[name]
    if split not in splits:
        raise LecternError(f"{name} has no split {split!r}.", f"It has {', '.join(splits)}.")
    return load(folder, split)
