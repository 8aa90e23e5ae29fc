"""PDF by PDFium: a block per paragraph, page locators, slide titles and section headings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ingestion.errors import UnreadableDocument
from ingestion.locator import Locator
from ingestion.readers.base import Document
from ingestion.readers.outline import Outline, tidy
from ingestion.readers.pdf_layout import (
    Dehyphenator,
    Paragraph,
    body_height,
    paragraphs,
    running_lines,
    section_heading,
    slide_title,
    without_running,
)
from ingestion.readers.pdf_lines import Line, page_lines
from ingestion.readers.pdfium import open_pdf
from ingestion.readers.titles import stated_title

_NO_TITLE = re.compile(r"copyright|disclaimer|legal notice|(table of )?contents$|agenda$", re.I)


class PdfReader:
    """Pages without text are warned of by number; a PDF with none at all is a scan and refused."""

    format = "pdf"
    suffixes = (".pdf",)

    def read(self, path: Path) -> Document:
        broken: list[int] = []
        with open_pdf(path) as pdf:
            stated = stated_title(pdf.get_metadata_value("Title"))
            pages = [_page(pdf, index, broken) for index in range(len(pdf))]
        wide = sum(width > height for width, height, _ in pages) > len(pages) / 2
        silent = [n for n, page in enumerate(pages, 1) if not page[2] and n not in broken]
        if len(silent) + len(broken) == len(pages):
            raise UnreadableDocument(
                f"{path.name} holds no text on any page ({len(pages)} in all): it is scanned.",
                "Run OCR on it (for example with ocrmypdf) and ingest the result.",
            )
        outline, grouped = Outline(), _grouped(pages)
        mend = Dehyphenator(line.text for *_, lines in pages for line in lines).mend
        body = body_height(lines for *_, lines in pages)
        for number, (found, (_, height, _)) in enumerate(zip(grouped, pages, strict=True), 1):
            outline.place = Locator.number("page", number)
            if wide:
                _add_slide(outline, found, height, mend)
            else:
                _add_printed(outline, found, body, mend)
        title = stated or _title_on_page(grouped[:3], body, mend)
        warnings = [_listed("no text on", silent)] if silent else []
        if broken:
            warnings.append(_listed("cannot read", broken))
        return Document(title or path.stem, outline.blocks, paged=True, warnings=warnings)


def _page(pdf: Any, index: int, broken: list[int]) -> tuple[float, float, list[Line]]:
    """Width, height (points) and lines; a page that PDFium cannot load counts as broken."""
    import pypdfium2

    try:
        page = pdf[index]
    except pypdfium2.PdfiumError:
        broken.append(index + 1)
        return 0.0, 0.0, []
    try:
        return (*page.get_size(), page_lines(page))
    finally:
        page.close()


def _grouped(pages: list[tuple[float, float, list[Line]]]) -> list[list[Paragraph]]:
    running = running_lines([(height, lines) for _, height, lines in pages])
    return [
        paragraphs(without_running(lines, height, running) or lines) for _, height, lines in pages
    ]


def _add_slide(outline: Outline, found: list[Paragraph], height: float, mend: Any) -> None:
    """A slide's title stands before its text wherever the file keeps it; each starts afresh."""
    title = slide_title(found, height)
    outline.close()
    if title is not None:
        outline.heading(1, mend(title.text()))
    for paragraph in found:
        if paragraph is not title:
            outline.add(mend(paragraph.text()), "list" if paragraph.listed else "text")


def _add_printed(outline: Outline, found: list[Paragraph], body: float, mend: Any) -> None:
    """Headings stay open over the pages that follow; larger type ranks higher."""
    for paragraph in found:
        text = mend(paragraph.text())
        if section_heading(paragraph, body):
            outline.heading(max(1, 100 - round(20 * paragraph.height / body)), text)
        else:
            outline.add(text, "list" if paragraph.listed else "text")


def _title_on_page(grouped: list[list[Paragraph]], body: float, mend: Any) -> str:
    """The largest short text of the first pages, if it is larger than the body text."""
    short = [
        p
        for p in (p for found in grouped for p in found)
        if 5 < len(p.text()) <= 150 and not p.bulleted and not _NO_TITLE.match(p.text())
    ]
    largest = max(short, key=lambda p: round(p.height), default=None)
    if largest is None or largest.height < 1.2 * body:
        return ""
    return tidy(mend(largest.text())).replace("\n", " ")


def _listed(what: str, numbers: list[int]) -> str:
    """`no text on pages 2, 5-7`"""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    pages = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
    return f"{what} page{'s' if len(numbers) > 1 else ''} {pages}"
