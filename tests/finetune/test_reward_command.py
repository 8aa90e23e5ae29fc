"""`lectern train reward`, from the command line to a judge with its record and card."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest
import tiny_bert
import toy_judgements
from typer.testing import CliRunner

from chatbot.judging.reward_model import RewardModel
from evaluation.jsonl import sha256_of
from finetune.commands import train_app
from finetune.reward.labelled import LABELLED_FILES
from finetune.reward.pairs import PAIRS_FILES
from finetune.reward.run import read_data, train_and_measure
from finetune.reward.settings import RewardSettings
from finetune.shipping.learned import Learned, learned
from finetune.shipping.shippable import check, shippable
from ingestion.errors import LecternError


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert.build(tmp_path_factory.mktemp("bert") / "base", toy_judgements.WORDS)


def write_labelled(path: Path, count: int, seed: int) -> Path:
    rows = [{"text": e.text, "label": e.label} for e in toy_judgements.labelled(count, seed)]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def write_pairs(path: Path, count: int, seed: int) -> Path:
    rows = [
        {"prompt": p.prompt, "chosen": p.chosen, "rejected": p.rejected}
        for p in toy_judgements.pairs(count, seed)
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def settings(base: Path, task: str = "toxicity") -> RewardSettings:
    return RewardSettings(task=task, base=str(base), window=24, tokens=256, lr=0.01, epochs=2)


def test_a_judge_is_left_with_its_record_and_its_card(base: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    mine = write_labelled(tmp_path / "data" / "mine.jsonl", 400, 1)
    other = write_labelled(tmp_path / "data" / "other.jsonl", 60, 2)
    said: list[str] = []

    record = train_and_measure(
        [str(mine)], [str(other)], tmp_path, tmp_path / "judge", settings(base), say=said.append
    )

    written = json.loads((tmp_path / "judge" / "training.json").read_text())
    assert written["figures"] == record["figures"]
    assert set(record["figures"]) == {"mine.jsonl", "other.jsonl"}
    assert record["figures"]["other.jsonl"]["auc"]["n"] == 60
    splits = record["splits"]
    assert splits["train"] + splits["dev"] + splits["test"] + splits["copies"] == 400
    assert f"{splits['train']:,} examples to train on" in said[0]
    card = (tmp_path / "judge" / "README.md").read_text()
    assert f"| mine.jsonl | {splits['train']:,} | not stated |" in card
    digest = hashlib.sha256(mine.read_bytes()).hexdigest()
    assert written["data"][0]["files"] == [{"file": "mine.jsonl", "sha256": digest}]
    assert learned(tmp_path / "judge") == [Learned("mine.jsonl", splits["train"], digest)]
    auc = record["figures"]["other.jsonl"]["auc"]
    shown = f"| other.jsonl | auc | {auc['value']:.3f} | {auc['low']:.3f}–{auc['high']:.3f} |"
    assert shown in card
    assert RewardModel(tmp_path / "judge").task == "toxicity"


def test_ones_own_file_does_not_take_the_name_and_licence_of_a_collection(
    base: Path, tmp_path: Path
) -> None:
    place = (tmp_path / LABELLED_FILES["jigsaw"][0]).parent
    place.mkdir(parents=True)
    (place / "SOURCE.txt").write_text("LICENCE: CC0\n")
    mine = write_labelled(tmp_path / "jigsaw.jsonl", 300, 1)
    record = train_and_measure([str(mine)], [], tmp_path, tmp_path / "judge", settings(base))
    (learned_from,) = record["data"]
    assert (learned_from["name"], learned_from["licence"]) == ("jigsaw.jsonl", "not stated")
    with pytest.raises(LecternError, match=r"may not be shipped.*jigsaw\.jsonl"):
        check(learned(tmp_path / "judge"))


def test_a_collection_is_known_by_its_files_and_not_by_their_name(
    base: Path, tmp_path: Path
) -> None:
    place = tmp_path / LABELLED_FILES["surge"][0]
    place.parent.mkdir(parents=True)
    with place.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "is_toxic"])
        for e in toy_judgements.labelled(300, 1):
            rows.writerow([e.text, "Toxic" if e.label else "Not Toxic"])
    train_and_measure(["surge:200"], [], tmp_path, tmp_path / "judge", settings(base))
    with pytest.raises(LecternError, match=r"may not be shipped.*surge \([0-9a-f]{12}\)"):
        check(learned(tmp_path / "judge"))


@pytest.mark.data
def test_the_files_read_of_a_collection_are_those_on_the_list(shared_data: Path) -> None:
    listed = {digest for one in shippable() for digest in one.files.values()}
    unlisted = {
        name
        for name, paths in {**LABELLED_FILES, **PAIRS_FILES}.items()
        if not listed.issuperset(sha256_of(shared_data / path) for path in paths)
    }
    assert unlisted == {"autoj"}, "without a licence, to be measured on"


def test_a_judge_of_preference_from_ones_own_pairs(base: Path, tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path / "pairs.jsonl", 120, 3)

    record = train_and_measure(
        [str(pairs)], [], tmp_path, tmp_path / "judge", settings(base, "preference")
    )

    assert {"accuracy", "accuracy_length_matched", "length_correlation", "ece"} <= set(
        record["figures"]["pairs.jsonl"]
    )


def test_a_part_of_a_collection_is_the_same_part_each_time(base: Path, tmp_path: Path) -> None:
    mine = write_labelled(tmp_path / "mine.jsonl", 300, 1)

    def groups(count: str) -> set[str]:
        parts, _ = read_data([f"{mine}:{count}"], [], tmp_path, settings(base))
        return {e.group for e in [*parts.train, *parts.dev, *parts.test]}

    assert groups("100") < groups("200")
    assert len(groups("100")) <= 100
    assert not groups("100") & groups("100:")
    assert groups("100") | groups("100:") == groups("300")


def test_what_is_judged_is_never_trained_on(base: Path, tmp_path: Path) -> None:
    mine = write_labelled(tmp_path / "mine.jsonl", 300, 1)
    same = write_labelled(tmp_path / "same.jsonl", 100, 1)

    parts, apart = read_data([str(mine)], [str(same)], tmp_path, settings(base))

    judged = {example.text for example in apart}
    assert len(judged) > 90
    assert not judged.intersection(e.text for e in [*parts.train, *parts.dev, *parts.test])


def test_the_help_says_what_is_taken_by_default() -> None:
    found = CliRunner().invoke(train_app, ["reward", "--help"])
    # However wide the terminal is, and the box around it.
    assert "the packaged encoder" in " ".join(found.output.replace("│", " ").split())


def test_wrong_settings_are_refused_in_one_line(tmp_path: Path) -> None:
    from finetune.commands.reward import reward

    with pytest.raises(LecternError, match="The setting task cannot be 'kindness'"):
        reward(task="kindness", data=["jigsaw"], out=tmp_path, judge_on=None)
