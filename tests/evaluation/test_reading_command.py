"""`lectern eval reading` end to end, over the packaged encoder."""

import json
from pathlib import Path

import pytest
import tiny_t5
from typer.testing import CliRunner

from evaluation.commands import eval_app
from ingestion.errors import LecternError

SQUAD = {
    "data": [
        {
            "title": "Normans",
            "paragraphs": [
                {
                    "context": "The Normans came from Normandy. Their first king was William.",
                    "qas": [
                        {
                            "id": "1",
                            "question": "Which region did the Normans come from?",
                            "answers": [{"text": "Normandy", "answer_start": 22}],
                        },
                        {
                            "id": "2",
                            "question": "What is the boiling point of water?",
                            "answers": [],
                            "is_impossible": True,
                        },
                    ],
                }
            ],
        }
    ]
}


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    data = tmp_path / "dev.json"
    data.write_text(json.dumps(SQUAD))
    out = ["--out", str(tmp_path / "R.json")]
    return ["reading", "--form", "squad", "--data", str(data), "--answerer", "extractive", *out]


def report(folder: Path) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = json.loads((folder / "R.json").read_text())
    return found


def test_answerable_questions_alone_then_all_without_reading_again(
    options: list[str], tmp_path: Path
) -> None:
    first = CliRunner().invoke(eval_app, options, catch_exceptions=False)
    assert first.exit_code == 0
    assert report(tmp_path)["counts"] == {"questions": 1, "documents": 1, "rows_resumed": 0}
    assert report(tmp_path)["figures"]["contained"]["value"] == 1.0  # type: ignore[index]
    assert "no_answer_accuracy" not in report(tmp_path)["figures"]
    assert "exact match" in first.output

    both = CliRunner().invoke(eval_app, [*options, "--impossible"], catch_exceptions=False)
    assert "1 rows are from an earlier run" in both.output
    assert report(tmp_path)["counts"] == {"questions": 2, "documents": 1, "rows_resumed": 1}
    assert report(tmp_path)["figures"]["no_answer_accuracy"]["value"] == 1.0  # type: ignore[index]
    assert list(report(tmp_path)["data"]) == ["dev.json"]
    assert report(tmp_path)["settings"]["answerer"] == "extractive"

    fresh = [*options, "--impossible", "--fresh", "--limit", "1"]
    CliRunner().invoke(eval_app, fresh, catch_exceptions=False)
    assert report(tmp_path)["counts"] == {"questions": 1, "documents": 1, "rows_resumed": 0}


def test_another_form_is_refused_by_name(options: list[str], tmp_path: Path) -> None:
    wrong = [word if word != "squad" else "pubmedqa" for word in options]
    result = CliRunner().invoke(eval_app, wrong)
    assert isinstance(result.exception, LecternError)
    assert "dev.json is not a PubMedQA file" in str(result.exception)
    assert not (tmp_path / "R.json").exists()


def test_a_form_that_nobody_knows_is_wrong_usage(options: list[str]) -> None:
    wrong = [word if word != "squad" else "triviaqa" for word in options]
    assert CliRunner().invoke(eval_app, wrong).exit_code == 2


def test_a_generator_is_held_against_the_verdicts(tmp_path: Path) -> None:
    entry = {
        "QUESTION": "Do ducks float?",
        "CONTEXTS": ["Ducks were put on a pond.", "They stayed on top."],
        "LONG_ANSWER": "Ducks float.",
        "final_decision": "yes",
    }
    data = tmp_path / "ori.json"
    data.write_text(json.dumps({"42": entry}))
    model = tiny_t5.build(tmp_path / "tiny-t5")
    options = ["--form", "pubmedqa", "--data", str(data), "--out", str(tmp_path / "R.json")]
    how = ["--answerer", "generative", "--model", str(model)]
    result = CliRunner().invoke(eval_app, ["reading", *options, *how], catch_exceptions=False)
    assert result.exit_code == 0
    figures, settings = report(tmp_path)["figures"], report(tmp_path)["settings"]
    assert {"decision_accuracy", "decided", "rougeL"} <= set(figures)
    assert str(settings["answerer"]).startswith("generative (")
    assert report(tmp_path)["notes"] == []
