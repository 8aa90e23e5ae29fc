"""Textbook questions → sections: no exercise, solution or answer key is left to be found."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from stub_encoder import StubEncoder

from evaluation.openstax import LEFT_OUT, Textbooks, load_textbooks, textbook_benchmark
from evaluation.openstax_exercises import Exercise, KnownTexts, without_exercises
from evaluation.retrieval import evaluate_retrieval
from ingestion.errors import LecternError

QUESTION = "Which of these orders of magnitude fits the mass of an electron in kilograms?"
OPTIONS = "- 10−30\n- 10−27"
SOLUTION = "The mass of an electron is about nine times ten to the minus thirty-one kilograms."
PROSE = "An electron is a particle of negative charge. The mean is not its business."


def cleaned(text: str, *own: Exercise, known: tuple[str, ...] = ()) -> str:
    return without_exercises(text, own, KnownTexts.of(known))


def test_what_a_heading_announces_goes_up_to_the_next_of_its_level() -> None:
    text = (
        f"{PROSE}\n\n### Review Questions\n\nUnknown?\n\n#### Part 2\n\nStill unknown?\n\n"
        "### The Question of Slavery\n\nIt was a question.\n\n#### Try It\n\nTry.\n\n"
        "## Summary\n\nEnd."
    )
    kept = cleaned(text)
    assert "nknown" not in kept and "Try" not in kept
    for left in (PROSE, "It was a question.", "## Summary\n\nEnd."):
        assert left in kept


def test_an_exercise_section_without_a_heading_goes_with_the_unknown_between() -> None:
    text = (
        f"{PROSE}\n{QUESTION}\n{OPTIONS}\nD\nUnknown one?\nAnother known question of mine?\nYes\n"
        "Last?\n\n### Key Terms\n\nelectron"
    )
    own = [
        Exercise(f"{QUESTION}\n{OPTIONS}", "D", "review-questions"),
        Exercise("Another known question of mine?", "Yes", "review-questions"),
    ]
    assert cleaned(text, *own) == f"{PROSE}\n\n### Key Terms\n\nelectron"


def test_an_exercise_amid_the_text_leaves_the_text_around_it() -> None:
    text = f"{PROSE}\n| {QUESTION.upper()} \n{SOLUTION}\nAfterwards the text goes on."
    assert cleaned(text, Exercise(QUESTION, SOLUTION)) == f"{PROSE}\nAfterwards the text goes on."


def test_a_short_question_is_taken_where_its_solution_stands() -> None:
    text = f"{PROSE}\n\n### Practice makes perfect\n\nThe mean is\n12\n"
    own = Exercise("The mean is", "12", "practice")
    assert cleaned(text, own) == f"{PROSE}\n\n### Practice makes perfect"


def test_a_long_solution_goes_wherever_it_stands_and_a_short_one_stays() -> None:
    text = f"{PROSE} {SOLUTION} The answer is ten kilograms."
    kept = cleaned(text, known=(SOLUTION, "ten kilograms"))
    assert SOLUTION not in kept
    assert "ten kilograms" in kept and PROSE in kept


def write_textbooks(folder: Path) -> Path:
    long = " ".join(f"filler{n}" for n in range(120))
    modules = [
        {"book": book, "module": module, "title": title, "text": f"{text} {long}\n{exercises}"}
        for book, module, title, text, exercises in (
            ("physics", "m1", "Electrons", "Electrons are light.", f"{QUESTION}\n{SOLUTION}"),
            ("physics", "m2", "Electrons again", "Electrons are small.", f"{QUESTION}\n{SOLUTION}"),
            ("history", "m1", "Kings", "Kings reigned long ago.", ""),
            (LEFT_OUT, "m1", "Sums", "Sums add up.", ""),
        )
    ]
    modules.append({"book": "physics", "module": "m3", "title": "Links", "text": "Links."})
    exercise = {"type": "exercise", "answer": SOLUTION, "section_class": "problems"}
    rows = [
        {**exercise, "book": "physics", "module": "m1", "question": QUESTION},
        {**exercise, "book": "physics", "module": "m2", "question": QUESTION},
        {**exercise, "book": "physics", "module": "m3", "question": f"{QUESTION} Of links, too?"},
        {**exercise, "book": "physics", "module": "m1", "question": "Too short to ask?"},
        {**exercise, "book": LEFT_OUT, "module": "m1", "question": f"{QUESTION} In sums?"},
        {"type": "definition", "book": "history", "module": "m1", "question": "q", "answer": "a"},
    ]
    folder.mkdir()
    for name, lines in (("modules", modules), ("openstax_qa", rows)):
        packed = gzip.compress("\n".join(map(json.dumps, lines)).encode())
        (folder / f"{name}.jsonl.gz").write_bytes(packed)
    return folder


def test_a_question_of_several_sections_is_asked_once_and_found_in_any(tmp_path: Path) -> None:
    textbooks = load_textbooks(write_textbooks(tmp_path / "books"))
    assert [a.sections for a in textbooks.asked.values()] == [("physics/m1", "physics/m2")]
    assert set(textbooks.sections) == {"physics/m1", "physics/m2"}, "books with exercises alone"
    assert len(textbooks.hashes) == 2
    benchmark = textbook_benchmark(textbooks, StubEncoder())
    assert set(benchmark.part_of.values()) == set(textbooks.sections)
    assert all("Electrons" in text for part, text in benchmark.texts.items() if part[-1] == "0")
    report, rows = evaluate_retrieval(benchmark, StubEncoder(), 0.5)
    assert report["counts"]["parts"] == len(benchmark.texts) > report["counts"]["documents"] == 2
    assert rows[0]["cluster"] == "physics/m1"


def test_bad_input_is_named(tmp_path: Path) -> None:
    folder = write_textbooks(tmp_path / "books")
    with pytest.raises(LecternError, match="'alchemy'") as caught:
        load_textbooks(folder, books=["alchemy"])
    assert "physics" in caught.value.remedy
    (folder / "modules.jsonl.gz").write_bytes(gzip.compress(b'{"book": "physics"}\n'))
    with pytest.raises(LecternError, match=r"modules\.jsonl\.gz, line 1"):
        load_textbooks(folder)


@pytest.fixture(scope="module")
def textbooks(shared_data: Path) -> Textbooks:
    return load_textbooks(shared_data / "qa" / "openstax_qa")


def plain(text: str) -> str:
    words = " ".join(re.findall(r"[^\W_]+", text.casefold()))
    return f" {words} "


@pytest.mark.data
@pytest.mark.slow
def test_no_question_and_no_solution_is_left(textbooks: Textbooks) -> None:
    """The 1,000 questions, and their solutions of eight words or more: spaces, signs and letter
    case aside, none stands in any section of the book that it is searched in."""
    assert len(textbooks.asked) == 1000
    books: dict[str, list[str]] = {}
    for section in textbooks.sections.values():
        books.setdefault(section.book, []).append(plain(section.text))
    assert LEFT_OUT not in books
    assert sum(len(text) for texts in books.values() for text in texts) > 20_000_000, (
        "the sections are still there"
    )
    whole = {book: "\n".join(texts) for book, texts in books.items()}
    left = []
    for asked in textbooks.asked.values():
        assert {textbooks.sections[section].book for section in asked.sections} == {asked.book}
        question, solution = plain(asked.question), plain(asked.solution)
        if question in whole[asked.book]:
            left.append(question)
        if len(solution.split()) >= 8 and solution in whole[asked.book]:
            left.append(solution)
    assert not left


@pytest.mark.data
@pytest.mark.slow
def test_the_text_of_the_sections_is_not_deleted_with_the_exercises(textbooks: Textbooks) -> None:
    """Places in the prose, before and behind exercises, chosen by hand."""
    for section, words in (
        ("american-government/m90415", "Alaska Natives and Native Hawaiians have faced similar"),
        ("microbiology/m58871", "molecular Koch’s postulates would be utilized"),
        ("university-physics-bundle/m58452", "Capacitance of a vacuum spherical capacitor"),
        ("introductory-statistics-bundle/m46928", "The two most widely used measures"),
        ("psychology/m82240", "Western ideas about personality may not be applicable"),
    ):
        assert words in textbooks.sections[section].text
