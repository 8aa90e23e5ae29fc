"""What an extractive answer is made of, on prose and on slides."""

from __future__ import annotations

from itertools import pairwise

from chatbot.units import RUN, Unit, units
from ingestion.locator import Locator, Span
from ingestion.passage import Passage


def passage(text: str, *pages: tuple[int, int, int], headings: tuple[str, ...] = ()) -> Passage:
    """A passage whose `pages` are (start, end, number); one page if none are given."""
    spans = pages or ((0, len(text), 1),)
    places = tuple(Span(start, end, Locator.number("page", page)) for start, end, page in spans)
    return Passage(1, "course", "w1.pdf", "pdf", "", headings, text, places)


def texts(found: list[Unit]) -> list[str]:
    return [unit.text for unit in found]


def test_prose_is_cut_into_sentences() -> None:
    text = "A model predicts the next token. It does so one at a time. Yes."
    assert texts(list(units(passage(text)))) == [
        "A model predicts the next token.",
        "It does so one at a time.",
    ]


def test_neighbouring_short_lines_are_one_unit() -> None:
    text = "Full fine-tuning\nLoRA and adapters\nPrompt tuning"
    assert texts(list(units(passage(text)))) == [text]


def test_a_run_ends_at_so_many_words() -> None:
    text = "\n".join(f"point {n} of the long list" for n in range(12))
    found = list(units(passage(text)))
    assert len(found) > 1
    assert all(len(unit.text.split()) <= RUN for unit in found)
    assert "\n".join(texts(found)) == text


def test_a_run_ends_where_the_page_ends() -> None:
    first, second = "Cost of training\nMemory of a model", "Evaluation of summaries\nROUGE and BLEU"
    text = f"{first}\n{second}"
    border = len(first) + 1
    found = list(units(passage(text, (0, border, 1), (border, len(text), 2))))
    assert texts(found) == [first, second]


def test_a_short_line_above_a_sentence_leads_it() -> None:
    text = "Temperature\nA higher value makes the distribution flatter and the text more random."
    (found,) = units(passage(text))
    assert found.lead == "Temperature"
    assert found.text.startswith("A higher value")
    assert found.read_with == f"Temperature\n{found.text}"


def test_the_heading_is_read_with_a_sentence_that_does_not_name_it() -> None:
    text = "It scales the logits before the softmax. Temperature is a number above zero."
    first, second = units(passage(text, headings=("Decoding", "Temperature")))
    assert first.read_with == f"Temperature\n{first.text}"
    assert second.read_with == second.text


def test_units_do_not_overlap_and_lie_in_the_text() -> None:
    text = "Overview\nLoRA\nIt trains few weights and leaves the rest of the model as it was.\nNote"
    found = list(units(passage(text)))
    assert found
    assert all(0 <= unit.start < unit.end <= len(text) for unit in found)
    assert all(before.end <= after.start for before, after in pairwise(found))
