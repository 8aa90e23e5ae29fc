"""An index of 100,000 chunks of real textbook text, for the benchmarks that need a large one.

The text is OpenStax textbooks, a file a section, then public-domain books until there is enough.
Encoding 100,000 chunks takes an hour and a half on two cores, so the stored vectors are random unit
vectors unless `--real-vectors` is given; tokens are counted, and questions encoded, by the real
encoder. An exact search reads every vector whatever it holds. Random vectors make the fusion slower
rather than faster: the two legs never agree, so it has twice as many candidates to look up.

About ten minutes and 900 MB of disk:

    python -m benchmarks.large_index --data ../shared/data --work build/large
"""

from __future__ import annotations

import argparse
import gzip
import re
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.record import data_argument
from ingestion.encoders.base import Encoder
from ingestion.encoders.factory import load_encoder
from ingestion.index import Index
from ingestion.pipeline import ingest
from ingestion.stores.base import Vectors

TEXTBOOKS, BOOKS = "openstax_ccby", "classics_public_domain"


class RandomVectors:
    """The real encoder's tokenizer and signature with seeded random unit vectors."""

    def __init__(self, encoder: Encoder, seed: int = 0) -> None:
        self._encoder = encoder
        self._generator = np.random.default_rng(seed)
        self.name, self.signature = encoder.name, encoder.signature
        self.dimension, self.window = encoder.dimension, encoder.window

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._encoder.count_tokens(texts)

    def encode(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        vectors = self._generator.standard_normal((len(texts), self.dimension), dtype=np.float32)
        if progress:
            progress(len(texts))
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


@dataclass(frozen=True, slots=True)
class LargeIndex:
    """`courses` are the ingested folders, the first of them of many small files."""

    courses: tuple[Path, ...]
    index: Path


def large_index(data: Path, work: Path, chunks: int, real_vectors: bool = False) -> LargeIndex:
    """The index in folder `work`, made now unless an earlier run left one that is large enough."""
    made = LargeIndex((work / TEXTBOOKS, work / BOOKS), work / "index")
    if made.index.is_dir() and _size(made.index) >= chunks:
        return made
    encoder = load_encoder()
    encoder = encoder if real_vectors else RandomVectors(encoder)
    for folder in made.courses:
        folder.mkdir(parents=True, exist_ok=True)
    written = _write(sections(data / "text" / TEXTBOOKS), made.courses[0], chunks * 1_200)
    more = _books(data / "text" / BOOKS)
    have = ingest(made.courses, made.index, encoder=encoder).chunks
    while have < chunks:
        lacking = (chunks - have) * written / have
        added = _write(more, made.courses[1], lacking)
        if not added:
            raise SystemExit(f"The texts give {have:,} chunks, not {chunks:,}.")
        written += added
        have = ingest(made.courses, made.index, encoder=encoder).chunks
    return made


def _size(index: Path) -> int:
    opened = Index(index)
    try:
        return opened.chunk_count()
    finally:
        opened.close()


def _write(texts: Iterator[tuple[str, str]], folder: Path, characters: float) -> int:
    """Write (name, text) pairs until they make up so many characters; returns how many."""
    written = 0
    while written < characters and (pair := next(texts, None)):
        name, text = pair
        (folder / name).write_text(text, encoding="utf-8")
        written += len(text)
    return written


def sections(folder: Path) -> Iterator[tuple[str, str]]:
    """The textbooks cut at their first-level headings."""
    for book in sorted(folder.glob("*.txt.gz")):
        text = gzip.decompress(book.read_bytes()).decode("utf-8")
        parts = [part for part in re.split(r"^(?=# )", text, flags=re.MULTILINE) if part.strip()]
        for number, part in enumerate(parts):
            yield f"{book.name.removesuffix('.txt.gz')}-{number:03}.md", part


def _books(folder: Path) -> Iterator[tuple[str, str]]:
    with tarfile.open(folder / "classics_markdown.tar.xz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file:
                yield member.name.strip("./").replace("/", " - "), file.read().decode("utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    parser.add_argument("--work", type=Path, required=True, help="folder for texts and index")
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--real-vectors", action="store_true", help="encode every chunk (hours)")
    asked = parser.parse_args()
    made = large_index(asked.data, asked.work, asked.chunks, asked.real_vectors)
    print(f"{_size(made.index):,} chunks in {made.index}")


if __name__ == "__main__":
    main()
