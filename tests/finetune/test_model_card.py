"""A model card says what was measured and recorded, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from finetune.licences import licence_of
from finetune.model_card import DataUsed, Measured, ModelCard
from finetune.policy_run import learned_from
from finetune.t5_card import t5_card
from ingestion.errors import LecternError


def test_figures_data_and_licences_stand_in_tables(tmp_path: Path) -> None:
    card = ModelCard(
        title="A judge",
        summary="It judges.",
        base='the "small" one',
        task="toxicity",
        usage="Run it.",
        data=[DataUsed("jigsaw", 9_698, "CC0 | with a bar")],
        figures=[Measured("auc", "davidson", 0.91234, 0.9, 0.92), Measured("ece", "surge", 0.05)],
        settings={"lr": 0.001},
        limits=["English only."],
    )

    text = card.write(tmp_path).read_text()

    assert 'base_model: "the \\"small\\" one"' in text
    assert "| jigsaw | 9,698 | CC0 \\| with a bar |" in text
    assert "| davidson | auc | 0.912 | 0.900–0.920 |" in text
    assert "| surge | ece | 0.050 |  |" in text
    assert "| lr | 0.001 |" in text
    assert "* English only." in text


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    text = ModelCard("M", "S", "b", "t", "u").text()
    assert "The data are not recorded." in text
    assert "Nothing has been measured yet." in text
    assert "## Settings" not in text


def test_the_card_of_a_t5_has_the_figures_of_the_weights_that_were_kept(tmp_path: Path) -> None:
    record = {
        "settings": {"lr": 0.001, "adapter": {"r": 8}},
        "data": {"train": [{"file": "a.jsonl", "name": "", "examples": 7, "licence": "MIT"}]},
        "course": {
            "best_step": 20,
            "evaluations": [{"step": 10, "rouge1": 0.2}, {"step": 20, "rouge1": 0.3}],
        },
    }
    (tmp_path / "training.json").write_text(json.dumps(record))

    card = t5_card(tmp_path, title="M", base="b", how="h", usage="u")

    assert card.data == [DataUsed("a.jsonl", 7, "MIT")]
    assert card.figures == [Measured("rouge1", "held out in training", 0.3)]
    assert card.settings == {"lr": 0.001, "adapter": '{"r": 8}'}


def test_the_card_of_a_policy_has_its_data_and_what_its_report_found(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.jsonl"
    (tmp_path / "SOURCE.txt").write_text("LICENCE: MIT\n")
    record = {
        "data": {"train": learned_from(pairs, "0" * 64, 44), "measured": {}},
        "report": {
            "held": {"accuracy": 0.75},
            "kl": {"value": 1.5, "low": 1.25, "high": 2.0, "n": 4},
            "reward": {"difference": {"value": 0.5, "low": 0.25, "high": 1.0, "n": 4}, "p": 0.1},
            "length_ratio": None,
        },
    }
    (tmp_path / "training.json").write_text(json.dumps(record))

    card = t5_card(tmp_path, title="M", base="b", how="h", usage="u")

    assert card.data == [DataUsed("pairs.jsonl", 44, "MIT")]
    assert card.figures == [
        Measured("accuracy of the preferences", "held prompts", 0.75),
        Measured("KL to the reference, nats per response", "held prompts", 1.5, 1.25, 2.0),
        Measured("change of the reward", "held prompts", 0.5, 0.25, 1.0),
    ]


def test_a_t5_without_a_record_says_so_and_a_broken_one_is_named(tmp_path: Path) -> None:
    card = t5_card(tmp_path, title="M", base="b", how="h", usage="u")
    assert "Nothing is recorded of how it was trained." in card.limits

    (tmp_path / "training.json").write_text("{")
    with pytest.raises(LecternError, match=r"training\.json is not a record"):
        t5_card(tmp_path, title="M", base="b", how="h", usage="u")


def test_the_licence_is_what_the_note_beside_the_data_says(tmp_path: Path) -> None:
    data = tmp_path / "rows.csv"
    assert licence_of(data) == "not stated"
    (tmp_path / "SOURCE.txt").write_text(
        "DATASET: x\nLICENCE (as stated in the repository / upstream): MIT (LICENSE in repo)\n"
    )
    assert licence_of(data) == "MIT (LICENSE in repo)"


def test_the_card_names_the_data_of_the_base_first(tmp_path: Path) -> None:
    def record(name: str, **said: object) -> Path:
        (tmp_path / name).mkdir()
        (tmp_path / name / "training.json").write_text(json.dumps(said))
        return tmp_path / name

    def learned(file: str) -> dict[str, object]:
        return {"train": [{"file": file, "examples": 7, "licence": f"licence of {file}"}]}

    text = {"books": {"licence": "CC BY 4.0", "tokens": 90}}
    course = {"source_tokens": 40}
    first = record("t5", model="lectern-t5-mini", vocabulary={}, data=text,
                   mixture={"books": 0.75}, course=course)  # fmt: skip
    second = record("tuned", model=str(first), data=learned("a.jsonl"))
    third = record("merged", model="somewhere/else", data=learned("b.jsonl"))

    card = t5_card(third, title="M", base="b", how="h", usage="u", start=second)
    assert card.data == [
        DataUsed("books (tokens seen)", 30, "CC BY 4.0"),
        DataUsed("a.jsonl", 7, "licence of a.jsonl"),
        DataUsed("b.jsonl", 7, "licence of b.jsonl"),
    ]
    third.joinpath("training.json").write_text(json.dumps({"model": str(third)}))
    assert t5_card(third, title="M", base="b", how="h", usage="u").data == []


def test_what_the_packaged_base_has_learned_from_is_on_the_card(tmp_path: Path) -> None:
    record = {"model": "lectern-t5-mini", "data": {"train": [{"file": "a.jsonl", "examples": 7}]}}
    (tmp_path / "training.json").write_text(json.dumps(record))
    *packaged, mine = t5_card(tmp_path, title="M", base="b", how="h", usage="u").data
    assert mine.name == "a.jsonl"
    assert {one.licence for one in packaged} >= {"CC BY 4.0"}
