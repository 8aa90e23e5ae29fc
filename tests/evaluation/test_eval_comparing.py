"""Two runs held against each other: pairs, the interval's coverage, what moved, what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from evaluation.bootstrap import compare
from evaluation.commands import eval_app
from evaluation.comparing import compare_runs
from evaluation.runs import load_run
from ingestion.errors import LecternError


def write_run(
    folder: Path,
    name: str,
    rows: dict[str, dict[str, Any]],
    settings: dict[str, Any] | None = None,
    data: dict[str, str] | None = None,
) -> Path:
    """A report with rows: id → measures."""
    folder.mkdir(parents=True, exist_ok=True)
    report = {
        "figures": {},
        "settings": settings or {},
        "data": data or {"questions": "aaaa" * 16},
        "versions": {"torch": "2.13.0"},
        "date": "2026-11-01",
    }
    (folder / f"{name}.json").write_text(json.dumps(report))
    lines = [
        {
            "id": key,
            "question": f"Question {key}?",
            "gold": [f"gold {key}"],
            "answer": f"{name} says {key}",
            "abstained": False,
            "measures": measures,
        }
        for key, measures in rows.items()
    ]
    (folder / f"{name}.rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder / f"{name}.json"


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    before = {str(n): {"f1": 0.1 * n, "wrong": 1.0} for n in range(8)}
    after = {str(n): {"f1": 0.1 * n + 0.02 * n, "wrong": float(n % 2)} for n in range(8)}
    after["9"] = {"f1": 1.0, "wrong": 0.0}
    return (
        write_run(tmp_path, "before", before, {"chatbot": {"passages": 6, "model": "base"}}),
        write_run(tmp_path, "after", after, {"chatbot": {"passages": 8, "model": "base"}}),
    )


def compared(two: tuple[Path, Path], *arguments: Any, **options: Any) -> dict[str, Any]:
    return compare_runs(load_run(two[0]), load_run(two[1]), *arguments, **options)


def test_shared_examples_are_paired_by_id_and_the_difference_is_second_minus_first(
    two: tuple[Path, Path],
) -> None:
    report = compared(two)

    found = report["comparisons"]["after − before"]["f1"]
    assert found["difference"]["value"] == pytest.approx(0.02 * 3.5)
    assert found["difference"]["n"] == 8
    assert found["difference"]["low"] > 0
    assert found["p"] < 0.05
    assert (found["wins"], found["ties"], found["losses"]) == (7, 1, 0)
    assert report["counts"] == {"shared": 8, "only_first": 0, "only_second": 1}
    assert report["figures"]["before"]["f1"]["value"] == pytest.approx(0.35)


def test_fewer_wrong_answers_are_wins(two: tuple[Path, Path]) -> None:
    found = compared(two)["comparisons"]["after − before"]["wrong"]

    assert found["difference"]["value"] == -0.5
    assert (found["wins"], found["ties"], found["losses"]) == (4, 4, 0)


def test_what_differs_in_the_settings_is_named_and_nothing_else(two: tuple[Path, Path]) -> None:
    assert compared(two)["settings"] == {"chatbot.passages": [6, 8]}


def test_the_most_moved_examples_come_with_question_gold_and_both_answers(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    before = {str(n): {"f1": float(rng.random())} for n in range(60)}
    after = {key: {"f1": float(rng.random())} for key in before}
    pair = write_run(tmp_path, "a", before), write_run(tmp_path, "b", after)

    moved = compared(pair)["moved"]

    changes = {key: after[key]["f1"] - before[key]["f1"] for key in before}
    expected = sorted(changes, key=lambda key: -abs(changes[key]))[:20]
    assert [example["id"] for example in moved] == expected
    first = moved[0]
    assert first["first"]["question"] == f"Question {expected[0]}?"
    assert first["first"]["gold"] == (f"gold {expected[0]}",)
    assert first["first"]["answer"] == f"a says {expected[0]}"
    assert first["second"]["answer"] == f"b says {expected[0]}"
    assert first["change"] == pytest.approx(changes[expected[0]], abs=1e-6)


def test_measures_of_several_legs_are_compared_leg_by_leg(tmp_path: Path) -> None:
    legs = {"q": {"lexical": {"map": 0.25}, "fusion": {"map": 0.5}}}
    better = {"q": {"lexical": {"map": 0.25}, "fusion": {"map": 0.75}}}
    pair = write_run(tmp_path, "a", legs), write_run(tmp_path, "b", better)

    found = compared(pair)["comparisons"]["b − a"]

    assert found["fusion/map"]["difference"]["value"] == 0.25
    assert found["lexical/map"]["difference"]["value"] == 0


def test_runs_of_different_questions_are_refused_by_name(tmp_path: Path) -> None:
    rows = {"1": {"f1": 1.0}}
    pair = (
        write_run(tmp_path, "a", rows, data={"questions": "1" * 64, "unanswerable": "2" * 64}),
        write_run(tmp_path, "b", rows, data={"questions": "3" * 64, "unanswerable": "2" * 64}),
    )

    with pytest.raises(LecternError, match=r"questions is 111111111111 in a.json, 3333") as refused:
        compared(pair)
    assert "unanswerable" not in refused.value.what
    assert compared(pair, allow_different_data=True)["counts"]["shared"] == 1


def test_reports_of_the_same_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    rows = {"1": {"f1": 1.0}}
    pair = write_run(tmp_path / "old", "R", rows), write_run(tmp_path / "new", "R", rows)

    assert list(compared(pair)["figures"]) == ["old/R", "new/R"]


def test_what_cannot_be_compared_says_why(two: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(LecternError, match="no 'map' in both") as unknown:
        compared(two, "map")
    assert "f1, wrong" in unknown.value.remedy

    other = write_run(tmp_path, "other", {"x": {"f1": 1.0}})
    with pytest.raises(LecternError, match="no measured example in common"):
        compared((two[0], other))

    (tmp_path / "other.rows.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(LecternError, match=r"other.rows.jsonl, line 1"):
        compared((two[0], other))
    (tmp_path / "other.rows.jsonl").unlink()
    with pytest.raises(LecternError, match="no rows beside it"):
        compared((two[0], other))
    (tmp_path / "other.json").write_text("[]")
    with pytest.raises(LecternError, match=r"other.json is not a report"):
        load_run(other)


def test_the_paired_interval_covers_the_true_difference_about_95_times_in_100() -> None:
    """Two systems on the same questions: hard questions are hard for both, the gain is .1."""
    generator = np.random.default_rng(3)
    covered = 0
    for trial in range(400):
        hardness = generator.normal(0, 1, 80)
        before = hardness + generator.normal(0, 0.4, 80)
        after = hardness + 0.1 + generator.normal(0, 0.4, 80)
        found = compare(after, before, resamples=800, seed=trial).difference
        covered += found.low <= 0.1 <= found.high
    assert 0.91 <= covered / 400 <= 0.98


def test_on_the_command_line(two: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "new" / "C.json"
    arguments = ["compare", *map(str, two), "--measure", "wrong", "--out", str(out)]

    result = CliRunner().invoke(eval_app, arguments, catch_exceptions=False)

    assert result.exit_code == 0
    assert "A = before, B = after" in result.output
    assert "chatbot.passages" in result.output
    assert "Question 0?" in result.output
    report = json.loads(out.read_text())
    assert report["measure"] == "wrong"
    assert len(report["moved"]) == 4
    assert CliRunner().invoke(eval_app, ["compare", str(two[0])]).exit_code == 2
