"""Slide decks repeat themselves: a "build" shows one slide again and again, a line more each time.

Pages that nearly repeat the page before collapse into the fullest one. Each of its lines keeps the
pages on which it stands (so a citation says "pages 12–14" and any of them shows it), and lines that
only an earlier page of the build had are not lost.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import groupby

from ingestion.locator import Locator
from ingestion.readers.base import Block

CONTAINED = 0.9
"""Share of the smaller page's words found on the other for the two to be one slide."""

_ALIKE_SIZE = 0.3
"""A page this much smaller than its neighbour is a title or a fragment, not a build of it."""

_WORD = re.compile(r"\w+")


def collapse_builds(blocks: list[Block]) -> list[list[Block]]:
    """The pages of a paged document, every run of near-repeated pages collapsed into one."""
    pages = [list(page) for _, page in groupby(blocks, key=lambda b: b.locator)]
    return [run[0] if len(run) == 1 else _collapse(run) for run in _runs(pages)]


def _runs(pages: list[list[Block]]) -> list[list[list[Block]]]:
    runs: list[list[list[Block]]] = []
    for page in pages:
        if runs and _repeats(_words(runs[-1][-1]), _words(page)):
            runs[-1].append(page)
        else:
            runs.append([page])
    return runs


def _repeats(before: set[str], after: set[str]) -> bool:
    if not before or not after:
        return False
    small, large = sorted((before, after), key=len)
    alike = len(small) >= _ALIKE_SIZE * len(large)
    return alike and len(small & large) >= CONTAINED * len(small)


def _words(page: list[Block]) -> set[str]:
    return {word for block in page for word in _WORD.findall(block.text.casefold())}


def _collapse(run: list[list[Block]]) -> list[Block]:
    """The fullest page, each block located at the first to last page of the run that holds it."""
    fullest = max(run, key=lambda page: (len(_words(page)), _page(page[0])))
    kept = [replace(block, locator=_place(block, run)) for block in fullest]
    held = " ".join(_letters(block.text) for block in fullest)
    trail = fullest[-1].headings
    for page in run:
        for block in page:
            if _letters(block.text) not in held:
                held += " " + _letters(block.text)
                kept.append(replace(block, headings=trail, kind="text"))
    return kept


def _place(block: Block, run: list[list[Block]]) -> Locator:
    """First to last page of the run that holds the block's words."""
    wanted = _letters(block.text)
    on = [page[0].locator for page in run if wanted in "".join(_letters(b.text) for b in page)]
    return (on[0] if on else block.locator).to(block.locator).to(on[-1] if on else block.locator)


def _letters(text: str) -> str:
    return "".join(_WORD.findall(text.casefold()))


def _page(block: Block) -> int:
    bounds = block.locator.bounds
    return bounds[1] if bounds else 0
