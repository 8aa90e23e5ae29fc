from ingestion.locator import Locator
from ingestion.readers.outline import LONGEST_HEADING, Outline, tidy


def test_tidy_leaves_words_and_line_breaks_alone():
    assert tidy("  a\u00a0b\t c \n\n\n d\u200be\x00f ") == "a b c\ndef"
    assert tidy(tidy("x  y\r\nz")) == tidy("x  y\r\nz") == "x y\nz"


def test_skipped_levels_and_closing():
    outline = Outline()
    outline.heading(3, "deep")
    outline.heading(1, "top")
    outline.heading(3, "below")
    outline.heading(2, "between")
    assert outline.trail == ("top", "between")
    outline.close()
    outline.add("free")
    assert outline.blocks[-1].headings == ()
    assert outline.blocks[-1].locator.label == "start of document"


def test_a_paragraph_set_as_a_heading_opens_nothing():
    outline = Outline()
    outline.heading(1, "word " * LONGEST_HEADING)
    assert outline.trail == ()
    assert outline.blocks[0].kind == "text"


def test_code_keeps_its_indentation_and_blocks_without_words_are_dropped():
    outline = Outline(Locator.number("cell", 4))
    outline.add("\n    if x:\n        y()\n\n", "code")
    outline.add("***")
    outline.add("")
    assert [(b.text, b.locator.label) for b in outline.blocks] == [
        ("    if x:\n        y()", "cell 4")
    ]
