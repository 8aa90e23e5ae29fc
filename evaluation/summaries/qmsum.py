"""QMSum (Zhong et al. 2021), academic part: queries about research meetings, one reference each.

A query about one topic comes with the turns that it is about, as QMSum marks them (the paper's
"gold" setting); a general one with the whole meeting. A summarizer that takes no query summarizes
those turns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evaluation.jsonl import malformed, read_objects, sha256_of
from evaluation.summaries.example import SummaryExample, SummarySet

SPLITS = ("test", "val", "train")
MAX_WORDS = 54
"""Mean length of the training split's answers."""
CONSTANT = (
    "The team discussed the data, the models and the results of their experiments. "
    "The professor thought that they should try it and see whether it helps."
)
_NOISE = re.compile(r"\{\w+\}")
"""`{vocalsound}`, `{disfmarker}`…: dropped, as the authors' own code does."""


def load(folder: Path, split: str) -> SummarySet:
    """`SPLIT.jsonl.gz` in `folder`, a meeting a line; its queries are one cluster.

    Raises `LecternError` naming a malformed line.
    """
    path = folder / f"{split}.jsonl.gz"
    examples: list[SummaryExample] = []
    for number, meeting in read_objects(path):
        try:
            examples += _queries(meeting, f"{split}-{number}")
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise malformed(path, number, f"not a meeting of QMSum ({error!r})") from error
    return SummarySet(
        "qmsum",
        tuple(examples),
        MAX_WORDS,
        {path.name: sha256_of(path)},
        turns=True,
        constant=CONSTANT,
    )


def _queries(meeting: Mapping[str, Any], name: str) -> list[SummaryExample]:
    turns = [f"{turn['speaker']}: {_spoken(turn['content'])}" for turn in _turns(meeting)]
    everything = [(0, len(turns) - 1)]
    asked = [(query, everything) for query in meeting["general_query_list"]]
    asked += [
        (query, [(int(first), int(last)) for first, last in query["relevant_text_span"]])
        for query in meeting["specific_query_list"]
    ]
    return [
        SummaryExample(
            id=f"{name}-{number}",
            text="\n".join(_spans(turns, spans)),
            references=(query["answer"],),
            query=query["query"],
            cluster=name,
        )
        for number, (query, spans) in enumerate(asked, start=1)
    ]


def _turns(meeting: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    turns: Sequence[Mapping[str, str]] = meeting["meeting_transcripts"]
    if not turns:
        raise ValueError("no transcript")
    return turns


def _spoken(content: str) -> str:
    return " ".join(_NOISE.sub("", content).split())


def _spans(turns: Sequence[str], spans: Sequence[tuple[int, int]]) -> list[str]:
    """The turns of the spans (first, last), both inclusive."""
    for first, last in spans:
        if not 0 <= first <= last < len(turns):
            raise ValueError(f"turns {first} to {last} of {len(turns)}")
    return [turn for first, last in spans for turn in turns[first : last + 1]]
