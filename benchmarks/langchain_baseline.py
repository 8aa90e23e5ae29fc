"""The pipeline most people would write with LangChain, as the yardstick for Lectern's own.

read_text → RecursiveCharacterTextSplitter(1000, 150) → HuggingFaceEmbeddings (the same packaged
all-MiniLM-L6-v2, float32) → Chroma on disk. Needs langchain-huggingface and
langchain-text-splitters, which come with the development tools. Run by
`benchmarks.ingestion_vs_langchain`; by itself:

    python -m benchmarks.langchain_baseline COURSE… --store DIR
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.encoders.factory import packaged_folder

if TYPE_CHECKING:
    from langchain_chroma import Chroma

SUFFIXES = frozenset((".md", ".mdx"))


def open_store(folder: Path) -> Chroma:
    """The baseline's vector store, new or made earlier."""
    os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from chromadb.config import Settings
    from langchain_chroma import Chroma
    from langchain_huggingface import HuggingFaceEmbeddings

    return Chroma(
        "baseline",
        HuggingFaceEmbeddings(model_name=str(packaged_folder())),
        persist_directory=str(folder),
        client_settings=Settings(anonymized_telemetry=False, is_persistent=True),
    )


def build(courses: list[Path], store: Path) -> int:
    """Index every Markdown file of the course folders; returns the number of chunks."""
    from langchain_core.documents import Document
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=150)
    documents = [
        Document(piece, metadata={"course": course.name, "file": file, "ordinal": ordinal})
        for course in courses
        for path in sorted(course.rglob("*"))
        if path.suffix in SUFFIXES
        for file in [path.relative_to(course).as_posix()]
        for ordinal, piece in enumerate(splitter.split_text(path.read_text(encoding="utf-8")))
    ]
    chroma = open_store(store)
    most = chroma._client.get_max_batch_size()
    for start in range(0, len(documents), most):
        chroma.add_documents(documents[start : start + most])
    return len(documents)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("courses", type=Path, nargs="+")
    parser.add_argument("--store", type=Path, required=True)
    asked = parser.parse_args()
    print(build(asked.courses, asked.store))


if __name__ == "__main__":
    main()
