"""Build the binary documents of the sample course from the text under examples/source/.

The hand-written documents (Markdown, MDX, HTML, notebook, subtitles, plain text) are not
touched. The output is deterministic: the same sources give the same bytes.

    python examples/build_course.py            write the four binary documents
    python examples/build_course.py --check    exit 1 if a committed document is out of date

Needs reportlab, python-pptx and python-docx; EPUB needs only the standard library.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from builders import docx_handout, epub_book, pdf_notes, pptx_deck
from builders.compare import same_document
from builders.markup import Block, parse

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "source"
COURSE = HERE / "course"


@dataclass(frozen=True)
class Job:
    """One document: where its text is, where the result goes and what makes it."""

    source: str
    target: str
    build: Callable[[list[Block]], bytes]


JOBS = (
    Job("transformers.txt", "week1/transformers-and-attention.pdf", pdf_notes.build),
    Job("pretraining.txt", "week1/pretraining-and-scaling-laws.pptx", pptx_deck.build),
    Job("finetuning.txt", "week2/fine-tuning-lora-and-peft.docx", docx_handout.build),
    Job("reasoning.txt", "week3/chain-of-thought-and-tools.epub", epub_book.build),
)


def render(job: Job) -> bytes:
    """Return the bytes of one document."""
    return job.build(parse((SOURCE / job.source).read_text(encoding="utf-8")))


def write_all() -> int:
    """Write every document and print its size."""
    for job in JOBS:
        data = render(job)
        path = COURSE / job.target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        print(f"wrote {job.target} ({len(data):,} bytes)")
    return 0


def check_all() -> int:
    """Compare every committed document with a fresh build; return the exit status."""
    stale = 0
    for job in JOBS:
        path = COURSE / job.target
        verdict = same_document(path.read_bytes(), render(job)) if path.exists() else "missing"
        print(f"{verdict:<18} {job.target}")
        stale += verdict in ("missing", "different")
    return 1 if stale else 0


def main(argv: list[str] | None = None) -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description="Build the sample course's binary documents.")
    parser.add_argument("--check", action="store_true", help="compare only; write nothing")
    return check_all() if parser.parse_args(argv).check else write_all()


if __name__ == "__main__":
    sys.exit(main())
