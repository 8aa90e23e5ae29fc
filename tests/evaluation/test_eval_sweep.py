"""A sweep: its file, its points, the shared indexes, going on after a kill, and the comparison."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmarks.ablation import SWEEP as SWEEP_FILE
from benchmarks.bars.ablation import MEASURES, POINTS
from evaluation.answers import AVERAGED
from evaluation.commands import eval_app
from evaluation.sweep import running
from evaluation.sweep.points import make_points
from evaluation.sweep.specification import load_sweep
from evaluation.sweep.table import ranking
from ingestion.errors import LecternError

NOTES = """# Ducks

Ducks keep their feathers dry with oil from a gland near the tail.

# Swans

A swan has a long neck and eats plants that grow under water.
"""
QUESTIONS = [
    {
        "id": "dry",
        "question": "How do ducks keep their feathers dry?",
        "answers": ["with oil from a gland near the tail"],
        "source": "notes.md",
        "evidence": "oil from a gland near the tail",
    },
    {
        "id": "neck",
        "question": "Which bird has a long neck?",
        "answers": ["a swan"],
        "source": "notes.md",
        "evidence": "A swan has a long neck",
    },
]
SWEEP = """
documents = ["birds"]

[questions.birds]
answerable = "questions.jsonl"
unanswerable = "unanswerable.jsonl"

