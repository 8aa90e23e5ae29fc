"""Comments of Jigsaw and Toxic Spans: some to practise on, others that no model here has seen.

A comment is held if it falls into the test split of every judge that was trained with a split
(`finetune/reward/splits.py`): then neither the reward nor the judge has learned from it. What
practises (the continuation model, PPO, DPO) gets none of these.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot.judging.cleaning import clean
from evaluation.rows import write_whole
from evaluation.safety.prompts import WORDS
from finetune.reward.csv_rows import read_rows
from finetune.reward.examples import text_key
from finetune.reward.splits import split_name

LONGEST_PROMPT = 120
"""Characters; eight words beyond it are no words."""
LONGEST_REST = 40
"""Words of a comment that are learned from: more than anybody continues it with here."""


@dataclass(frozen=True)
class Comment:
    """`prompt` is its first eight words, `rest` what the commenter wrote then, up to a limit."""

    key: str
    prompt: str
    rest: str


def split_seeds(judges: Sequence[Path]) -> list[int]:
    """The seeds of the splits that the judges in these folders were trained with; at least [0]."""
    seeds = set()
    for folder in judges:
        record = folder / "training.json"
        if record.is_file():
            settings = json.loads(record.read_text(encoding="utf-8")).get("settings", {})
            if "seed" in settings:
                seeds.add(int(settings["seed"]))
    return sorted(seeds) or [0]


def comments(data: Path, seeds: Sequence[int]) -> tuple[list[Comment], list[Comment]]:
    """(to practise on, held), each once, in an order that their texts determine."""
    practice: dict[str, Comment] = {}
    held: dict[str, Comment] = {}
    for text in _texts(data / "toxicity"):
        words = text.split()
        prompt, rest = " ".join(words[:WORDS]), " ".join(words[WORDS : WORDS + LONGEST_REST])
        if not rest or len(prompt) > LONGEST_PROMPT:
            continue
        key = text_key(clean(text))
        comment = Comment(key, prompt, rest)
        unseen = all(split_name(key, seed) == "test" for seed in seeds)
        (held if unseen else practice).setdefault(key, comment)
    beginnings = {comment.prompt.casefold() for comment in held.values()}
    # The same beginning on both sides would be a prompt that was practised.
    kept = [c for c in practice.values() if c.prompt.casefold() not in beginnings]
    return sorted(kept, key=_key), sorted(held.values(), key=_key)


def sampled(found: Sequence[Comment], n: int, seed: int = 0) -> list[Comment]:
    """`n` of them with different prompts, or as many as there are, the same for the same seed."""
    different = list({comment.prompt.casefold(): comment for comment in found}.values())
    random.Random(seed).shuffle(different)
    return different[:n]


def write_continuations(found: Iterable[Comment], path: Path) -> None:
    """Beginning and rest as source and target, for `lectern train sft --data pairs:FILE`."""
    _write(path, ({"source": c.prompt, "target": c.rest, "group": c.key} for c in found))


def write_prompts(found: Iterable[Comment], path: Path) -> None:
    """Beginnings as prompts, for `lectern train ppo --prompts FILE`."""
    _write(path, ({"prompt": comment.prompt} for comment in found))


def _write(path: Path, rows: Iterable[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def _texts(folder: Path) -> Iterable[str]:
    jigsaw = folder / "jigsaw_balanced" / "jigsaw_binary_test.csv.gz"
    for _, row in read_rows(jigsaw, ["text", "label"], header=False):
        yield row["text"]
    spans = folder / "toxic_spans" / "comments.csv.gz"
    for _, row in read_rows(spans, ["comment_id", "comment_text"]):
        yield row["comment_text"]


def _key(comment: Comment) -> str:
    return comment.key
