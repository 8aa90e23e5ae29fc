"""Evidence in the prompt, by window: does packing sentences bring the evidence to the generator?

Each of the 100 course questions is rewritten by words, searched for, and packed by the product's
own code into a window of 512, 1,024 and 2,048 tokens of FLAN-T5's real tokenizer. No generator
runs: the engine here is a stand-in that counts tokens, and packing asks nothing else of one. The
index must hold exactly the three courses (see `benchmarks/course_questions/README.md`).

    python -m benchmarks.prompt_window --data ../shared/data --index DIR --out docs/results
"""

from __future__ import annotations

import argparse
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path

from tokenizers import Tokenizer

from benchmarks.record import Figure, data_argument, out_argument, record
from chatbot.engines.base import Decoding
from chatbot.packing import Packed, pack, relevance_by
from chatbot.prompts import PromptStyle
from chatbot.remembering import RememberingEncoder
from chatbot.retrieval.hybrid import Retriever
from chatbot.rewriting import rewrite
from chatbot.settings import ChatSettings
from evaluation.bootstrap import interval
from evaluation.evidence import holds_all
from evaluation.questions import load_questions
from ingestion.index import Index

QUESTIONS = Path(__file__).parent / "course_questions" / "answerable.jsonl"
WINDOWS = (512, 1024, 2048)
PASSAGES = (6, 12)
"""The default number of passages, and twice it for windows that hold more."""


class TokenCounter:
    """FLAN-T5's tokenizer as an `Engine` that can count and do nothing else."""

    name = "token counter"
    window = max(WINDOWS)

    def __init__(self, file: Path) -> None:
        self._tokenizer = Tokenizer.from_str(gzip.decompress(file.read_bytes()).decode("utf-8"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def count_tokens(self, text: str) -> int:
        return len(self._tokenizer.encode(text).ids)

    def generate(self, prompts: Sequence[str], decoding: Decoding) -> list[str]:
        raise NotImplementedError("The token counter generates nothing.")

    def stream(self, prompt: str, decoding: Decoding) -> Iterator[str]:
        raise NotImplementedError("The token counter generates nothing.")

    def score(self, prompts: Sequence[str], completions: Sequence[str]) -> list[float]:
        raise NotImplementedError("The token counter scores nothing.")

    def adapters(self) -> list[str]:
        return []

    def use_adapter(self, name: str | None) -> None:
        raise NotImplementedError("The token counter has no adapters.")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--index", type=Path, required=True, help="index of the three courses")
    parser.add_argument("--limit", type=int, help="first N questions")
    asked = parser.parse_args()

    index = Index(asked.index)
    settings = ChatSettings()
    retriever = Retriever(index, settings.fusion_weight, settings.candidates)
    counter = TokenCounter(asked.data / "tokenizer" / "flan_t5_small_tokenizer.json.gz")
    held: dict[str, list[float]] = {}
    used: dict[str, list[int]] = {}
    questions = load_questions(QUESTIONS, asked.limit)
    for question in questions:
        standalone = rewrite(question.question, question.history).text
        scorer = relevance_by(RememberingEncoder(index.encoder))
        for count in PASSAGES:
            passages = retriever.search(standalone, count)
            for window in WINDOWS:
                packed: Packed = pack(
                    standalone, passages, counter, PromptStyle(), window=window, scorer=scorer
                )
                name = f"{count}_passages_{window}"
                prompt = "\n".join(packed.blocks)
                held.setdefault(name, []).append(float(holds_all([prompt], question.evidence)))
                used.setdefault(name, []).append(packed.tokens)
    figures: dict[str, Figure] = {}
    for name, values in held.items():
        found = interval(values)
        assert found is not None
        figures[name] = dict(found.as_json())
    record(
        asked.out,
        "prompt_window",
        figures,
        mean_tokens={name: sum(tokens) / len(tokens) for name, tokens in used.items()},
        chunks=index.chunk_count(),
    )


if __name__ == "__main__":
    main()
