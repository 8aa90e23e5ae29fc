"""Shipping: small, whole, described, within the budget, or not at all; and it says the same."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import tiny_t5
from safetensors.torch import load_file
from trained_folders import (
    QED_FILE,
    QED_HASH,
    adapter,
    judge,
    pretrained,
    reader,
    write_record,
    write_sft,
)
from typer.testing import CliRunner

from chatbot.cli import app
from chatbot.engines.base import Decoding
from chatbot.engines.factory import load_engine
from chatbot.judging.reward_model import RewardModel
from chatbot.reading.span_reader import SpanReader
from evaluation.judge import record_reward, recorded_reward, weights_identity
from finetune.errors import TrainingError
from finetune.ppo.penalty import Penalty
from finetune.ppo.reward_folders import load_reward
from finetune.shipping.learned import learned, read_record
from finetune.shipping.packing import TOLERANCE, Weights
from finetune.shipping.ship import TASKS, ship
from ingestion import packaged
from ingestion.encoders.factory import DEFAULT_ENCODER, packaged_folder
from ingestion.errors import LecternError, ModelUnavailable
from ingestion.packaged import KNOWN, MANIFEST, packaged_model, read_manifest

PROMPTS = ["sort: window answer chunk", "sort: token slide", "sort: model lecture index citation"]
ANSWERS = ["answer chunk window", "slide token", "citation index lecture model"]
TEXTS = ["You are a fool.", "The lecture is at ten.", "Thanks for nothing, idiot!"]


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An install without any packaged model."""
    place = tmp_path / "install"
    place.mkdir()
    (place / MANIFEST).write_text('{"models": []}')
    monkeypatch.setattr(packaged, "FOLDER", place)
    monkeypatch.setattr("finetune.shipping.ship.FOLDER", place)
    # To the toy T5 the probes are noise, at −8 nats a token: rounding moves these by .004 to .08,
    # another amount after every training.
    for weights in ("bf16", "int8"):
        monkeypatch.setitem(TOLERANCE, weights, 0.5)
    return place


