import numpy as np
import pypdfium2
import pytest
from pdf_drawing import draw_pdf

from ingestion.readers.pdf_page import render_page


def yellow_box(image):
    """left, top, right, bottom of the marked pixels: blue is held back there."""
    pixels = np.asarray(image).astype(int)
    rows, columns = np.nonzero(pixels[..., 0] - pixels[..., 2] > 60)
    if not len(rows):
        return None
    return columns.min(), rows.min(), columns.max(), rows.max()


@pytest.fixture
def page(tmp_path):
    return draw_pdf(
        tmp_path / "a.pdf",
        [
            [(50, 90, 10, "Nothing here.")],
            [
                (50, 150, 10, "The encoder reads the whole in-"),
                (50, 138, 10, "put. Another sentence."),
                (50, 50, 10, "The end."),
            ],
        ],
        size=(300, 200),
    )


def test_sentence_is_marked_where_it_stands_across_lines_and_hyphens(page):
    shown = render_page(page, 2, "The encoder  reads the\nwhole input.", scale=2)
    assert shown.found
    assert shown.image.size == (600, 400)
    left, top, right, bottom = yellow_box(shown.image)
    assert left == pytest.approx(100, abs=4)
    assert 70 < top < 100, "the first line's top, 150 points above the bottom"
    assert 122 < bottom < 134, "the second line's bottom"
    assert right < 420


def test_only_the_sentence_asked_for_is_marked(page):
    left, top, *_ = yellow_box(render_page(page, 2, "Another sentence", scale=2).image)
    assert left > 120
    assert top > 95


def test_text_of_another_page_is_not_found_and_nothing_is_marked(page):
    shown = render_page(page, 1, "The encoder reads")
    assert not shown.found
    assert yellow_box(shown.image) is None
    assert not render_page(page, 1).found
    assert not render_page(page, 1, "?!").found


def test_rotated_pages_are_marked_in_place(page, tmp_path):
    pdf = pypdfium2.PdfDocument(page)
    pdf[1].set_rotation(90)
    rotated = tmp_path / "rotated.pdf"
    pdf.save(rotated)
    shown = render_page(rotated, 2, "The end.", scale=2)
    assert shown.image.size == (400, 600)
    left, top, right, bottom = yellow_box(shown.image)
    assert (left + right) / 2 == pytest.approx(106, abs=6), "50 points from the edge turned left"
    assert top == pytest.approx(100, abs=6)
    assert bottom < 200


def test_pages_count_from_one(page):
    with pytest.raises(IndexError, match=r"a\.pdf has 2 pages, no page 3"):
        render_page(page, 3)
    with pytest.raises(IndexError):
        render_page(page, 0)


@pytest.mark.data
def test_sentence_of_the_real_slides_is_found(real_data):
    path = real_data / "courses" / "dlai_genai_llm_course" / "W1.pdf"
    sentence = "Encodes inputs (“prompts”) with contextual understanding and produces one vector"
    shown = render_page(path, 61, sentence, scale=1)
    assert shown.found
    assert yellow_box(shown.image) is not None
