"""The pipeline most people would write with LangChain, as the yardstick for Lectern's own.

read_text → RecursiveCharacterTextSplitter(1000, 150) → HuggingFaceEmbeddings (the same packaged
all-MiniLM-L6-v2, float32) → Chroma on disk → `as_retriever()` → a prompt with the passages one
after the other → a language model. Needs langchain-huggingface and langchain-text-splitters, which
come with the development tools. Run by `benchmarks.ingestion_vs_langchain` and
`benchmarks.speed_vs_langchain`; by itself:

    python -m benchmarks.langchain_baseline COURSE… --store DIR
    python -m benchmarks.langchain_baseline --store DIR --ask "What is LoRA?" --k 6
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.encoders.factory import packaged_folder

if TYPE_CHECKING:
    from langchain_chroma import Chroma
    from langchain_core.runnables import Runnable

SUFFIXES = frozenset((".md", ".mdx"))
PROMPT = """Use the following pieces of context to answer the question at the end. If you don't \
know the answer, just say that you don't know, don't try to make up an answer.

{context}

Question: {question}
Helpful Answer:"""
"""The text that LangChain's own question-answering chain used."""


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


def answering_chain(store: Chroma, llm: Any, window: int) -> Runnable[str, str]:
    """Question → answer: `as_retriever()` as it comes (four passages) | prompt | `llm`.

    A prompt beyond the engine's window of `window` tokens loses the end of its context, as under a
    tokenizer that truncates.
    """
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.runnables import RunnableLambda, RunnablePassthrough

    def fill(asked: dict[str, Any]) -> str:
        context = "\n\n".join(document.page_content for document in asked["context"])
        prompt = PROMPT.format(context=context, question=asked["question"])
        while context and llm.engine.count_tokens(prompt) > window:
            too_many = llm.engine.count_tokens(prompt) / window
            context = context[: min(len(context) - 1, int(len(context) / too_many))]
            prompt = PROMPT.format(context=context, question=asked["question"])
        return prompt

    given = {"context": store.as_retriever(), "question": RunnablePassthrough()}
    chain: Runnable[str, str] = given | RunnableLambda(fill) | llm | StrOutputParser()
    return chain


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("courses", type=Path, nargs="*")
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--ask", metavar="QUESTION", help="search a store made earlier")
    parser.add_argument("--k", type=int, default=4)
    asked = parser.parse_args()
    if asked.ask:
        retriever = open_store(asked.store).as_retriever(search_kwargs={"k": asked.k})
        for document in retriever.invoke(asked.ask):
            print(document.page_content)
        return
    print(build(asked.courses, asked.store))


if __name__ == "__main__":
    main()
