"""QMSum (Zhong et al. 2021): what was said in a meeting about something, summarized."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from evaluation.jsonl import read_objects
from evaluation.reading.tokenized import detokenize
from finetune.data.example import Example, fingerprint
from finetune.data.lines import line_of

_NOISE = re.compile(r"\{[a-z]+\}|<[a-z]+>")


def read_qmsum(path: Path) -> list[Example]:
    """One example for each query about a part of the meeting; that part alone is shown."""
    examples = []
    for number, row in read_objects(path):
        with line_of(path, number, "a meeting of QMSum"):
            turns = [_turn(turn) for turn in row["meeting_transcripts"]]
            for asked in row["specific_query_list"]:
                spans = [(int(a), int(b)) for a, b in asked["relevant_text_span"]]
                said = "\n".join(turn for a, b in spans for turn in turns[a : b + 1] if turn)
                prompt = f"Here is a dialogue:\n{said}\n\n{asked['query'].strip()}"
                target = " ".join(asked["answer"].split())
                # Queries of one meeting overlap in what they show.
                examples.append(Example(prompt, target, "qmsum", fingerprint("".join(turns))))
    return examples


def _turn(turn: dict[str, Any]) -> str:
    said = detokenize(" ".join(_NOISE.sub(" ", turn["content"]).split()))
    return f"{turn['speaker']}: {said}" if said.strip(" .,") else ""
