"""Citations as the page shows them: through JSON and back, marked, nothing taken for markup."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from chatbot.answering import Citation
from chatbot.ui.citations import (
    citation_from_json,
    escape_markdown,
    find_page,
    message_markdown,
    passage_html,
)
from ingestion.locator import Locator


class Reader(HTMLParser):
    """Reads back what a browser would show: all text, the marked text, and the tags used."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.marked, self.tags = "", "", set[str]()
        self._in_mark = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._in_mark = self._in_mark or tag == "mark"

    def handle_endtag(self, tag: str) -> None:
        self._in_mark = self._in_mark and tag != "mark"

    def handle_data(self, data: str) -> None:
        self.text += data
        self.marked += data if self._in_mark else ""


@pytest.mark.parametrize(
    "locator", [Locator.number("page", 3, 5), Locator.heading(["A", "B"]), Locator("time", "75")]
)
def test_a_citation_survives_its_json(locator: Locator) -> None:
    citation = Citation(2, "nlp", "a/b.pdf", locator, "The passage.", "The", 0.25, "It.")
    assert citation_from_json(citation.as_json()) == citation


def test_the_sentence_is_marked_where_it_stands() -> None:
    shown = Reader(passage_html("Before. The very\n  sentence. After.", "The very sentence."))
    assert shown.text == "Before. The very\n  sentence. After."
    assert shown.marked == "The very\n  sentence."


def test_a_sentence_that_is_not_there_marks_nothing() -> None:
    shown = Reader(passage_html("A passage.", "Another sentence."))
    assert (shown.text, shown.marked) == ("A passage.", "")
    assert Reader(passage_html("A passage.", " ")).marked == ""


def test_markup_in_a_document_is_text_on_the_page() -> None:
    passage = 'Use <script>alert("x")</script> & <mark>this</mark>. <img src=x onerror=y>'
    shown = Reader(passage_html(passage, "<mark>this</mark>."))
    assert shown.text == passage
    assert shown.marked == "<mark>this</mark>."
    assert shown.tags == {"div", "mark"}


def test_markdown_is_escaped_character_by_character() -> None:
    assert escape_markdown("**a** :red[b] $x$ <i> [l](u)") == (
        r"\*\*a\*\* \:red\[b\] \$x\$ \<i\> \[l\]\(u\)"
    )
    assert escape_markdown("Größe 3") == "Größe 3"


def test_a_command_in_a_message_shows_as_code() -> None:
    assert message_markdown("No *x*: run `lectern fetch`.") == (r"No \*x\*\: run `lectern fetch`\.")
    assert message_markdown("one ` alone") == r"one \` alone"


def test_of_a_page_range_the_page_with_the_sentence_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "slides.pdf"
    canvas = Canvas(str(path))
    for line in ("Nothing here.", "Still nothing.", "The third page says it."):
        canvas.drawString(50, 700, line)
        canvas.showPage()
    canvas.save()
    place = Locator.number("page", 1, 3)
    citation = Citation(1, "c", "slides.pdf", place, "P.", "The third page says it.", 1.0)
    page, image, found = find_page(path, citation)
    assert (page, found) == (3, True) and image.width > 500
    elsewhere = Citation(1, "c", "slides.pdf", place, "P.", "A sentence of another book.", 1.0)
    assert find_page(path, elsewhere)[::2] == (1, False)
