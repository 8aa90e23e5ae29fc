"""Builds collapse into the fullest page; every line keeps the pages it stands on."""

from __future__ import annotations

from ingestion.locator import Locator
from ingestion.readers.base import Block
from ingestion.slides import collapse_builds


def page(number: int, *lines: str) -> list[Block]:
    return [Block(line, Locator.number("page", number)) for line in lines]


FIRST = "Freeze most of the original weights"
SECOND = "Inject two rank decomposition matrices"
THIRD = "Train the weights of the smaller matrices"


def test_a_build_becomes_its_fullest_page_with_page_ranges() -> None:
    blocks = page(4, FIRST) + page(5, FIRST, SECOND) + page(6, FIRST, SECOND, THIRD)
    (only,) = collapse_builds(blocks)
    assert [(b.text, b.locator.label) for b in only] == [
        (FIRST, "pages 4–6"),
        (SECOND, "pages 5–6"),
        (THIRD, "page 6"),
    ]


def test_a_line_that_only_an_earlier_page_had_is_kept() -> None:
    shared = [f"a line of the slide numbered {n} with words of its own" for n in range(8)]
    blocks = page(1, *shared, "vanishing") + page(2, *shared, "appearing", "later")
    (only,) = collapse_builds(blocks)
    assert ("vanishing", "page 1") in [(b.text, b.locator.label) for b in only]


def test_different_pages_and_title_pages_stay_apart() -> None:
    title = page(1, "Attention")
    body = page(2, "Attention", "maps queries and keys to weights over the values of a sequence")
    other = page(3, "Quantization stores weights in fewer bits than they were trained in")
    assert [len(p) for p in collapse_builds(title + body + other)] == [1, 2, 1]
