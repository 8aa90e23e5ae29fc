"""From lines to paragraphs: running heads go, wrapped lines join, titles are told from text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingestion.readers.pdf_lines import SOFT_HYPHEN, Line

_BULLET = re.compile(r"^\s*(?:[•●○◦▪■□▸►➢➤❖❑✓✔‣∙·⚫\ue000-\uf8ff]|[-–—*]\s)\s*")
_NUMBER = re.compile(r"^\s*\(?\d{1,2}[.)]\s")
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"\w+")
_BROKEN = re.compile(rf"(\w+)(?:{SOFT_HYPHEN}|[-\u2010]\n)\s*(?=(\w+))")
_ANY_BREAK = re.compile(rf"{SOFT_HYPHEN}\s*")


@dataclass(slots=True)
class Paragraph:
    """Lines that belong together; `top` and `height` are the first line's, in points.

    A bullet is dropped from the text, a number is kept (it may be a heading's).
    """

    lines: list[Line]
    bulleted: bool = False
    numbered: bool = False

    @property
    def listed(self) -> bool:
        return self.bulleted or self.numbered

    @property
    def top(self) -> float:
        return self.lines[0].top

    @property
    def height(self) -> float:
        return self.lines[0].height

    def text(self) -> str:
        """The lines, joined by a space where one was wrapped, by a newline where one was ended."""
        right = max(line.right for line in self.lines)
        joined = _BULLET.sub("", self.lines[0].text) if self.bulleted else self.lines[0].text
        for before, line in zip(self.lines, self.lines[1:], strict=False):
            if before.text.rstrip().endswith(("-", "\u2010", SOFT_HYPHEN)):
                joined = joined.rstrip() + "\n" + line.text
                continue
            first_word = len(line.text.split(maxsplit=1)[0]) / max(len(line.text), 1)
            room = right - before.right
            full = room < first_word * (line.right - line.left) + 0.3 * line.height
            joined = joined.rstrip() + (" " if before.wrapped or full else "\n") + line.text
        return joined


def paragraphs(lines: Sequence[Line]) -> list[Paragraph]:
    """Group a page's lines by closeness, size and alignment, in the order given."""
    found: list[Paragraph] = []
    for line in lines:
        bulleted = bool(_BULLET.match(line.text)) and len(line.text.strip()) > 1
        numbered = bool(_NUMBER.match(line.text))
        if found and not (bulleted or numbered) and _follows(found[-1].lines, line):
            found[-1].lines.append(line)
        else:
            found.append(Paragraph([line], bulleted, numbered))
    return found


def _follows(lines: list[Line], line: Line) -> bool:
    before = lines[-1]
    if before.text.endswith(SOFT_HYPHEN):
        return True
    gap = before.bottom - line.top
    alike = abs(before.height - line.height) < 0.2 * before.height
    beside = min(before.right, line.right) - max(before.left, line.left) > 0
    return alike and beside and -0.6 * line.height < gap < 0.8 * line.height


def running_lines(pages: Sequence[tuple[float, list[Line]]]) -> set[tuple[str, int]]:
    """Keys (see `running_key`) of headers and footers: in the margin of half of the pages or more.

    `pages` holds (page height, lines); below four pages nothing can be told from a coincidence.
    """
    if len(pages) < 4:
        return set()
    counts: Counter[tuple[str, int]] = Counter()
    for height, lines in pages:
        counts.update({running_key(line) for line in lines if _in_margin(line, height)})
    return {key for key, count in counts.items() if count >= max(3, len(pages) / 2)}


def running_key(line: Line) -> tuple[str, int]:
    """Text with its numbers masked, and the height on the page to 4 points."""
    return _DIGITS.sub("#", line.text.strip()), round(line.bottom / 4)


def without_running(lines: Iterable[Line], height: float, keys: set[tuple[str, int]]) -> list[Line]:
    return [x for x in lines if not (_in_margin(x, height) and running_key(x) in keys)]


def _in_margin(line: Line, height: float) -> bool:
    return line.top < 0.1 * height or line.bottom > 0.92 * height


class Dehyphenator:
    """Joins words broken at a line's end; the document's own words say whether a hyphen is real."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._words: Counter[str] = Counter()
        for text in texts:
            self._words.update(_WORD.findall(text.casefold()))

    def mend(self, text: str) -> str:
        return _ANY_BREAK.sub("-", _BROKEN.sub(self._join, text))

    def _join(self, match: re.Match[str]) -> str:
        left, right = match[1], match[2]
        whole = (left + right).casefold()
        compound = (
            left[-1].isupper()
            or left[-1].isdigit()
            or not right[0].islower()
            or (self._words[left.casefold()] > 1 and self._words[right.casefold()] > 1)
        )
        return left if self._words[whole] or not compound else f"{left}-"


def body_height(pages: Iterable[list[Line]]) -> float:
    """The font height, in points, that most characters of the document have."""
    sizes: Counter[float] = Counter()
    for lines in pages:
        for line in lines:
            sizes[round(line.height * 2) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def slide_title(found: Sequence[Paragraph], height: float) -> Paragraph | None:
    """The title of a slide: the highest of the large short texts in its upper third.

    On a slide of one or two texts (a divider between sections) it may stand anywhere.
    """
    short = [p for p in found if _titular(p.text()) and not p.bulleted]
    upper = [p for p in short if p.top > 0.66 * height] or (short if len(found) <= 2 else [])
    if not upper:
        return None
    best = max(
        (p for p in upper if p.height >= 0.8 * max(p.height for p in upper)), key=lambda p: p.top
    )
    larger = best.height >= 1.15 * max((p.height for p in found if p is not best), default=0.0)
    return best if larger or best.top > max(p.top for p in found) - best.height else None


def _titular(text: str) -> bool:
    return len(text) <= 120 and sum(map(str.isalpha, text)) > 2


def section_heading(paragraph: Paragraph, body: float) -> bool:
    """Whether a paragraph of a printed page is a heading: larger than the body text, and short."""
    text = paragraph.text()
    return (
        paragraph.height > 1.12 * body
        and len(paragraph.lines) <= 3
        and 3 <= len(text) <= 150
        and not text.rstrip().endswith((".", ",", ";", ":"))
        and sum(map(str.isalpha, text)) > len(text) / 2
    )
