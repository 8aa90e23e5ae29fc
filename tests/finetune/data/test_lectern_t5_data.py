"""What lectern-t5 is taught after pre-training: its readers, and that all of it may be shipped."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from chatbot.exemplars import UNANSWERABLE
from chatbot.prompts import PromptStyle, build_prompt, rewrite_prompt
from finetune.data.asking import asking_prompt
from finetune.data.formats import FORMATS, read_format
from finetune.data.mixture import MixtureFile
from ingestion.errors import LecternError

MIXTURE = Path(__file__).parents[3] / "finetune/data/lectern_t5.toml"


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    return path


def squad(folder: Path) -> Path:
    """Three paragraphs in the form of SQuAD's part, gzipped as it is."""
    told = [
        ("The Nile flows north through Egypt .", "Which river flows north ?", "The Nile", [0, 1]),
        ("The Rhine flows north to a sea .", "Which river flows to a sea ?", "The Rhine", [0, 1]),
        ("Paris is the capital of France .", "What is the capital of France ?", "Paris", [0, 0]),
    ]  # fmt: skip
    rows = [
        {"context": context, "question": question, "answer": answer, "span": span}
        for context, question, answer, span in told
    ]
    path = folder / "squad_v11_train_subset.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    return path


def test_a_question_over_a_passage_that_lacks_the_answer(tmp_path: Path) -> None:
    examples = read_format("absent", squad(tmp_path))
    assert {example.target for example in examples} == {UNANSWERABLE}
    mined = build_prompt(
        "Which river flows north?", ["The Rhine flows north to a sea."], PromptStyle()
    )
    assert mined in {example.source for example in examples}
    made = [e.source for e in examples if "The Nile flows" in e.source]
    assert made
    assert not any("Which river flows north?" in source for source in made)
    assert examples == read_format("absent", tmp_path / "squad_v11_train_subset.jsonl.gz")


def test_a_question_is_asked_for_an_answer(tmp_path: Path) -> None:
    first = read_format("asking", squad(tmp_path))[0]
    assert first.source == asking_prompt("The Nile flows north through Egypt.", "The Nile")
    assert first.target == "Which river flows north?"


@pytest.mark.parametrize("form", ["absent", "asking"])
def test_another_file_is_not_read_as_the_known_one_beside_it(tmp_path: Path, form: str) -> None:
    squad(tmp_path)
    mine = lines(tmp_path / "mine.jsonl", {"context": "a b .", "question": "a ?", "span": [0, 0]})
    with pytest.raises(LecternError, match=r"mine\.jsonl is none of the files"):
        read_format(form, mine)


def test_a_followup_says_it_for_what_the_turn_before_named(tmp_path: Path) -> None:
    question = "what is the medical term for webbed toes"
    passage = "Webbed toes is the common name for syndactyly . It is normal in many birds ."
    start = question.index("webbed")
    path = lines(
        tmp_path / "train_all.jsonl",
        {
            "question_text": question,
            "paragraph_text": passage,
            "annotation": [
                {"question_entity_span": [start, len(question)]},
                {"question_entity_span": [0, len(question)]},
            ],
        },
        {"question_text": "who", "paragraph_text": "Nobody .", "annotation": []},
    )
    [example] = read_format("qed-followups", path)
    turn = ("What is webbed toes?", "Webbed toes is the common name for syndactyly.")
    assert example.source == rewrite_prompt("What is the medical term for them?", [turn])
    assert example.target == "What is the medical term for webbed toes?"


def test_a_meeting_shows_the_part_that_is_asked_about(tmp_path: Path) -> None:
    turns = [("PhD A", "OK , {vocalsound} hi ."), ("Grad B", "It 's late ."), ("PhD A", "Bye .")]
    path = lines(
        tmp_path / "train.jsonl",
        {
            "meeting_transcripts": [{"speaker": who, "content": said} for who, said in turns],
            "specific_query_list": [
                {"query": "Summarize it.", "answer": "They  part.",
                 "relevant_text_span": [["1", "2"]]}
            ],
        },
    )  # fmt: skip
    [example] = read_format("qmsum", path)
    assert example.source == "Here is a dialogue:\nGrad B: It's late.\nPhD A: Bye.\n\nSummarize it."
    assert example.target == "They part."
    with pytest.raises(LecternError, match="line 1: not a meeting"):
        read_format("qmsum", lines(path, {"meeting_transcripts": []}))


def test_definitions_are_answered_in_the_words_of_the_glossary(tmp_path: Path) -> None:
    said = "A token is the smallest unit of text that a language model reads and writes."
    section = f"# Tokens\n\n{said} Words are cut into several of them, and rare words into more."
    module = {"book": "b", "module": "m", "text": section}
    (tmp_path / "modules.jsonl.gz").write_bytes(gzip.compress(json.dumps(module).encode()))
    meaning = "the smallest unit of text that a model reads"
    term = {
        "book": "b", "module": "m", "type": "definition", "question": "token", "answer": meaning,
    }  # fmt: skip
    path = tmp_path / "openstax_qa.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(term).encode()))
    asked, sought = read_format("definitions", path)
    assert said in asked.source
    assert (asked.target, sought.target) == (meaning, "token")
    assert meaning in sought.source


@pytest.mark.data
def test_the_mixture_holds_only_what_may_be_shipped(shared_data: Path) -> None:
    mixture = MixtureFile.load(MIXTURE, shared_data)
    rows = [line.split("|") for line in (shared_data / "README.md").read_text().splitlines()]
    for source in (*mixture.source, *mixture.eval):
        assert source.format in FORMATS
        assert source.path.is_file()
        folder, data_set = source.path.relative_to(shared_data).parts[:2]
        found = [row for row in rows if len(row) > 4 and f"{folder}/" in row[1]]
        row = next(row for row in found if data_set in row[1])
        assert row[4].strip().startswith("yes") or (
            data_set == "qmsum_academic" and row[4].strip() == "no; yes"
        ), data_set
    assert not {"dialogsum", "samsum"} & {source.format for source in mixture.source}
