"""`lectern train reward`, from names of collections to a judge on disk with its card."""

from __future__ import annotations

import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from chatbot.judging.reward_model import RewardModel
from evaluation.jsonl import sha256_of
from evaluation.provenance import provenance
from evaluation.rows import write_whole
from finetune.licences import licence_of
from finetune.model_card import DataUsed, Measured, ModelCard
from finetune.reward.labelled import LABELLED_FILES, read_labelled
from finetune.reward.measuring import by_source
from finetune.reward.pairs import PAIRS_FILES, read_pairs
from finetune.reward.settings import RewardSettings
from finetune.reward.splits import Splits, split
from finetune.reward.training import train_reward

_PART = re.compile(r"(.+?):(\d+)(:?)")
"""The name of a collection, a count, and a colon where the count is what is left out."""

LIMITS = {
    "toxicity": (
        "It judges one text at a time, in English, without what was said before.",
        "Words that are toxic in the training data count against a text that quotes or reclaims "
        "them.",
    ),
    "preference": (
        "It has learned from a few thousand comparisons; what it prefers is not what is true.",
        "Where people preferred the longer answer in the training data, it leans that way too.",
    ),
}


def train_and_measure(
    names: Sequence[str],
    judged: Sequence[str],
    data: Path,
    out: Path,
    settings: RewardSettings,
    *,
    device: str = "cpu",
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Train on `names`, measure on their test split and on the whole of `judged`; returns the
    record that is written as `training.json` beside the model.

    No text of a judged collection is trained on. `NAME:COUNT` takes that many examples of one,
    `NAME:COUNT:` all but these. Raises what `train_reward` does.
    """
    parts, apart = read_data(names, judged, data, settings)
    say(
        f"{len(parts.train):,} examples to train on, {len(parts.dev):,} to choose by, "
        f"{len(parts.test):,} to measure on; {parts.copies:,} copies are left out."
    )
    read = _learned_from(names, data, parts.train)
    start = time.monotonic()
    told = train_reward(parts.train, parts.dev, out, settings, device)
    seconds = time.monotonic() - start
    if told["cut"]:
        say(f"{told['cut']:,} of the texts trained on were cut to {settings.window} tokens.")
    model = RewardModel(out, device=device)
    figures = by_source(model, [*parts.test, *apart], settings.seed)
    record = {
        "settings": settings.model_dump(),
        "collections": list(names),
        "judged": list(judged),
        "data": read,
        "splits": {
            "train": len(parts.train),
            "dev": len(parts.dev),
            "test": len(parts.test),
            "copies": parts.copies,
        },
        "trained": told,
        "seconds": seconds,
        "figures": figures,
        **provenance(),
    }
    write_whole(out / "training.json", json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    card(settings, record).write(out)
    return record


def read_data(
    names: Sequence[str], judged: Sequence[str], data: Path, settings: RewardSettings
) -> tuple[Splits[Any], list[Any]]:
    """(splits of the training collections, all examples of those that are only judged)."""
    read: Any = read_labelled if settings.task == "toxicity" else read_pairs

    def part(name: str) -> list[Any]:
        cut = _PART.fullmatch(name)
        if cut is None:
            found: list[Any] = read(name, data)
            return found
        # By the hash that names its group: a sample that other counts contain or are part of.
        ordered = sorted(read(cut[1], data), key=lambda example: example.group)
        count = int(cut[2])
        return ordered[count:] if cut[3] else ordered[:count]

    apart = [example for name in judged for example in part(name)]
    examples = [example for name in names for example in part(name)]
    return split(examples, settings.seed, apart), apart


def card(settings: RewardSettings, record: dict[str, Any]) -> ModelCard:
    """The model card of a record."""
    judge = settings.task == "toxicity"
    return ModelCard(
        title="A judge of toxicity" if judge else "A judge of preference",
        summary=(
            "The probability that a text is toxic (hateful or offensive)."
            if judge
            else "How strongly people would prefer an answer to a prompt (Bradley–Terry)."
        )
        + f" {_how(settings)} on {settings.base}, trained by `lectern train reward`.",
        base=settings.base,
        task=settings.task,
        usage="`chatbot.judging.reward_model.RewardModel(folder)`"
        + (".to_probability(logits)" if judge else ".logits(answers, prompts)")
        + "; as a reward of `lectern train ppo`: `--reward "
        + ("-1*" if judge else "")
        + "model:FOLDER`.",
        data=[DataUsed(d["name"], d["examples"], d["licence"]) for d in record["data"]],
        figures=[
            Measured(name, source, *(figure.get(key) for key in ("value", "low", "high")))
            for source, figures in record["figures"].items()
            for name, figure in figures.items()
        ],
        settings=settings.model_dump(exclude={"task", "base"}),
        limits=LIMITS[settings.task],
    )


def _how(settings: RewardSettings) -> str:
    if settings.method == "lora":
        return f"Low-rank deltas of rank {settings.r} and a linear head"
    return f"The upper {settings.layers} layers and a linear head"


def _learned_from(names: Sequence[str], data: Path, train: Sequence[Any]) -> list[dict[str, Any]]:
    """The collections that examples are trained on of, with the hash of each file read of them."""
    files: defaultdict[str, dict[Path, str]] = defaultdict(dict)
    for name in names:
        cut = _PART.fullmatch(name)
        whole = cut[1] if cut else name
        known = {**LABELLED_FILES, **PAIRS_FILES}.get(whole)
        source = whole if known else Path(whole).name
        for path in [data / file for file in known] if known else [Path(whole)]:
            files[source][path] = sha256_of(path)
    return [
        {
            "name": source,
            "examples": count,
            "licence": licence_of(next(iter(files[source]))),
            "files": [
                {"file": path.name, "sha256": digest} for path, digest in files[source].items()
            ],
        }
        for source, count in sorted(Counter(example.source for example in train).items())
    ]
