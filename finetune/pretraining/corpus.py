"""The text that a T5 is pre-trained on: which files, under which licence, cut into documents.

A corpus file (TOML) names sources; `corpus.toml` beside this module is the one lectern-t5 is made
from:

    [[text]]
    name = "openstax"
    folder = "text/openstax_ccby"
    files = ["*.txt.gz"]
    licence = "CC BY 4.0"      # must be what the folder's SOURCE.txt states
    form = "headed"            # file | lines | headed | archive
    rate = 1.0                 # how often an epoch goes through it

`file`: a file is a document. `lines`: each line is one. `headed`: a line that begins with "# "
begins one. `archive`: each Markdown file in a tar is one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from evaluation.jsonl import read_lines, sha256_of
from finetune.data.archives import read_members
from finetune.data.example import fingerprint
from finetune.described import read_described
from finetune.errors import TrainingError
from finetune.licences import licence_of
from ingestion.errors import LecternError

CORPUS = Path(__file__).with_name("corpus.toml")

_SHORTEST = 200
"""Characters; a shorter document is a title or a stub."""

_TAG = re.compile(r"<[^>\n]{1,400}>|!\[[^\]]*\]\([^)]*\)|^import .*$", re.M)
_LINK = re.compile(r"\[([^\]]*)\]\([^)\s]*\)")


class Text(BaseModel):
    """One source of a corpus."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    folder: Path
    files: tuple[str, ...] = Field(min_length=1)
    licence: str
    form: Literal["file", "lines", "headed", "archive"] = "file"
    rate: float = Field(1.0, gt=0)

    def paths(self) -> list[Path]:
        """Its files, in a fixed order.

        Raises `LecternError` where there are none, `TrainingError` where the folder's SOURCE.txt
        states another licence than the corpus says.
        """
        found = sorted({path for pattern in self.files for path in self.folder.glob(pattern)})
        if not found:
            raise LecternError(
                f"{self.folder} has no {' or '.join(self.files)}.",
                "Say with --data-dir where the data lie, or take the source out of the corpus.",
            )
        stated = licence_of(self.folder / "SOURCE.txt")
        if not re.match(re.escape(self.licence) + r"(?![\w-])", stated):
            raise TrainingError(
                f"{self.folder} is under “{stated}”, and the corpus says {self.licence}.",
                "Check whether it may be trained on, and name its licence in the corpus.",
            )
        return found

    def documents(self) -> Iterator[str]:
        """Its documents, Markdown's tags and addresses taken out, without copies."""
        seen = set()
        for path in self.paths():
            for text in _cut(path, self.form):
                clean = _LINK.sub(r"\1", _TAG.sub("", text)).strip()
                mark = fingerprint(clean)
                if len(clean) >= _SHORTEST and mark not in seen:
                    seen.add(mark)
                    yield clean

    def sha256(self) -> str:
        """One hash of all its files, in their order."""
        every = "".join(sha256_of(path) for path in self.paths())
        return hashlib.sha256(every.encode()).hexdigest()


class Corpus(BaseModel):
    """The sources of a corpus file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: tuple[Text, ...] = Field(min_length=1)

    @classmethod
    def load(cls, path: Path, root: Path | None = None) -> Corpus:
        """Read a file; its folders start at `root`, or where the file lies.

        Raises `LecternError` that names what is wrong with it.
        """
        remedy = "A corpus has tables [[text]] with name, folder, files and licence."
        corpus = read_described(path, cls, "a corpus", remedy)
        start = root or path.parent
        placed = (one.model_copy(update={"folder": start / one.folder}) for one in corpus.text)
        return cls(text=tuple(placed))


def is_held(document: str, share: float) -> bool:
    """Whether a document is kept for validation: about `share` are, the same in every run."""
    digest = hashlib.sha256(f"held {fingerprint(document)}".encode()).digest()
    return int.from_bytes(digest[:4]) < share * 2**32


def _cut(path: Path, form: str) -> Iterator[str]:
    if form == "archive":
        yield from (text for _, text in read_members(path, lambda name: name.endswith(".md")))
        return
    lines = [line for _, line in read_lines(path)]
    if form == "lines":
        yield from lines
        return
    held: list[str] = []
    for line in lines:
        if form == "headed" and line.startswith("# ") and held:
            yield "\n".join(held)
            held = []
        held.append(line)
    yield "\n".join(held)
