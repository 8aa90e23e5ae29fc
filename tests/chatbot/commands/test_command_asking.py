"""`lectern search`, `ask`, `chat` and `summarize` over the sample course."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from lectern_run import Lectern

from ingestion.pipeline import ingest

QUESTION = "How many entries does the GPT-2 vocabulary have?"
OFF_TOPIC = "Who won the football world cup in France in 1998?"
ANSWER = {
    "question",
    "answer",
    "highlight",
    "reasoning",
    "citations",
    "confidence",
    "abstained",
    "nearest",
    "answerer",
    "notice",
    "timings",
}
CITATION = {
    "number",
    "course",
    "file",
    "locator",
    "passage",
    "sentence",
    "answer_sentence",
    "score",
}


@pytest.fixture(autouse=True)
def _bold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer whatever is asked; tests of silence take this back."""
    monkeypatch.setenv("LECTERN_ABSTAIN_BELOW", "0")


def test_ask_prints_the_answer_and_where_it_stands(lectern: Lectern, course_index: Path) -> None:
    run = lectern("ask", QUESTION, "--index", course_index)
    assert run.code == 0
    assert "50,257" in run.out
    assert "[1] week1/tokenization.ipynb, cell" in run.out
    assert "google/flan-t5-base is not on this machine" in run.err
    assert "not on this machine" not in run.out


def test_ask_in_json_has_what_is_promised_and_nothing_else(
    lectern: Lectern, course_index: Path
) -> None:
    run = lectern("ask", QUESTION, "--index", course_index, "--json")
    assert run.code == 0
    answer = run.json
    assert answer.keys() == ANSWER
    assert "50,257" in answer["answer"]
    assert answer["abstained"] is False
    assert answer["nearest"] == []
    assert 0 <= answer["confidence"] <= 1
    for citation in answer["citations"]:
        assert citation.keys() == CITATION
        assert citation["locator"].keys() == {"kind", "value", "label"}
        assert citation["sentence"] in citation["passage"]
    assert {"retrieve", "answer", "total"} <= answer["timings"].keys()
    assert "not on this machine" in answer["notice"]


