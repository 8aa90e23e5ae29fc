"""Open a citation: the page as an image, or the passage as text, its sentence marked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from chatbot.answering import Citation
from ingestion.errors import LecternError
from ingestion.locator import Locator

if TYPE_CHECKING:
    from PIL.Image import Image

    from chatbot.chain import Assistant

PAGES_SEARCHED = 8
"""Of a page range, at most so many pages are searched for the sentence."""

_CODE = re.compile(r"(`[^`\n]+`)")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def citation_from_json(stored: Mapping[str, Any]) -> Citation:
    """The citation that `Citation.as_json` wrote."""
    locator = Locator(stored["locator"]["kind"], stored["locator"]["value"])
    names = ("number", "course", "file", "passage", "sentence", "score", "answer_sentence")
    return Citation(locator=locator, **{name: stored[name] for name in names})


@st.dialog("Source", width=680, position="right")
def open_source(citation: Citation, assistant: Assistant, *, quoted: bool = False) -> None:
    """A drawer with the place the citation names.

    Where the answer is `quoted` from it, how far it supports the answer is no question.
    """
    where = [citation.course, citation.locator.label]
    if citation.answer_sentence and not quoted:
        where.append(f"support {citation.score:.0%}")
    st.html(
        f'<div style="font-weight:600;font-size:1.1rem;overflow-wrap:anywhere">'
        f"{escape(citation.file)}</div>"
        f"<div style='opacity:.7'>{escape(' · '.join(where))}</div>"
    )
    path = document_path(assistant, citation)
    shown = path is not None and citation.locator.kind == "page" and _show_page(path, citation)
    if shown:
        with st.expander("The passage as text"):
            st.html(passage_html(citation.passage, citation.sentence))
    else:
        st.html(passage_html(citation.passage, citation.sentence))


def document_path(assistant: Assistant, citation: Citation) -> Path | None:
    """Where the cited file lies on this machine, or None when the index no longer holds it."""
    for record in assistant.index.files(course=citation.course):
        if record.path == citation.file:
            return record.absolute
    return None


def _show_page(path: Path, citation: Citation) -> bool:
    try:
        page, image, found = find_page(path, citation)
    except (LecternError, OSError) as error:
        st.warning(escape_markdown(f"The page cannot be shown: {error}"))
        return False
    st.image(image, caption=f"Page {page}", width="stretch")
    if not found:
        st.caption("The sentence could not be marked on the page; it stands in the text below.")
    return True


def find_page(path: Path, citation: Citation) -> tuple[int, Image, bool]:
    """The page that holds the supporting sentence, as an image with the sentence highlighted.

    Of a page range the first page with the sentence, else the first of all (and False).
    """
    from ingestion.readers.pdf_page import render_page

    first, last = citation.locator.bounds or (1, 1)
    fallback: Image | None = None
    for page in range(first, min(last, first + PAGES_SEARCHED - 1) + 1):
        image, found = render_page(path, page, citation.sentence, 2.0)
        if found:
            return page, image, True
        fallback = fallback or image
    assert fallback is not None
    return first, fallback, False


def passage_html(passage: str, sentence: str) -> str:
    """The passage as HTML that shows its characters as they are, with the sentence in `<mark>`."""
    words = sentence.split()
    found = re.search(r"\s+".join(map(re.escape, words)), passage) if words else None
    if found is None:
        body = escape(passage)
    else:
        start, end = found.span()
        marked = f'<mark style="{_MARK}">{escape(passage[start:end])}</mark>'
        body = escape(passage[:start]) + marked + escape(passage[end:])
    return f'<div style="{_PASSAGE}">{body}</div>'


def escape_markdown(text: str) -> str:
    """Text for a Markdown label of Streamlit's that shows as it is written."""
    return _PUNCTUATION.sub(r"\\\1", text)


def message_markdown(message: str) -> str:
    """A message of Lectern's as Markdown: what stands in backticks as code, all else as written."""
    return "".join(
        part if number % 2 else escape_markdown(part)
        for number, part in enumerate(_CODE.split(message))
    )


_PASSAGE = "white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.6"
_MARK = "background:#ffe58a;color:#1d2126;padding:.05em .1em;border-radius:.2em"
