"""Judgements become pairs and labels; only shared ones, under pseudonyms, in the trainers' form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tiny_policy import tiny_policy
from typer.testing import CliRunner, Result

from chatbot.answering import Answer
from chatbot.conversations import Conversations
from chatbot.feedback import Feedback, Remark
from finetune.commands import train_app
from finetune.commands.feedback import feedback_app
from finetune.preference.examples import load_judgements, load_pairs
from finetune.reward.pairs import read_pairs
from ingestion.errors import LecternError
from ingestion.locator import Locator, Span
from ingestion.passage import Passage

PASSAGE = Passage(
    1, "c", "f.md", "markdown", "T", (), "The layer has 12 heads.",
    (Span(0, 23, Locator.number("line", 1)),),
)  # fmt: skip


class Course:
    """Learners who ask, see answers and judge them."""

    def __init__(self, path: Path) -> None:
        self.store = Conversations(path)
        self.feedback = Feedback(self.store)

    def judge(
        self,
        learner: str,
        question: str,
        answer: str,
        thumb: int | None = None,
        correction: str = "",
        *,
        shared: bool = True,
        options: dict[str, Any] | None = None,
        **made: Any,
    ) -> None:
        talk = self.store.create(learner, question).id
        asked = self.store.begin(learner, talk, question, options or {})
        prompt = made.pop("prompt", f"Read this. {question}")
        said = Answer(answer, question=question, prompt=prompt, **made)
        assert self.store.finish(asked, said)
        self.store.rate(learner, asked, thumb)
        self.feedback.share(learner, shared)
        if correction:
            self.feedback.say(learner, asked, Remark("Wrong", "my name is Ann", correction))


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path / "conversations.sqlite")


def exported(course: Course, out: Path, *arguments: object) -> tuple[Result, list[Any], list[Any]]:
    database = course.store.path
    asked = ["export", "--out", out, "--conversations", database, *arguments]
    result = CliRunner().invoke(feedback_app, list(map(str, asked)))
    assert result.exit_code == 0, result.exception
    files = [(out / f"{name}.jsonl").read_text().splitlines() for name in ("pairs", "labels")]
    pairs, labels = ([json.loads(line) for line in lines] for lines in files)
    return result, pairs, labels


def test_corrections_and_thumbs_make_pairs_and_labels(course: Course, tmp_path: Path) -> None:
    course.judge("ann", "How many heads?", "Ten.", 0, "Twelve.")
    course.judge("bob", "how many heads", "12 heads.", 1)
    course.judge("bob", "Why?", "Because.", 1)
    _, pairs, labels = exported(course, tmp_path / "out")
    assert [(p["kind"], p["chosen"], p["rejected"], p["prompt"]) for p in pairs] == [
        ("correction", "Twelve.", "Ten.", "Read this. How many heads?"),
        ("thumbs", "12 heads.", "Ten.", "Read this. how many heads"),
    ]
    assert len({p["question"] for p in pairs}) == 1
    assert [(label["response"], label["label"]) for label in labels] == [
        ("Ten.", False), ("Twelve.", True), ("12 heads.", True), ("Because.", True),
    ]  # fmt: skip


def test_the_files_are_what_the_trainers_read(course: Course, tmp_path: Path, tiny: Path) -> None:
    course.judge("ann", "How many heads?", "Ten.", 0, "Twelve.")
    out = tmp_path / "out"
    exported(course, out)
    policy = tiny_policy(tiny)
    assert load_pairs(out / "pairs.jsonl", policy, 64).examples[0].chosen == "Twelve."
    assert [e.desirable for e in load_judgements(out / "labels.jsonl", policy, 64).examples] == [
        False, True,
    ]  # fmt: skip
    assert read_pairs(str(out / "pairs.jsonl"), out)[0].rejected == "Ten."


def test_only_shared_feedback_leaves_and_nobody_is_named_in_it(
    course: Course, tmp_path: Path
) -> None:
    course.judge("ann-owner-hash", "Q?", "A.", 0, "B.")
    course.judge("bob-owner-hash", "Q?", "Secret.", 1, shared=False)
    result, pairs, labels = exported(course, tmp_path / "out")
    assert "1 more are not shared" in result.output
    everything = "".join(file.read_text() for file in (tmp_path / "out").iterdir())
    for private in ("owner-hash", "Secret", "my name is Ann", "bob"):
        assert private not in everything
    assert len(pairs[0]["learners"][0]) == 16 and labels[0]["learner"] == pairs[0]["learners"][0]


def test_a_silence_is_the_word_the_model_should_have_said(course: Course, tmp_path: Path) -> None:
    course.judge("ann", "Q?", "", 0, "Blue.", abstained=True)
    _, pairs, _ = exported(course, tmp_path / "out")
    assert (pairs[0]["chosen"], pairs[0]["rejected"]) == ("Blue.", "unanswerable")


def test_a_reasoned_answer_is_asked_for_without_its_reasoning(
    course: Course, tmp_path: Path
) -> None:
    course.judge(
        "ann", "Q?", "Red.", 0, "Blue.", reasoning="Roses.", given=("Skies are blue.",),
        prompt="Skies are blue. Q? Let's think step by step:", options={"chain_of_thought": True},
    )  # fmt: skip
    _, pairs, _ = exported(course, tmp_path / "out")
    assert "step by step" not in pairs[0]["prompt"]
    assert "Skies are blue." in pairs[0]["prompt"] and pairs[0]["prompt"].endswith("Q?")


def test_a_question_that_many_judged_makes_no_more_pairs_than_judgements(
    course: Course, tmp_path: Path
) -> None:
    for number in range(6):
        course.judge(f"up {number}", "Q?", f"good {number}", 1)
    for number in range(2):
        course.judge(f"down {number}", "Q?", f"bad {number}", 0)
    course.judge("same", "Q?", "GOOD 0!", 0)
    _, pairs, _ = exported(course, tmp_path / "out")
    assert len(pairs) <= 6
    assert {p["chosen"] for p in pairs} >= {f"good {number}" for number in range(1, 6)}
    assert all(p["chosen"].casefold() != p["rejected"].casefold().rstrip("!") for p in pairs)


def test_an_extractive_answer_gets_the_prompt_that_the_generator_would_have_been_asked(
    course: Course, tmp_path: Path, tiny: Path
) -> None:
    course.judge("ann", "How many heads?", "Ten.", 0, "Twelve.", prompt="", passages=(PASSAGE,))
    result, pairs, _ = exported(course, tmp_path / "without")
    assert pairs == [] and "1 left out: picked from the documents" in result.output
    _, pairs, _ = exported(course, tmp_path / "with", "--model", tiny)
    assert "The layer has 12 heads." in pairs[0]["prompt"]
    assert pairs[0]["prompt"].endswith("How many heads?")


def test_an_answer_without_a_passage_is_left_out_for_what_it_lacks(
    course: Course, tmp_path: Path, tiny: Path
) -> None:
    course.judge("ann", "How many heads?", "", 0, "Twelve.", prompt="", abstained=True)
    result, pairs, _ = exported(course, tmp_path / "out", "--model", tiny)
    assert pairs == [] and "1 left out: made from no passage" in " ".join(result.output.split())


def test_the_generator_is_not_loaded_where_every_answer_has_its_prompt(
    course: Course, tmp_path: Path
) -> None:
    course.judge("ann", "How many heads?", "Ten.", 0, "Twelve.")
    _, pairs, _ = exported(course, tmp_path / "out", "--model", tmp_path / "nowhere")
    assert len(pairs) == 1


def test_learning_from_feedback_builds_the_prompts_of_extractive_answers(
    course: Course, tmp_path: Path, tiny: Path
) -> None:
    for number in (1, 2):
        course.judge(
            "ann", f"How many heads {number}?", "Ten.", 0, "12.", prompt="", passages=(PASSAGE,)
        )
    asked = (
        "from-feedback", "--model", tiny, "--out", tmp_path / "round", "--adapters",
        tmp_path / "adapters", "--conversations", course.store.path, "--at-least", 3,
        "--device", "cpu",
    )  # fmt: skip
    result = CliRunner().invoke(train_app, list(map(str, asked)))
    assert "makes 2 comparisons" in str(result.exception)
    assert "left out" not in result.output
    first = json.loads((tmp_path / "round/feedback/pairs.jsonl").read_text().splitlines()[0])
    assert "The layer has 12 heads." in first["prompt"]


def test_how_many_are_missing_is_said(course: Course, tmp_path: Path) -> None:
    course.judge("ann", "Q?", "A.", 0, "B.")
    result, *_ = exported(course, tmp_path / "out", "--at-least", 5)
    assert "4 comparisons are missing of the 5" in result.output
    assert json.loads((tmp_path / "out" / "export.json").read_text())["missing"] == 4


def test_a_round_that_lacked_judgements_sees_those_that_came_since(
    course: Course, tmp_path: Path, tiny: Path
) -> None:
    asked = [
        "from-feedback", "--model", tiny, "--out", tmp_path / "round", "--adapters",
        tmp_path / "adapters", "--conversations", tmp_path / "conversations.sqlite",
        "--at-least", 6, "--device", "cpu",
    ]  # fmt: skip
    for number in (1, 2):
        course.judge(f"learner {number}", f"Q {number}?", "A.", 0, "B.")
        result = CliRunner().invoke(train_app, [str(argument) for argument in asked])
        assert f"makes {number} comparisons" in str(result.exception)
        assert f"{6 - number} are missing" in str(result.exception)
        assert f"{number} judgements of {number} learners" in result.output
        assert not (tmp_path / "adapters").exists()


def test_no_database_is_an_error_that_names_it(tmp_path: Path) -> None:
    asked = ["export", "--out", str(tmp_path), "--conversations", str(tmp_path / "none.sqlite")]
    result = CliRunner().invoke(feedback_app, asked)
    assert "none.sqlite" in str(result.exception)
    assert not (tmp_path / "none.sqlite").exists()


def test_a_file_that_is_no_database_is_named_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("What I have to ask in the next lecture\n" * 9)
    before = path.read_bytes()
    asked = ["export", "--out", str(tmp_path / "out"), "--conversations", str(path)]
    found = CliRunner().invoke(feedback_app, asked).exception
    assert isinstance(found, LecternError)
    assert "notes.txt" in found.what and "not a database" in found.what
    assert path.read_bytes() == before and not (tmp_path / "out").exists()