[default]
answerer = "extractive"
passages = 2
"""


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    (tmp_path / "birds").mkdir()
    (tmp_path / "birds" / "notes.md").write_text(NOTES)
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, QUESTIONS)))
    (tmp_path / "unanswerable.jsonl").write_text('{"id": "u", "question": "Who won in 1998?"}\n')
    return write(tmp_path, "[vary]\nheading_trail = [true, false]\nfusion_weight = [0.5, 1.0]\n")


def write(folder: Path, text: str) -> Path:
    path = folder / "sweep.toml"
    path.write_text(SWEEP + text)
    return path


def names(mode: str, vary: dict[str, list[Any]], **default: Any) -> list[str]:
    return [point.name for point in make_points(mode, default, vary, [])]


def test_one_at_a_time_changes_one_factor_of_the_default() -> None:
    vary = {"chunk_tokens": [128, 256], "fusion_weight": [0.5, 0.75]}

    assert names("one-at-a-time", vary) == ["default", "chunk_tokens=128", "fusion_weight=0.75"]


def test_a_grid_has_every_combination_and_the_default_once() -> None:
    vary = {"chunk_tokens": [128, 256], "fusion_weight": [0.5, 0.75]}

    assert names("grid", vary) == [
        "default",
        "chunk_tokens=128 fusion_weight=0.5",
        "chunk_tokens=128 fusion_weight=0.75",
        "chunk_tokens=256 fusion_weight=0.75",
    ]


def test_a_point_sets_the_room_that_the_setting_belongs_to() -> None:
    changes = {"chunk_tokens": 96, "passages": 3, "shots": 1, "decoding": {"strategy": "beam"}}
    (_, point) = make_points("grid", {"neighbours": 2}, {}, [changes])

    assert point.ingestion.chunk_tokens == 96
    assert point.chat.passages == point.options.k == 3
    assert point.chat.neighbours == point.options.neighbours == 2
    assert point.options.shots == 1
    assert point.options.decoding.strategy == "beam"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[vary]\nchunk_size = [1]", r"\[vary\] has 'chunk_size'.*chunk_tokens.*fusion_weight"),
        ("[[point]]\nhome = 'x'", r"\[\[point\]\] has 'home'"),
        ("[questions.b]\nanswers = 'x'", r"\[questions.b\] has 'answers'.*answerable"),
        ("[speed]\nx = 1", r"it has 'speed'.*documents.*vary"),
        ("[vary]\nfusion_weight = [2.0]", "fusion_weight cannot be 2.0"),
        ("[vary]\nshots = [2]", "shots cannot be 2"),
        ("[vary]\ndecoding = [{beams = 2}]", "decoding has 'beams'.*num_beams"),
        ("[vary]\nshots = 1", "vary.shots"),
        ("[questions.c]\nanswerable = 'none.jsonl'", "none.jsonl, which is not there"),
        ("[questions.c]\nanswerable = '{data}/q.jsonl'", "needs a data folder"),
        ("[vary", "cannot be read"),
    ],
)
def test_a_mistake_in_the_file_is_named(sweep: Path, text: str, complaint: str) -> None:
    write(sweep.parent, text)

    with pytest.raises(LecternError, match=complaint) as refused:
        load_sweep(sweep)
    assert str(sweep) in refused.value.what


def test_an_unknown_measure_is_refused_before_anything_runs(sweep: Path) -> None:
    sweep.write_text(f'measure = "magic"\n{SWEEP}')

    with pytest.raises(LecternError, match=r"no measure 'magic'.*evidence@5"):
        load_sweep(sweep)


def test_a_file_without_questions_ends_the_sweep(sweep: Path, tmp_path: Path) -> None:
    for name in ("questions.jsonl", "unanswerable.jsonl"):
        (tmp_path / name).write_text("")
    result = CliRunner().invoke(eval_app, ["sweep", str(sweep), "--out", str(tmp_path / "out")])
    assert isinstance(result.exception, LecternError)
    assert "questions.jsonl holds no questions" in str(result.exception)


def test_data_stands_for_the_folder_given(sweep: Path) -> None:
    sweep.write_text(SWEEP.replace('"questions.jsonl"', '"{data}/questions.jsonl"'))

    asked = load_sweep(sweep, sweep.parent).questions["birds"]

    assert asked.answerable == sweep.parent / "questions.jsonl"


def test_every_point_is_measured_and_held_against_the_default(sweep: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    result = CliRunner().invoke(
        eval_app, ["sweep", str(sweep), "--out", str(out)], catch_exceptions=False
    )

    assert result.exit_code == 0
    report = json.loads((out / "sweep.json").read_text())
    assert list(report["figures"]) == ["default", "heading_trail=off", "fusion_weight=1.0"]
    assert report["figures"]["default"]["evidence@5"]["value"] == 1.0
    assert report["figures"]["default"]["abstention_recall"]["value"] == 1.0
    # An extractive answer quotes what it cites.
    assert report["figures"]["default"]["faithfulness"]["value"] == 1.0
    found = report["comparisons"]["fusion_weight=1.0 − default"]["evidence@5"]
    assert found["difference"]["value"] == 0.0
    assert found["ties"] == 2
    assert set(ranking(report)) == set(report["figures"])
    assert len(list((out / "indexes").iterdir())) == 2, "points of one ingestion share an index"
    for point in report["points"]:
        made = json.loads((out / point["reports"]["birds"]).read_text())
        assert made["settings"]["chatbot"]["passages"] == 2
    assert "heading_trail=off" in result.output


def test_every_measure_that_a_sweep_may_be_sorted_by_has_figures(
    sweep: Path, tmp_path: Path
) -> None:
    (tmp_path / "questions.jsonl").write_text(
        "\n".join(json.dumps(question | {"course": "birds"}) for question in QUESTIONS)
    )
    specification = load_sweep(write(tmp_path, ""))

    report = running.run_sweep(specification, tmp_path / "out")

    assert set(report["figures"]["default"]) >= set(AVERAGED)


def test_limit_takes_the_first_questions_whatever_the_file_says(
    sweep: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    sweep.write_text(f"limit = 2\n{SWEEP}")

    CliRunner().invoke(
        eval_app, ["sweep", str(sweep), "--out", str(out), "--limit", "1"], catch_exceptions=False
    )

    report = json.loads((out / "sweep.json").read_text())
    assert report["settings"]["limit"] == 1
    assert report["figures"]["default"]["evidence@5"]["n"] == 1


def test_every_kind_of_setting_can_be_varied() -> None:
    vary: dict[str, list[Any]] = {
        "chunk_tokens": [96],
        "fusion_weight": [0.25],
        "neighbours": [1],
        "passages": [3],
        "shots": [1],
        "chain_of_thought": [True],
        "decoding": [{"strategy": "sample", "temperature": 0.5}],
        "answerer": ["generative"],
        "adapter": ["v1"],
    }

    assert len(names("one-at-a-time", vary)) == 1 + len(vary)


def test_a_killed_sweep_goes_on_and_does_nothing_twice(
    sweep: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    specification, out = load_sweep(sweep), tmp_path / "out"
    real, asked = running.evaluate_answers, []

    def dies_at_the_second(*arguments: Any, **options: Any) -> Any:
        asked.append(options["rows"])
        if len(asked) == 2:
            raise KeyboardInterrupt
        return real(*arguments, **options)

    monkeypatch.setattr(running, "evaluate_answers", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        running.run_sweep(specification, out)
    assert len((out / running.POINTS).read_text().splitlines()) == 1

    finished = running.run_sweep(specification, out)
    assert len(finished["figures"]) == 3
    assert len(asked) == 4, "the default was not asked again"

    again = running.run_sweep(specification, out)
    assert len(asked) == 4
    assert again["figures"] == finished["figures"]

    (tmp_path / "birds" / "notes.md").write_text(NOTES + "\nGeese fly in a V.\n")
    running.run_sweep(specification, out)
    assert len(asked) == 7, "other documents, other answers"

    monkeypatch.setattr(running, "sources_hash", lambda *packages: "changed")
    running.run_sweep(specification, out)
    assert len(asked) == 10, "other code, other answers"


def test_a_point_whose_generator_is_not_here_says_so(sweep: Path, tmp_path: Path) -> None:
    write(tmp_path, '[[point]]\nanswerer = "generative"\nmodel = "no/such-model"\n')

    report = running.run_sweep(load_sweep(sweep), tmp_path / "out")

    assert list(report["figures"]) == ["default"]
    (reason,) = report["not_run"].values()
    assert "no/such-model is not on this machine" in reason


@pytest.mark.data
def test_the_ablation_is_a_sweep_whose_points_have_rows_on_the_page(shared_data: Path) -> None:
    sweep = load_sweep(SWEEP_FILE, shared_data)

    assert [point.name for point in sweep.points()] == ["default", *POINTS]
    assert set(MEASURES) <= set(AVERAGED)
    assert len({point.ingestion.model_dump_json() for point in sweep.points()}) == 5
