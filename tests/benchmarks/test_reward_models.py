"""The benchmark of judges: trains what is missing, and measures again what is there."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import pytest
import tiny_bert

from benchmarks import reward_models
from benchmarks.bars import reward
from benchmarks.reward_models import RECIPES, Recipe, part
from finetune.reward.settings import RewardSettings
from ingestion.errors import LecternError

CIVIL = [f"word{number}" for number in range(40)]


def rows(seed: int) -> list[dict[str, object]]:
    """120 texts of four words; the toxic half has "fool" in it."""
    draw = random.Random(seed)
    return [
        {"text": " ".join([*draw.sample(CIVIL, 3), "fool" if toxic else "word0"]), "label": toxic}
        for toxic in [0, 1] * 60
    ]


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    base = tiny_bert.build(tmp_path / "base", [*CIVIL, "fool"])
    paths = []
    for seed, name in enumerate(("mine", "other")):
        path = tmp_path / f"{name}.jsonl"
        path.write_text("\n".join(map(json.dumps, rows(seed))))
        paths.append(str(path))
    settings = RewardSettings(task="toxicity", base=str(base), window=24, tokens=256, lr=0.01)
    return Recipe((paths[0],), (paths[1],), settings)


def figures(out: Path) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = json.loads((out / "reward_models.json").read_text())[
        "figures"
    ]
    return found


def test_a_judge_that_is_there_is_measured_and_not_trained_again(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reward_models, "RECIPES", {"toy": recipe})
    asked = ["reward_models", "--data", tmp_path, "--judges", tmp_path / "judges"]
    for out, more in (("first", ()), ("again", ("--again",))):
        monkeypatch.setattr(sys, "argv", [*map(str, asked), "--out", str(tmp_path / out), *more])
        reward_models.main()
        if out == "first":
            weights = (tmp_path / "judges" / "toy" / "adapter.safetensors").stat()

    first, again = figures(tmp_path / "first"), figures(tmp_path / "again")
    assert first == again
    assert 0 <= first["toy_other.jsonl_auc"]["low"] <= first["toy_other.jsonl_auc"]["high"] <= 1
    assert first["toy_bytes"]["value"] == weights.st_size
    assert (tmp_path / "judges" / "toy" / "adapter.safetensors").stat() == weights


def test_a_judge_of_a_part_is_not_taken_for_one_of_the_whole(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reward_models, "RECIPES", {"toy": recipe})
    asked = ["reward_models", "--data", tmp_path, "--judges", tmp_path / "judges"]
    asked += ["--out", tmp_path / "out"]
    monkeypatch.setattr(sys, "argv", [*map(str, asked), "--examples", "100"])
    reward_models.main()
    before = figures(tmp_path / "out")
    monkeypatch.setattr(sys, "argv", [*map(str, asked)])
    with pytest.raises(LecternError, match=r"was trained and measured on .*mine\.jsonl:100"):
        reward_models.main()
    assert figures(tmp_path / "out") == before


def test_a_part_takes_the_place_of_the_part_a_recipe_names() -> None:
    assert part("davidson:2500:", 300) == "davidson:300"
    assert part("jigsaw", 300) == "jigsaw:300"
    assert part("davidson:2500:", None) == "davidson:2500:"


def test_every_row_is_of_a_collection_that_its_judge_is_measured_on() -> None:
    for line in reward.LINES:
        role = next(role for role in RECIPES if line.path[1].startswith(f"{role}_"))
        rest = line.path[1].removeprefix(f"{role}_")
        recipe = RECIPES[role]
        sources = [name.partition(":")[0] for name in (*recipe.data, *recipe.judged)]
        assert rest == "bytes" or any(rest.startswith(f"{source}_") for source in sources)


def test_what_rewards_and_what_judges_share_no_data() -> None:
    one, other = RECIPES["toxicity-reward"], RECIPES["toxicity-independent"]
    assert not {n.partition(":")[0] for n in one.data} & {n.partition(":")[0] for n in other.data}