@pytest.fixture(scope="module")
def sorting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A T5 that sorts the words after "sort:", with the records of its two trainings."""
    place = tmp_path_factory.mktemp("trained")
    folder = tiny_t5.teach(place / "tuned")
    write_sft(folder, pretrained(place / "pretrained"))
    return folder


@pytest.mark.parametrize("weights", ["bf16", "int8"])
def test_a_shipped_t5_is_found_by_name_and_says_what_was_trained(
    box: Path, sorting: Path, weights: Weights
) -> None:
    told = ship(sorting, "lectern-t5-mini", weights=weights)

    trained = load_engine(str(sorting), device="cpu")
    shipped = load_engine("lectern-t5-mini", device="cpu")
    decoding = Decoding(max_new_tokens=16)
    assert shipped.generate(PROMPTS, decoding) == trained.generate(PROMPTS, decoding) == ANSWERS
    nats = {"bf16": 0.02, "int8": 0.05}[weights]
    assert shipped.score(PROMPTS, ANSWERS) == pytest.approx(
        trained.score(PROMPTS, ANSWERS), abs=nats
    )
    assert told.apart is not None
    assert 0 < told.apart <= TOLERANCE[weights]
    whole = (sorting / "model.safetensors").stat().st_size
    assert told.total < {"bf16": 0.55, "int8": 0.35}[weights] * whole + 40_000


def test_a_t5_that_says_something_else_is_not_shipped(
    box: Path, sorting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TOLERANCE, "bf16", 1e-9)
    with pytest.raises(TrainingError, match=r"differ by up to .* nats"):
        ship(sorting, "lectern-t5-mini")
    assert [path.name for path in box.iterdir()] == [MANIFEST]


def test_a_shipped_judge_is_the_same_judge(box: Path, tmp_path: Path) -> None:
    folder = judge(tmp_path / "judge")
    ship(folder, "lectern-judge")
    shipped = packaged_model("lectern-judge")
    assert weights_identity(shipped) == weights_identity(folder)
    expected = RewardModel(folder, "fp32").logits(TEXTS)
    assert RewardModel(shipped, "fp32").logits(TEXTS).tolist() == expected.tolist()
    assert read_record(shipped)["settings"] == {"seed": 3}, "which texts it has not seen"
    reward = load_reward(Path("lectern-judge"))
    assert "lectern-judge" in reward.identity and isinstance(reward, Penalty)
    assert reward.scores(["?"] * 3, TEXTS) == load_reward(folder).scores(["?"] * 3, TEXTS)


def test_a_shipped_reader_marks_the_same_spans(box: Path, tmp_path: Path) -> None:
    folder = reader(tmp_path / "reader")
    ship(folder, "lectern-reader")
    asked = ("Who wrote it?", ["Ada wrote it in 1843.", "Nobody knows what it was."])
    base = packaged_folder()
    shipped = SpanReader(packaged_model("lectern-reader"), base)
    assert shipped.read(*asked) == SpanReader(folder, base).read(*asked)


def test_only_what_a_model_needs_to_run_travels(box: Path, tmp_path: Path) -> None:
    ship(judge(tmp_path / "judge"), "lectern-judge")
    (model,) = read_manifest().models
    names = [file.name for file in model.files]
    assert names == ["README.md", "adapter.json", "adapter.safetensors", "training.json"]
    assert sorted(path.name for path in (box / "lectern-judge").iterdir()) == names
    assert (model.base, model.base_sha256) == (DEFAULT_ENCODER, weights_of_the_encoder())
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in (box / "lectern-judge").iterdir())


def weights_of_the_encoder() -> str:
    import hashlib

    return hashlib.sha256((packaged_folder() / "model.safetensors").read_bytes()).hexdigest()


def test_the_card_has_data_licences_credits_figures_and_limits(
    box: Path, tmp_path: Path, sorting: Path
) -> None:
    report = tmp_path / "squad.json"
    figure = {"value": 0.4567, "low": 0.4, "high": 0.51, "n": 9}
    report.write_text(json.dumps({"figures": {"f1": figure}}))
    ship(sorting, "lectern-t5-mini", reports=[report])
    card = (box / "lectern-t5-mini" / "README.md").read_text()
    assert "15,000,000" in card
    assert "| CC BY-SA 3.0 |" in card
    assert "Natural Questions" in card
    assert "| squad | token F1 | 0.457 | 0.400–0.510 |" in card
    assert "| held out in training | rougeL | 0.250 |" in card
    assert "weights in bfloat16" in card
    assert "## Limits" in card
    assert str(tmp_path) not in card

    before = {"data": {QED_FILE: QED_HASH}, "examples": {"qed": 9}, "training": {"lr": 2e-3}}
    ship(reader(tmp_path / "reader", before), "lectern-reader")
    card = (box / "lectern-reader" / "README.md").read_text()
    assert "10,774" in card
    assert "| held documents | f1 | 0.610 |" in card
    assert "| lr, in a run before this one | 0.002 |" in card

    ship(judge(tmp_path / "judge"), "lectern-judge")
    card = (box / "lectern-judge" / "README.md").read_text()
    assert card.startswith("# A judge of toxicity")
    assert "Jigsaw" in card


def test_what_is_trained_from_a_shipped_model_knows_what_that_has_learned(
    box: Path, sorting: Path, tmp_path: Path
) -> None:
    ship(sorting, "lectern-t5-mini")
    write_sft(tmp_path, "lectern-t5-mini")
    assert [one.examples for one in learned(tmp_path)] == [15_000_000, 5_000_000, 7167, 7167]


def test_a_policy_takes_what_rewarded_it_along(box: Path, sorting: Path, tmp_path: Path) -> None:
    shutil.copytree(sorting, tmp_path / "policy")
    record_reward(tmp_path / "policy", "toxicity by judge (0123456789abcdef)")
    ship(tmp_path / "policy", "lectern-t5-mini")
    assert "0123456789abcdef" in recorded_reward(packaged_model("lectern-t5-mini"))


def test_what_is_too_large_for_the_package_is_packed_beside_it(
    box: Path, sorting: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finetune.shipping.ship.LARGEST", 1)
    out = tmp_path / "release" / "small"
    told = ship(sorting, "lectern-t5-small", weights="int8", out=out)
    assert told.total == told.model.bytes == sum(p.stat().st_size for p in out.iterdir())
    assert [path.name for path in out.parent.iterdir()] == ["small"]
    released = load_engine(str(out), device="cpu")
    assert released.generate(PROMPTS, Decoding(max_new_tokens=16)) == ANSWERS
    card = (out / "README.md").read_text()
    assert "| CC BY-SA 3.0 |" in card
    assert "does not travel with Lectern" in card
    assert [path.name for path in box.iterdir()] == [MANIFEST]

    with pytest.raises(LecternError, match="is not empty"):
        ship(sorting, "lectern-t5-small", out=out)
    with pytest.raises(LecternError, match=r"lectern-t5-small .*does not travel.*--out DIR"):
        ship(sorting, "lectern-t5-small")
    with pytest.raises(LecternError, match=r"lectern-t5-mini .*travels.*without --out"):
        ship(sorting, "lectern-t5-mini", out=tmp_path / "mini")


def test_past_the_budget_nothing_changes_and_the_figures_are_named(
    box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = judge(tmp_path / "judge")
    first = ship(folder, "lectern-judge")
    monkeypatch.setattr("finetune.shipping.ship.LARGEST", first.total + 10_000)
    with pytest.raises(LecternError) as refused:
        ship(folder, "lectern-judge-independent")
    size = f"{first.total / 1e6:.2f}"
    assert f"lectern-judge {size}, lectern-judge-independent {size}" in refused.value.what
    assert "--weights int8" in refused.value.remedy
    assert [model.name for model in read_manifest().models] == ["lectern-judge"]
    assert sorted(path.name for path in box.iterdir()) == ["lectern-judge", MANIFEST]
    assert ship(folder, "lectern-judge").total == first.total, "one in place of itself fits"


def test_a_model_shipped_again_replaces_the_first(box: Path, tmp_path: Path) -> None:
    ship(judge(tmp_path / "one"), "lectern-judge")
    packaged_model("lectern-judge")
    ship(judge(tmp_path / "two", data="toxic_spans"), "lectern-judge")
    (found,) = learned(packaged_model("lectern-judge"))
    assert found.recorded.startswith("Toxic Spans")
    assert len(read_manifest().models) == 1


@pytest.mark.parametrize("file", ["adapter.json", MANIFEST])
def test_a_disk_that_is_full_leaves_the_package_as_it_was(
    box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    """The manifest is written last, and is no less needed than the rest."""
    ship(judge(tmp_path / "one"), "lectern-judge")
    another = judge(tmp_path / "two", data="toxic_spans")
    write = Path.write_text

    def full(path: Path, *text: Any, **how: Any) -> int:
        if path.is_relative_to(box) and file in path.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, *text, **how)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", full)
        for name in ("lectern-judge", "lectern-judge-independent"):
            with pytest.raises(OSError, match="No space"):
                ship(another, name)
    (found,) = learned(packaged_model("lectern-judge"))
    assert found.recorded.startswith("Jigsaw")
    assert sorted(path.name for path in box.iterdir()) == ["lectern-judge", MANIFEST]


def test_data_that_may_not_be_shipped_stops_it(box: Path, tmp_path: Path) -> None:
    with pytest.raises(LecternError, match="autoj"):
        ship(judge(tmp_path / "judge", data="autoj", task="preference"), "lectern-preference")
    assert [path.name for path in box.iterdir()] == [MANIFEST]


def test_folders_of_another_kind_are_refused(box: Path, tmp_path: Path, tiny: Path) -> None:
    with pytest.raises(LecternError, match="toxicity, and one for preference"):
        ship(judge(tmp_path / "judge"), "lectern-preference")
    other = adapter(tmp_path / "other", "toxicity", {}, base="bert-base-uncased")
    write_record(other, {"data": [{"name": "jigsaw", "examples": 1}]})
    with pytest.raises(LecternError, match="for bert-base-uncased, which does not travel"):
        ship(other, "lectern-judge")
    tiny_t5.make_adapter(tiny, tmp_path / "lora", seed=1)
    write_sft(tmp_path / "lora", pretrained(tmp_path / "pretrained"))
    with pytest.raises(LecternError, match="lectern train merge"):
        ship(tmp_path / "lora", "lectern-t5-mini")
    write_record(tmp_path, {"data": [{"name": "jigsaw", "examples": 1}]})
    with pytest.raises(ModelUnavailable):
        ship(tmp_path, "lectern-judge")
    with pytest.raises(LecternError, match="not a name"):
        ship(tmp_path, "google/flan-t5-small")
    assert [path.name for path in box.iterdir()] == [MANIFEST]


def test_every_name_has_its_task() -> None:
    assert TASKS.keys() == KNOWN.keys()


def test_the_verb_ships_and_doctor_shows_it(box: Path, tmp_path: Path) -> None:
    folder = judge(tmp_path / "judge")
    run = CliRunner().invoke(app, ["train", "ship", str(folder), "--name", "lectern-judge"])
    assert run.exit_code == 0, run.output
    assert "of 36 MB" in run.output.replace("\n", " ")
    shown = CliRunner().invoke(app, ["doctor", "--json"])
    findings = {one["subject"]: one for one in json.loads(shown.stdout)["findings"]}
    assert findings["lectern-judge"]["ok"]
    assert "as shipped" in findings["lectern-judge"]["detail"]
    assert not findings["lectern-reader"]["ok"]
    assert "does not travel" in findings["lectern-reader"]["detail"]
    (box / "lectern-judge" / "README.md").write_text("changed")
    packaged._whole.cache_clear()  # as in another process
    shown = CliRunner().invoke(app, ["doctor", "--json"])
    findings = {one["subject"]: one for one in json.loads(shown.stdout)["findings"]}
    assert "README.md is not the file that was shipped" in findings["lectern-judge"]["detail"]
    assert load_file(box / "lectern-judge" / "adapter.safetensors")
