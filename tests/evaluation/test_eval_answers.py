import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import scripted_subject
from scripted_subject import FILES, QUESTIONS, UNANSWERABLE, Scripted, run

from chatbot.answering import Answer, Turn
from evaluation.answer_measures import is_right
from evaluation.answers import evaluate_answers, rows_path
from evaluation.questions import Unanswerable
from ingestion.errors import LecternError


def lines_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_figures_by_hand(tmp_path: Path) -> None:
    report = run(Scripted(), tmp_path / "r.rows.jsonl")
    values = {name: figure["value"] for name, figure in report["figures"].items()}
    # q1 right, q2 wrong, q3 silent, u1 answered (wrong), u2 silent (rightly)
    assert values["crag"] == pytest.approx((1 - 1 + 0 - 1 + 0) / 5)
    assert (values["right"], values["wrong"]) == pytest.approx((1 / 5, 2 / 5))
    assert values["em"] == 0.0
    assert values["f1"] == pytest.approx((2 * 1 / 3 * 1 / (1 / 3 + 1)) / 3, abs=1e-6)
    assert values["abstention_precision"] == pytest.approx(1 / 2)  # q3 and u2 were silent
    assert values["abstention_recall"] == pytest.approx(1 / 2)
    # q1's source leads; q2 needs both of its sources; q3's source is not in the index
    assert values["recall@1"] == pytest.approx(1 / 3, abs=1e-6)
    assert values["recall@5"] == pytest.approx(2 / 3, abs=1e-6)
    assert report["sources_not_found"] == ["W9.pdf"]
    # q1's evidence spans chunks 3 and 4 of W1.pdf: merged it counts, passage by passage it does not
    assert values["evidence@1"] == 1.0
    assert values["raw_evidence@10"] == pytest.approx(1 / 2)
    # the prompt held q1's evidence alone
    assert values["evidence@prompt"] == pytest.approx(1 / 2)
    assert values["passage_characters@1"] == len("Remember: LoRA freezes")
    assert report["figures"]["evidence@1"]["n"] == 2
    assert report["figures"]["crag"]["n"] == 5
    # q1 and q2 were answered, each citing W1.pdf, a source of both, at a sentence with no answer
    assert report["figures"]["citation_in_source"] == {
        "value": 1.0,
        "low": 1.0,
        "high": 1.0,
        "n": 2,
    }
    assert values["cited"] == 1.0
    assert values["citation_holds_answer"] == values["citation_on_evidence"] == 0.0
    assert "faithfulness" not in values  # no encoder to judge with


def test_groups_latency_and_record(tmp_path: Path) -> None:
    report = run(Scripted(), tmp_path / "r.rows.jsonl", course="ml")
    assert set(report["groups"]) == {
        *("direct", "followup", "with history"),
        *("format: pdf", "format: markdown", "course: ml"),
    }
    assert report["groups"]["format: pdf"]["crag"]["n"] == 3
    assert report["groups"]["format: markdown"]["crag"]["n"] == 1
    assert report["groups"]["direct"]["crag"]["value"] == 1.0
    assert report["latency_seconds"]["total"] == {"p50": 0.06, "p95": 0.096, "p99": 0.0992, "n": 5}
    assert report["settings"] == {"course": "ml"}
    assert report["versions"]["python"]
    assert report["machine"]["cores"] >= 1


def test_a_row_holds_what_the_issue_asks_for(tmp_path: Path) -> None:
    subject = Scripted()
    run(subject, tmp_path / "r.rows.jsonl")
    rows = lines_of(tmp_path / "r.rows.jsonl")
    assert [row["id"] for row in rows] == ["q1", "q2", "q3", "u1", "u2"]
    first = rows[0]
    assert first["retrieved"][0]["source"] == "W1.pdf"
    assert first["retrieved"][0]["locator"] == {"kind": "page", "value": "3", "label": "page 3"}
    assert [item["text"] for item in first["retrieved"]] == [
        passage.text for passage in scripted_subject.PASSAGES
    ]
    assert first["citations"][0]["file"] == "W1.pdf"
    assert {"answer", "reasoning", "abstained", "confidence", "timings", "measures"} <= set(first)
    assert subject.asked[1] == (QUESTIONS[1].question, QUESTIONS[1].history)


