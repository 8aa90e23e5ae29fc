"""Files a learner hands over: a safe name for each, a place for them, a size cap."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from ingestion.errors import LecternError

MAX_UPLOAD_MB = 200

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_NAME_BYTES = 200


class Upload(Protocol):
    """What Streamlit's uploader gives: `size` in bytes."""

    name: str
    size: int

    def getvalue(self) -> bytes: ...


def safe_name(name: str) -> str:
    """The last part of a file's name without what a file system or a shell could trip over.

    Raises `LecternError` when nothing is left of it.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    visible = "".join(c for c in _UNSAFE.sub("_", last) if unicodedata.category(c) != "Cf")
    cleaned = " ".join(visible.split()).lstrip(". ")
    stem, dot, suffix = cleaned.rpartition(".")
    stem, suffix = (stem, dot + suffix) if dot else (cleaned, "")
    room = _NAME_BYTES - len(suffix.encode())
    stem = stem.encode()[: max(room, 0)].decode(errors="ignore").rstrip(". ")
    if not stem:
        raise LecternError(f"{name!r} cannot be used as a name.", "Rename it and try again.")
    return stem + suffix


def save_uploads(uploads: Iterable[Upload], folder: Path) -> list[Path]:
    """Write the files into `folder` over earlier ones of the same name; returns their paths.

    Raises `LecternError` before anything is written when one is too large or has no usable name.
    """
    named = [(safe_name(upload.name), upload) for upload in uploads]
    for name, upload in named:
        if upload.size > MAX_UPLOAD_MB * 2**20:
            raise LecternError(
                f"{name} is larger than {MAX_UPLOAD_MB} MB.",
                "Split it, or put it into a folder and run lectern ingest on that.",
            )
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, upload in named:
        path = folder / name
        beside = folder / f".{name}.part"
        beside.write_bytes(upload.getvalue())
        beside.replace(path)
        paths.append(path)
    return paths
