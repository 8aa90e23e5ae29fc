"""Collects blocks under a heading trail, so that every reader of headed text builds it alike."""

from __future__ import annotations

import re

from ingestion.locator import Locator
from ingestion.readers.base import Block, BlockKind

_SPACES = re.compile(r"[ \t\r\f\v\u00a0\u2000-\u200a\u202f\u3000]+")
_BREAKS = re.compile(r" ?\n[ \n]*")
_INVISIBLE = re.compile("[\u00ad\u200b\u200c\u200d\u2060\ufeff\x00-\x08\x0e-\x1f]")


def tidy(text: str) -> str:
    """One space between words, one newline between lines, nothing invisible; words untouched."""
    return _BREAKS.sub("\n", _SPACES.sub(" ", _INVISIBLE.sub("", text))).strip()


LONGEST_HEADING = 200
"""Characters; what is longer is a paragraph in disguise, and every chunk repeats its headings."""


class Outline:
    """Blocks in reading order, each under the headings that are open when it is added.

    `place` fixes the locator of what follows (a cell, a line); None means the heading trail itself.
    """

    def __init__(self, place: Locator | None = None) -> None:
        self.blocks: list[Block] = []
        self.place = place
        self._open: list[tuple[int, str]] = []
        self._trail: tuple[str, ...] = ()
        self._here = Locator.heading(())

    @property
    def trail(self) -> tuple[str, ...]:
        return self._trail

    def close(self) -> None:
        """Close all headings."""
        self._open, self._trail, self._here = [], (), Locator.heading(())

    def heading(self, level: int, text: str) -> None:
        """Close headings at `level` and below (1 is the outermost), open this one."""
        text = tidy(text).replace("\n", " ")
        if len(text) > LONGEST_HEADING:
            self.add(text)
            return
        if not text:
            return
        while self._open and self._open[-1][0] >= level:
            self._open.pop()
        self._open.append((level, text))
        self._trail = tuple(title for _, title in self._open)
        self._here = Locator.heading(self._trail)
        self.add(text, "heading")

    def add(self, text: str, kind: BlockKind = "text") -> None:
        """Add a block; code keeps its white space, a block without a letter or digit is dropped."""
        text = text.strip("\n").rstrip() if kind == "code" else tidy(text)
        if any(map(str.isalnum, text)):
            self.blocks.append(Block(text, self.place or self._here, kind, self._trail))
