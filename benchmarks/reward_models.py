"""What our judges are worth: in the domain they were trained in, and in others.

Three folders as `lectern train reward` leaves them: the judge that rewards (Jigsaw),
one independent of it (Davidson), and one of preference. A folder that has no record yet is trained
first, minutes each on one core, and goes on where it was killed. Each judge is measured on the test
split of its own collections and on those it was kept away from; where the record of its training
has these figures already they are taken from there, unless `--again` is given.

    python -m benchmarks.reward_models --data ../shared/data --judges build/judges \
        --out docs/results

The settings were chosen by runs on a part of Davidson's tweets that is not measured here
(docs/training-log.md).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.record import data_argument, out_argument, record
from chatbot.judging.reward_model import RewardModel
from finetune.reward.measuring import Figure, by_source
from finetune.reward.run import read_data, train_and_measure
from finetune.reward.settings import RewardSettings
from ingestion.encoders.lora import TENSORS
from ingestion.errors import LecternError

RECORD = "training.json"


@dataclass(frozen=True)
class Recipe:
    """What one judge is trained on and how; `judged` is kept out of training."""

    data: tuple[str, ...]
    judged: tuple[str, ...]
    settings: RewardSettings


RECIPES = {
    "toxicity-reward": Recipe(
        ("jigsaw",),
        ("davidson:2500:", "surge", "toxic_spans:4000"),
        RewardSettings(task="toxicity", evaluate=100),
    ),
    "toxicity-independent": Recipe(
        ("davidson",),
        ("surge", "jigsaw", "toxic_spans:4000"),
        RewardSettings(task="toxicity", window=64, evaluate=100),
    ),
    "preference": Recipe(
        ("hh_harmless", "pandalm", "dolly:4000"),
        ("autoj",),
        RewardSettings(task="preference", window=128, tokens=4096, evaluate=100),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--judges", type=Path, required=True, help="folder of the three judges")
    parser.add_argument("--examples", type=int, help="take the first N of each collection alone")
    parser.add_argument("--again", action="store_true", help="measure what was measured already")
    asked = parser.parse_args()
    figures: dict[str, Figure] = {}
    details: dict[str, Any] = {}
    for role, recipe in RECIPES.items():
        folder = asked.judges / role
        names, judged = (
            [part(name, asked.examples) for name in collections]
            for collections in (recipe.data, recipe.judged)
        )
        if (folder / RECORD).is_file():
            demand_same_data(folder, names, judged)
        else:
            print(f"{role}: training", flush=True)
            train_and_measure(names, judged, Path(asked.data), folder, recipe.settings, say=print)
        found = measure(folder, Path(asked.data)) if asked.again else _trained(folder)["figures"]
        for source, measures in found.items():
            for name, figure in measures.items():
                figures[f"{role}_{source}_{name}"] = figure
        figures[f"{role}_bytes"] = {"value": (folder / TENSORS).stat().st_size}
        details[role] = about(folder)
        print(f"{role}: measured", flush=True)
    record(asked.out, "reward_models", figures, models=details)


def part(name: str, examples: int | None) -> str:
    """The collection, or its first examples."""
    return name if examples is None else f"{name.partition(':')[0]}:{examples}"


def demand_same_data(folder: Path, names: Sequence[str], judged: Sequence[str]) -> None:
    """Raises `LecternError` where the judge was trained or measured on something else."""
    trained = _trained(folder)
    made, asked = [*trained["collections"], *trained["judged"]], [*names, *judged]
    if made != asked:
        raise LecternError(
            f"{folder} was trained and measured on {', '.join(made)}, not on {', '.join(asked)}.",
            "Give the --examples of that run, or another --judges.",
        )


def measure(folder: Path, data: Path) -> dict[str, dict[str, Figure]]:
    """Source → its figures, of a judge that is trained, by the splits of its record."""
    trained = _trained(folder)
    settings = RewardSettings(**trained["settings"])
    parts, apart = read_data(trained["collections"], trained["judged"], data, settings)
    return by_source(RewardModel(folder), [*parts.test, *apart], settings.seed)


def about(folder: Path) -> dict[str, Any]:
    """Which weights they are, and how they were made."""
    trained = _trained(folder)
    keys = ("settings", "collections", "judged", "splits")
    return {"identity": RewardModel(folder).identity, **{key: trained[key] for key in keys}}


def _trained(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    main()