def test_a_killed_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    rows = tmp_path / "r.rows.jsonl"
    killed = subprocess.run(
        [sys.executable, scripted_subject.__file__, str(rows), QUESTIONS[2].question],
        cwd=Path(__file__).parents[2],
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert killed.returncode == -signal.SIGKILL
    assert [row["id"] for row in lines_of(rows)] == ["q1", "q2"]
    with rows.open("a") as file:
        file.write('{"id": "q3", "answ')  # torn in the middle of a line
    subject = Scripted()
    report = run(subject, rows)
    assert [question for question, _ in subject.asked] == [
        "Who wrote it?",
        "What is BM25?",
        "What is a GAN?",
    ]
    assert report["counts"]["rows_resumed"] == 2
    assert report["figures"] == run(Scripted(), tmp_path / "whole.rows.jsonl")["figures"]
    assert [row["id"] for row in lines_of(rows)] == ["q1", "q2", "q3", "u1", "u2"]


def test_a_complete_last_line_without_its_newline_is_torn_too(tmp_path: Path) -> None:
    rows = tmp_path / "r.rows.jsonl"
    run(Scripted(), rows)
    rows.write_text(rows.read_text().removesuffix("\n"))
    again = Scripted()
    run(again, rows)
    assert [question for question, _ in again.asked] == ["What is a GAN?"]


def test_other_settings_or_another_question_are_asked_again(tmp_path: Path) -> None:
    rows = tmp_path / "r.rows.jsonl"
    run(Scripted(), rows, weight="0.5")
    same, other = Scripted(), Scripted()
    run(same, rows, weight="0.5")
    assert same.asked == []
    changed = [UNANSWERABLE[0].model_copy(update={"question": "What is a VAE?"}), UNANSWERABLE[1]]
    edited = Scripted()
    evaluate_answers(edited, QUESTIONS, changed, rows=rows, files=FILES, settings={"weight": "0.5"})
    assert [question for question, _ in edited.asked] == ["What is a VAE?"]
    run(other, rows, weight="0.6")
    assert len(other.asked) == 5
    assert len(lines_of(rows)) == 5


def test_a_file_that_holds_no_rows_is_not_overwritten(tmp_path: Path) -> None:
    rows = tmp_path / "r.rows.jsonl"
    rows.write_text("my notes\nmore notes\n")
    with pytest.raises(LecternError, match="line 1 is not a row"):
        run(Scripted(), rows)
    assert rows.read_text() == "my notes\nmore notes\n"


def test_a_failing_subject_ends_the_run_and_keeps_its_rows(tmp_path: Path) -> None:
    class Failing(Scripted):
        def ask(self, question: str, history: Sequence[Turn]) -> Answer:
            if question == "Who wrote it?":
                raise LecternError("The index went away.")
            return super().ask(question, history)

    rows = tmp_path / "r.rows.jsonl"
    with pytest.raises(LecternError, match="went away"):
        run(Failing(), rows)
    assert [row["id"] for row in lines_of(rows)] == ["q1", "q2"]


def test_one_id_in_both_files_is_refused(tmp_path: Path) -> None:
    twin = Unanswerable(id="q1", question="?")
    with pytest.raises(LecternError, match="'q1'"):
        evaluate_answers(
            Scripted(), QUESTIONS, [twin], rows=tmp_path / "r", files=FILES, settings={}
        )


def test_right_answers_are_short_or_near() -> None:
    assert is_right("It was the weights, surely.", ("the weights",))
    long = "word " * 61 + "weights"
    assert not is_right(long, ("the weights",))
    assert is_right("word " * 58 + "the weights", ("the weights",))
    assert is_right("low rank update matrices", ("low rank matrices",))  # F1 6/7
    assert not is_right("one two three four", ("one five",))


def test_rows_lie_beside_the_report() -> None:
    assert rows_path(Path("out/R.json")) == Path("out/R.rows.jsonl")
