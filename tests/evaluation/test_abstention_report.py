"""`lectern eval abstention`: rows, figures, halves, and the command over a real index."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from chatbot.answering import Answer, Turn
from chatbot.confidence import Evidence, ReadEvidence
from evaluation.abstention.figures import decision_figures
from evaluation.abstention.intervals import Outcomes
from evaluation.abstention.report import evaluate_abstention
from evaluation.commands import eval_app
from evaluation.questions import Question, Unanswerable
from ingestion.errors import LecternError
from ingestion.pipeline import ingest


class Scripted:
    """As sure as the number in the question says; the evidence knows better where it is given."""

    def __init__(self, evidence: bool = False, fatal: str = "") -> None:
        self.asked: list[str] = []
        self._evidence, self._fatal = evidence, fatal

    def ask(self, question: str, history: Sequence[Turn]) -> Answer:
        if self._fatal and question.startswith(self._fatal):
            raise LecternError("The index went away.")
        self.asked.append(question)
        name, number = question.split()
        confidence, sense = float(number), 0.9 if name.startswith("q") else 0.1
        return Answer(
            "so" if confidence >= 0.5 else "",
            confidence=confidence,
            abstained=confidence < 0.5,
            evidence=Evidence(sense, 0.5, 0.0, 0.0) if self._evidence else None,
        )


def mix(count: int = 40) -> tuple[list[Question], list[Unanswerable]]:
    """Two questions about each document, and an unanswerable one that is a little less sure."""
    generator = np.random.default_rng(0)
    sure = generator.random((2, count)).round(3)
    questions = [
        Question(
            id=f"q{n}",
            question=f"q{n} {sure[0, n]}",
            answers=("so",),
            source=(f"d{n // 2}.md",),
        )
        for n in range(count)
    ]
    unanswerable = [
        Unanswerable.model_validate(
            {"id": f"u{n}", "question": f"u{n} {0.8 * sure[1, n]:.3f}", "article": f"d{n}.md"}
        )
        for n in range(count)
    ]
    return questions, unanswerable


def rows_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_figures_of_the_confidence_and_of_what_was_decided(tmp_path: Path) -> None:
    questions, unanswerable = mix()
    report = evaluate_abstention(
        Scripted(), questions, unanswerable, rows=tmp_path / "r", settings={}
    )
    yes = [float(q.question.split()[1]) for q in questions]
    no = [float(u.question.split()[1]) for u in unanswerable]
    values = {name: figure["value"] for name, figure in report["figures"].items()}
    pairs = [(y > n) + (y == n) / 2 for y in yes for n in no]
    assert values["auroc"] == pytest.approx(np.mean(pairs), abs=1e-6)
    assert values["answered"] == pytest.approx(np.mean([y >= 0.5 for y in yes]))
    assert values["abstention_recall"] == pytest.approx(np.mean([n < 0.5 for n in no]))
    silent = [(y, 1) for y in yes if y < 0.5] + [(n, 0) for n in no if n < 0.5]
    assert values["abstention_precision"] == pytest.approx(
        1 - np.mean([kind for _, kind in silent]), abs=1e-6
    )
    assert values["abstained"] == pytest.approx(len(silent) / 80)
    assert report["counts"]["documents"] == 40
    assert all(f["low"] <= f["value"] <= f["high"] for f in report["figures"].values())
    curve = report["curves"]["risk_coverage"]
    assert curve[-1] == {"coverage": 1.0, "risk": 0.5}
    assert len(report["curves"]["reliability"]) == 10


def test_a_run_that_was_stopped_goes_on(tmp_path: Path) -> None:
    questions, unanswerable = mix(6)
    rows = tmp_path / "r.rows.jsonl"
    with pytest.raises(LecternError, match="went away"):
        evaluate_abstention(
            Scripted(fatal="u2"), questions, unanswerable, rows=rows, settings={"a": 1}
        )
    assert [row["id"] for row in rows_of(rows)] == [*(f"q{n}" for n in range(6)), "u0", "u1"]
    subject = Scripted()
    report = evaluate_abstention(subject, questions, unanswerable, rows=rows, settings={"a": 1})
    assert [asked.split()[0] for asked in subject.asked] == ["u2", "u3", "u4", "u5"]
    assert report["counts"]["rows_resumed"] == 8
    again = Scripted()
    evaluate_abstention(again, questions, unanswerable, rows=rows, settings={"a": 2})
    assert len(again.asked) == 12, "other settings, other answers"
    clusters = {row["id"]: row["cluster"] for row in rows_of(rows)}
    assert clusters["q0"] == clusters["q1"] == clusters["u0"] != clusters["q2"]
    measures = {row["id"]: row["measures"]["decided_rightly"] for row in rows_of(rows)}  # type: ignore[index]
    assert measures["q0"] == float(float(questions[0].question.split()[1]) >= 0.5)


def test_a_fitted_calibrator_is_judged_on_documents_it_never_saw(tmp_path: Path) -> None:
    questions, unanswerable = mix()
    rows = tmp_path / "r.rows.jsonl"
    report = evaluate_abstention(
        Scripted(evidence=True), questions, unanswerable, rows=rows, settings={}, fitted=True
    )
    halves, figures = report["halves"], report["figures"]
    assert halves["fitted_on"] + halves["reported_on"] == 80
    assert min(halves.values()) > 20
    assert figures["as_it_is"]["auroc"]["n"] == halves["reported_on"]
    # The evidence tells the kinds apart, the confidence hardly does.
    assert figures["calibrated"]["auroc"]["value"] == 1.0 > figures["as_it_is"]["auroc"]["value"]
    assert (
        figures["calibrated"]["calibration_error"]["value"]
        < figures["as_it_is"]["calibration_error"]["value"]
    )
    assert set(report["calibrator"]["weights"]) == set(Evidence.__dataclass_fields__)


def test_without_evidence_the_confidence_itself_is_calibrated(tmp_path: Path) -> None:
    questions, unanswerable = mix()
    report = evaluate_abstention(
        Scripted(), questions, unanswerable, rows=tmp_path / "r", settings={}, fitted=True
    )
    assert set(report["calibrator"]["weights"]) == {"log_odds"}
    before, after = (report["figures"][leg]["auroc"]["value"] for leg in report["figures"])
    assert before == pytest.approx(after), "a monotone map ranks alike"


def test_what_cannot_be_measured_is_refused(tmp_path: Path) -> None:
    questions, unanswerable = mix(4)

    def run(
        asked: Sequence[Question], hopeless: Sequence[Unanswerable], fitted: bool = False
    ) -> None:
        rows = tmp_path / "r"
        evaluate_abstention(Scripted(), asked, hopeless, rows=rows, settings={}, fitted=fitted)

    with pytest.raises(LecternError, match="0 unanswerable"):
        run(questions, [])
    with pytest.raises(LecternError, match="'q0'"):
        run(questions, [Unanswerable(id="q0", question="u 0.1")])
    with pytest.raises(LecternError, match="one half"):
        run(questions[:1], unanswerable[:1], fitted=True)


def test_shares_without_a_denominator_are_left_out() -> None:
    outcomes = Outcomes(np.array([0.2, 0.9]), np.array([True, True]), ["a", "b"])
    found = decision_figures(outcomes, np.array([False, False]))
    assert set(found) == {"answered", "abstained"}


LORA = "# LoRA\n\nLoRA freezes the weights of the model and trains two low-rank matrices.\n"
RLHF = "# RLHF\n\nThe reward model scores completions by human preference.\n"


def test_the_command_end_to_end(tmp_path: Path) -> None:
    course = tmp_path / "tuning"
    course.mkdir()
    (course / "lora.md").write_text(LORA)
    (course / "rlhf.md").write_text(RLHF)
    ingest([course], tmp_path / "index")
    questions, hopeless = tmp_path / "q.jsonl", tmp_path / "u.jsonl"
    asked = {"id": 1, "question": "What does LoRA freeze?", "answers": ["the weights"]}
    questions.write_text(json.dumps(asked | {"source": "lora.md"}))
    hopeless.write_text(json.dumps({"id": 2, "question": "Who won the 1998 football world cup?"}))
    out = tmp_path / "R.json"
    options = ["abstention", "--index", str(tmp_path / "index"), "--answerer", "extractive"]
    options += ["--questions", str(questions), "--unanswerable", str(hopeless), "--out", str(out)]
    result = CliRunner().invoke(eval_app, options, catch_exceptions=False)
    assert result.exit_code == 0
    report = json.loads(out.read_text())
    assert report["figures"]["auroc"]["value"] == 1.0
    assert report["figures"]["answered"]["value"] == 1.0
    assert report["figures"]["abstention_recall"]["value"] == 1.0
    assert "AUROC" in result.output
    row = rows_of(tmp_path / "R.rows.jsonl")[0]
    assert row["documents"] == ["lora.md"]
    assert set(row["signals"]) == {field.name for field in fields(ReadEvidence)}

    again = CliRunner().invoke(eval_app, options, catch_exceptions=False)
    assert "2 rows are from an earlier run" in again.output
    fitted = CliRunner().invoke(eval_app, [*options, "--fit"])
    assert isinstance(fitted.exception, LecternError), "two questions are too few for halves"
    assert CliRunner().invoke(eval_app, options[:5]).exit_code == 2
