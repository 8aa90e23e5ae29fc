"""The lines of a PDF page, in PDFium's reading order, each with its box."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

SOFT_HYPHEN = "\x02"
"""What PDFium gives for a hyphen at the end of a line, whose next line it then joins to it."""

_BLANK = frozenset({0, 9, 10, 13, 32, 0xA0})


@dataclass(slots=True)
class Line:
    """A line of text; its box in PDF points, y upwards, of the font rather than of the ink."""

    text: str
    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        return self.top - self.bottom

    @property
    def wrapped(self) -> bool:
        """Slide programs leave the space at which they wrapped a line at its end."""
        return self.text.endswith(" ")


def page_lines(page: Any) -> list[Line]:
    """The non-empty lines of a `pypdfium2.PdfPage`."""
    import pypdfium2.raw as raw

    textpage = page.get_textpage()
    try:
        count = raw.FPDFText_CountChars(textpage)
        handle, unicode_at = textpage.raw, raw.FPDFText_GetUnicode
        codes = [unicode_at(handle, i) for i in range(max(count, 0))]
        lines: list[Line] = []
        start = 0
        for end in [i + 1 for i, code in enumerate(codes) if code in (10, 2)] + [len(codes)]:
            _append(lines, handle, codes, start, end)
            start = end
    finally:
        textpage.close()
    return lines


def _append(lines: list[Line], handle: Any, codes: list[int], start: int, end: int) -> None:
    inked = [i for i in range(start, end) if codes[i] not in _BLANK]
    if not inked:
        return
    # a bullet may be set in another font: the height of the line is that of its first letter
    letter = next((i for i in inked if chr(codes[i]).isalnum()), inked[0])
    left, (_, bottom, _, top) = _box(handle, inked[0])[0], _box(handle, letter)
    last = _box(handle, next((i for i in reversed(inked) if codes[i] != 2), inked[0]))
    text = _decoded([c for c in codes[inked[0] : end] if c not in (0, 10, 13)])
    line = Line(text, left, bottom, last[2], top)
    if lines and not lines[-1].text.endswith(SOFT_HYPHEN) and _continues(lines[-1], line):
        before = lines[-1]
        gap = line.left - before.right > 0.2 * before.height and not before.wrapped
        before.text += (" " if gap else "") + line.text
        before.right = line.right
    else:
        lines.append(line)


def _continues(before: Line, line: Line) -> bool:
    """Whether PDFium broke a line at a sub- or superscript: it goes on at the right, level."""
    overlap = min(before.top, line.top) - max(before.bottom, line.bottom)
    level = overlap > 0.5 * min(before.height, line.height)
    gap = line.left - before.right
    return level and -0.2 * before.height < gap < 0.6 * before.height


def _box(handle: Any, index: int) -> tuple[float, float, float, float]:
    import pypdfium2.raw as raw

    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(handle, index, ctypes.byref(box))
    return box.left, box.bottom, box.right, box.top


def _decoded(units: list[int]) -> str:
    """Text of UTF-16 code units or code points; half of a pair on its own becomes U+FFFD."""
    text = "".join(map(chr, units))
    if any(0xD800 <= unit < 0xE000 for unit in units):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
