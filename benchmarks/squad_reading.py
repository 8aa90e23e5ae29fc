"""Reading alone: the extractive answerer on SQuAD 2.0 dev's answerable questions, paragraph given.

python -m benchmarks.squad_reading --data ../shared/data --out squad_reading.json [--limit N]
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from chatbot.answering import Draft
from chatbot.extractive import ExtractiveAnswerer
from evaluation.jsonl import sha256_of
from evaluation.progress import progress_bar
from evaluation.reading import evaluate_reading, load_squad
from evaluation.rows import write_whole
from ingestion.encoders.factory import DEFAULT_ENCODER, load_encoder
from ingestion.locator import Locator, Span
from ingestion.passage import Passage


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data = os.environ.get("LECTERN_DATA", "../shared/data")
    parser.add_argument("--data", type=Path, default=data)
    parser.add_argument("--encoder", default=DEFAULT_ENCODER)
    parser.add_argument("--limit", type=int, help="first N questions")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()

    answerer = ExtractiveAnswerer(load_encoder(asked.encoder))

    def read(question: str, paragraph: str) -> str:
        spans = (Span(0, len(paragraph), Locator.number("line", 1)),)
        passage = Passage(1, "squad", "paragraph", "txt", "", (), paragraph, spans)
        *_, draft = answerer.stream(question, [passage])
        assert isinstance(draft, Draft)
        return draft.text

    path = asked.data / "qa" / "squad_v2_dev" / "dev-v2.0.json.gz"
    with progress_bar() as progress:
        report = evaluate_reading(
            read,
            load_squad(path)[: asked.limit],
            progress=lambda done, total: progress("questions", done, total),
        )
    report["data"] = {path.name: sha256_of(path)}
    write_whole(asked.out, json.dumps(report, indent=1))
    for name, figure in report["figures"].items():
        print(f"{name}: {figure['value']:.4f} ({figure['low']:.4f}–{figure['high']:.4f})")


if __name__ == "__main__":
    main()
