"""A PDF page as an image with a sentence marked on it, for showing where a citation comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ingestion.readers.pdfium import open_pdf

if TYPE_CHECKING:
    from PIL.Image import Image

_YELLOW = (255, 240, 110)
_CLOSING = ".!?…\"'”’)"

Box = tuple[float, float, float, float]
"""left, bottom, right, top in PDF points, y upwards"""


class PageImage(NamedTuple):
    """`found` says whether the text to highlight is on the page; without one it is False."""

    image: Image
    found: bool


def render_page(
    path: Path, page: int, highlight: str | None = None, scale: float = 2.0
) -> PageImage:
    """Render `page` (from 1) at `scale` × 72 dpi, `highlight` marked in yellow.

    The text is found by its letters and digits alone, so that line breaks, hyphens and spaces may
    differ. Raises `UnreadableDocument` as the reader does, `IndexError` if there is no such page.
    """
    from PIL import Image, ImageChops, ImageDraw

    with open_pdf(path) as pdf:
        if not 1 <= page <= len(pdf):
            raise IndexError(f"{path.name} has {len(pdf)} pages, no page {page}")
        sheet = pdf[page - 1]
        picture = sheet.render(scale=scale).to_pil().convert("RGB")
        boxes = _device_boxes(sheet, highlight or "", picture.size)
    marks = Image.new("RGB", picture.size, "white")
    draw = ImageDraw.Draw(marks)
    for box in boxes:
        draw.rectangle(box, fill=_YELLOW)
    return PageImage(ImageChops.multiply(picture, marks), bool(boxes))  # as a marker pen does


def _device_boxes(sheet: Any, text: str, size: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """One rectangle per line of `text` as it stands on the page, in pixels of a bitmap of `size`.

    PDFium itself converts coordinates: a page may be rotated, or cropped away from its origin.
    """
    import ctypes

    import pypdfium2.raw as raw

    found = []
    for left, bottom, right, top in _line_boxes(sheet, text):
        corners = []
        for x, y in ((left, bottom), (right, top)):
            column, row = ctypes.c_int(), ctypes.c_int()
            raw.FPDF_PageToDevice(sheet, 0, 0, *size, 0, x, y, column, row)
            corners.append((column.value, row.value))
        (x0, y0), (x1, y1) = corners
        found.append((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))
    return found


def _line_boxes(sheet: Any, text: str) -> list[Box]:
    """The boxes of the characters of `text`, joined where they stand on one line."""
    import pypdfium2.raw as raw

    wanted = "".join(c for c in text.casefold() if c.isalnum())
    textpage = sheet.get_textpage()
    try:
        letters: list[str] = []
        places: list[int] = []
        count = max(raw.FPDFText_CountChars(textpage), 0)
        codes = [raw.FPDFText_GetUnicode(textpage, index) for index in range(count)]
        for index, code in enumerate(codes):
            for letter in chr(code).casefold():
                if letter.isalnum():
                    letters.append(letter)
                    places.append(index)
        start = "".join(letters).find(wanted) if wanted else -1
        if start < 0:
            return []
        first, end = places[start], places[start + len(wanted) - 1] + 1
        while end < count and chr(codes[end]) in _CLOSING:
            end += 1
        inked = [i for i in range(first, end) if codes[i] > 32]
        return _joined([textpage.get_charbox(index, loose=True) for index in inked])
    finally:
        textpage.close()


def _joined(boxes: list[Box]) -> list[Box]:
    lines: list[Box] = []
    for box in boxes:
        if lines and _level(lines[-1], box):
            last = lines[-1]
            lines[-1] = (
                min(last[0], box[0]),
                min(last[1], box[1]),
                max(last[2], box[2]),
                max(last[3], box[3]),
            )
        else:
            lines.append(box)
    return lines


def _level(line: Box, box: Box) -> bool:
    """Whether a character goes on with a line: at its height, and not far from its end."""
    height = line[3] - line[1]
    overlap = min(line[3], box[3]) - max(line[1], box[1])
    return overlap > 0.4 * min(height, box[3] - box[1]) and abs(box[0] - line[2]) < 2 * height