def test_an_unanswerable_question_is_no_failure(
    lectern: Lectern, course_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LECTERN_ABSTAIN_BELOW")
    answer = lectern("ask", OFF_TOPIC, "--index", course_index, "--json")
    assert answer.code == 0
    assert (answer.json["answer"], answer.json["abstained"]) == ("", True)
    assert answer.json["nearest"][0].keys() == CITATION
    shown = lectern("ask", OFF_TOPIC, "--index", course_index)
    assert "do not say" in shown.out
    assert answer.json["nearest"][0]["file"] in shown.out


def test_filters_of_ask(lectern: Lectern, course_index: Path) -> None:
    run = lectern(
        "ask", "How are models trained?", "--format", "docx", "--k", 2, "--course", "course",
        "--index", course_index, "--json",
    )  # fmt: skip
    assert {c["file"] for c in run.json["citations"]} == {"week2/fine-tuning-lora-and-peft.docx"}
    unknown = lectern("ask", QUESTION, "--course", "physics", "--index", course_index, "--json")
    assert (unknown.code, unknown.out) == (1, "")
    assert "'physics'" in unknown.err


def test_a_generator_answers_when_one_is_named(
    lectern: Lectern, course_index: Path, random_t5: Path
) -> None:
    style = ("--model", random_t5, "--answerer", "generative", "--shots", 1)
    run = lectern("ask", QUESTION, *style, "--index", course_index, "--json")
    assert run.code == 0
    assert run.json["answerer"].startswith("generative")
    assert run.json["notice"] == ""


def test_what_a_generator_said_and_may_not_stand_is_withdrawn(
    lectern: Lectern, course_index: Path, random_t5: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LECTERN_ABSTAIN_BELOW", "1")
    run = lectern("ask", QUESTION, "--model", random_t5, "--index", course_index)
    said, _, nearest = run.out.partition("The course documents do not say.")
    assert said.strip() and nearest
    assert "it is withdrawn" in run.err
    silent = lectern("ask", QUESTION, "--answerer", "extractive", "--index", course_index)
    assert silent.out.startswith("The course documents do not say.")
    assert "withdrawn" not in silent.err


def test_a_generator_that_cannot_be_had_is_a_failure(lectern: Lectern, course_index: Path) -> None:
    run = lectern("ask", QUESTION, "--answerer", "generative", "--index", course_index, "--json")
    assert (run.code, run.out) == (1, "")
    assert "google/flan-t5-base is not on this machine" in run.err
    assert "lectern fetch" in run.err


def test_search_in_json(lectern: Lectern, course_index: Path) -> None:
    run = lectern("search", "brevity penalty", "--k", 3, "--index", course_index, "--json")
    assert run.code == 0
    assert len(run.json) == 3
    best = run.json[0]
    assert best.keys() == {
        "file",
        "course",
        "locator",
        "title",
        "headings",
        "text",
        "score",
        "scores",
    }
    assert best["file"] == "week2/evaluation-rouge-and-bleu.html"
    assert best["locator"].keys() == {"kind", "value", "label"}
    assert {"lexical", "dense", "coverage"} <= best["scores"].keys()
    assert [p["score"] for p in run.json] == sorted((p["score"] for p in run.json), reverse=True)


def test_search_reads_as_far_around_a_passage_as_the_settings_say(
    lectern: Lectern, course_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = ("search", "brevity penalty", "--k", 1, "--index", course_index, "--json")
    (narrow,) = lectern(*query).json
    monkeypatch.setenv("LECTERN_NEIGHBOURS", "1")
    (wide,) = lectern(*query).json
    assert narrow["text"] in wide["text"]
    assert len(narrow["text"]) < len(wide["text"])


def test_search_shows_places_and_text(lectern: Lectern, course_index: Path) -> None:
    run = lectern("search", "nucleus sampling", "--format", "markdown", "--index", course_index)
    assert run.code == 0
    assert "1. course/week1/prompting-and-decoding.md, " in run.out
    assert ".pdf" not in run.out


def test_summarize(lectern: Lectern, course_index: Path) -> None:
    run = lectern("summarize", "rlhf-lecture.srt", "--index", course_index, "--json")
    assert run.code == 0
    summary = run.json
    assert summary.keys() == {"summary", "citations", "engine", "sections", "notice"}
    assert summary["engine"] == "extractive"
    assert summary["citations"][0].keys() == CITATION
    assert {c["file"] for c in summary["citations"]} == {"week3/rlhf-lecture.srt"}
    assert "not on this machine" in summary["notice"]
    shown = lectern("summarize", "rlhf-lecture.srt", "--index", course_index)
    assert summary["citations"][0]["sentence"].split()[0] in shown.out
    assert "not on this machine" in shown.err
    missing = lectern("summarize", "nothing.pdf", "--index", course_index)
    assert (missing.code, missing.out) == (1, "")
    assert "lectern status" in missing.err


def test_a_summary_that_fell_back_says_so(
    lectern: Lectern, course_index: Path, random_t5: Path
) -> None:
    run = lectern(
        "summarize", "rlhf-lecture.srt", "--model", random_t5, "--index", course_index, "--json"
    )
    assert run.json["engine"] == "extractive", "nothing a random model writes is supported"
    assert "is supported by the text" in run.json["notice"]


def test_chat_remembers_the_turn_before(
    lectern: Lectern, course_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "What is LoRA?\nWhy does it add no latency at inference time?\n\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(said))
    run = lectern("chat", "--index", course_index, "--answerer", "extractive")
    assert run.code == 0
    assert run.out.count("> ") >= 3, "two questions and the empty line"
    assert "can be added into W" in run.out


def test_chat_ends_with_its_input(
    lectern: Lectern, course_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert lectern("chat", "--index", course_index).code == 0


def test_brackets_in_a_document_are_shown_as_they_stand(lectern: Lectern, tmp_path: Path) -> None:
    """Rich takes `[bold]` for markup unless told otherwise."""
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "notes.txt").write_text(
        "The tag [bold]marks[/bold] what an [INST] template opens."
    )
    ingest([tmp_path / "c"], tmp_path / "index")
    for verb in ("search", "ask"):
        run = lectern(verb, "Which tag marks a template?", "--index", tmp_path / "index")
        assert run.code == 0
        assert "[bold]marks[/bold] what an [INST]" in run.out


WRONG = [
    ["ask"],
    ["ask", "--bogus", "?"],
    ["ask", "Why?", "--shots", "2"],
    ["ask", "Why?", "--shots", "many"],
    ["ask", "Why?", "--k", "0"],
    ["ask", "Why?", "--answerer", "oracle"],
    ["search"],
    ["search", "Why?", "--k", "51"],
    ["summarize"],
    ["chat", "surplus"],
]


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_usage_is_2(lectern: Lectern, course_index: Path, arguments: list[str]) -> None:
    run = lectern(*arguments, "--index", course_index)
    assert run.code == 2
    assert run.out == ""
    assert "Usage" in run.err


@pytest.mark.parametrize("verb", ["ask", "search"])
@pytest.mark.parametrize("question", ["", "  "])
def test_an_empty_question_is_wrong_usage(
    lectern: Lectern, course_index: Path, verb: str, question: str
) -> None:
    assert lectern(verb, question, "--index", course_index).code == 2


def test_wrong_usage_is_2_even_without_an_index(lectern: Lectern, tmp_path: Path) -> None:
    assert lectern("ask", "Why?", "--shots", 2, "--index", tmp_path / "none").code == 2


@pytest.mark.parametrize(
    "arguments", [["ask", "Why?"], ["search", "x"], ["summarize", "a.md"], ["chat"]], ids=" ".join
)
def test_a_missing_index_is_1_with_what_to_do(
    lectern: Lectern, tmp_path: Path, arguments: list[str]
) -> None:
    run = lectern(*arguments, "--index", tmp_path / "none")
    assert (run.code, run.out) == (1, "")
    assert "There is no index in" in run.err
    assert "lectern ingest PATH" in run.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask", "What is \udcff?"],
        ["search", "\udcff"],
        ["ask", "Why?", "--course", "\udcff"],
        ["ask", "Why?", "--file", "\udcff.md"],
        ["search", "Why?", "--format", "\udcff"],
    ],
)
def test_bytes_that_are_no_text_are_wrong_usage(
    lectern: Lectern, course_index: Path, arguments: list[str]
) -> None:
    run = lectern(*arguments, "--index", course_index)
    assert run.code == 2
    assert "is not UTF-8 text" in run.err


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_a_byte_that_is_no_text_ends_no_conversation(
    lectern: Lectern, course_index: Path, monkeypatch: pytest.MonkeyPatch, errors: str
) -> None:
    said = io.BytesIO(b"What is \xff LoRA?\nHow many entries does the GPT-2 vocabulary have?\n\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(said, encoding="utf-8", errors=errors))
    run = lectern("chat", "--index", course_index)
    assert run.code == 0
    assert "50,257" in run.out
    assert run.err.count("not on this machine") == 1, "what was said before is not said again"


def test_a_filter_that_admits_nothing_says_where_to_look(
    lectern: Lectern, course_index: Path
) -> None:
    run = lectern("ask", "Why?", "--file", "none.pdf", "--index", course_index)
    assert run.code == 1
    assert "Nothing in the index matches file 'none.pdf'" in run.err
    assert "`lectern status` lists documents and formats" in run.err


def test_without_a_document_no_places_are_announced(lectern: Lectern, tmp_path: Path) -> None:
    notes = tmp_path / "c" / "notes.md"
    notes.parent.mkdir()
    notes.write_text("Ducks swim.")
    for _ in range(2):
        ingest([notes.parent], tmp_path / "index")
        notes.unlink(missing_ok=True)
    run = lectern("ask", "What do ducks do?", "--index", tmp_path / "index")
    assert run.out.strip() == "The course documents do not say."


def test_a_question_that_cannot_be_asked_ends_no_conversation(
    lectern: Lectern, course_index: Path, random_t5: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f"{'Why? ' * 2000}\nWhat is LoRA?\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(said))
    run = lectern("chat", "--index", course_index, "--model", random_t5)
    assert run.code == 0
    assert "Error: The question does not fit into the generator's window" in run.err
    assert run.out.partition("> > ")[2].strip("> \n"), "the second question has its answer"
