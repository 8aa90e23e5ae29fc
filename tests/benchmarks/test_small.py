"""`make eval`: its steps, what is left out without the data, and the page at the end."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer.main

from benchmarks import small
from benchmarks.small import Step, clear, steps
from evaluation.commands import eval_app


def test_every_verb_of_the_evaluation_has_a_step(tmp_path: Path) -> None:
    planned = {str(step.arguments[1]) for step in steps(tmp_path, tmp_path) if step.report}
    left_out = {step.name for step in steps(tmp_path, tmp_path) if step.why_not}

    verbs = set(typer.main.get_command(eval_app).commands)  # type: ignore[attr-defined]
    assert verbs <= planned | left_out | {"report"}


def test_no_step_stands_there_twice(tmp_path: Path) -> None:
    names = [step.name for step in steps(tmp_path, tmp_path)]

    assert len(set(names)) == len(names)


def test_the_arguments_are_ones_that_the_verbs_take(tmp_path: Path) -> None:
    for step in steps(Path("/"), Path("/")):
        if step.report and step.name != "sweep":
            options = {str(a) for a in step.arguments if str(a).startswith("--")}
            command = typer.main.get_command(eval_app).commands[step.arguments[1]]  # type: ignore[attr-defined]
            assert options <= {
                name for p in command.params for name in (*p.opts, *p.secondary_opts)
            }


def test_without_the_data_the_sample_course_is_measured_and_the_rest_is_named(
    tmp_path: Path,
) -> None:
    found = {step.name: step.obstacle() for step in steps(tmp_path / "none", tmp_path / "out")}

    assert found["answers"] == found["sweep"] == found["index"] == ""
    for name in ("retrieval", "reading", "summaries"):
        assert "there is no" in found[name] and "none" in found[name]


def test_a_new_run_removes_the_reports_of_the_last_and_nothing_else(tmp_path: Path) -> None:
    for name in ("answers.json", "answers.rows.jsonl", "mine.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "index").mkdir()

    clear(steps(tmp_path, tmp_path), tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["mine.json"]


def test_it_ends_with_a_page_and_names_what_was_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "eval"
    few = [step for step in steps(tmp_path / "none", out) if step.name in ("index", "answers")]
    lacking = Step("reading", needs=(tmp_path / "none",))
    monkeypatch.setattr(small, "steps", lambda data, where: [*few, lacking])
    monkeypatch.setattr("sys.argv", ["small", "--data", str(tmp_path), "--out", str(out)])

    small.main()

    said = capfd.readouterr().out
    assert f"Open {(out / 'report.html').as_uri()}" in said
    assert "Left out: reading (there is no" in said
    assert "token F1" in (out / "report.html").read_text()
    assert (out / "report.md").is_file()


def test_a_step_that_fails_is_named_and_the_others_still_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "eval"
    broken = Step("answers", ("eval", "answers", "--no-such-option"))
    index = next(step for step in steps(tmp_path, out) if step.name == "index")
    monkeypatch.setattr(small, "steps", lambda data, where: [broken, index])
    monkeypatch.setattr("sys.argv", ["small", "--data", str(tmp_path), "--out", str(out)])

    with pytest.raises(SystemExit, match="Failed: answers"):
        small.main()
    assert (out / "index" / "catalog.sqlite").is_file()
