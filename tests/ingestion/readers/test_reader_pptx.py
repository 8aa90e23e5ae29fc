import pptx
import pytest
from lxml import etree
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from ingestion.errors import UnreadableDocument
from ingestion.readers.pptx import PptxReader


@pytest.fixture
def deck():
    return pptx.Presentation()


def read(deck, path):
    deck.save(str(path))
    return PptxReader().read(path)


def box(shapes, left, top, text):
    shape = shapes.add_textbox(Inches(left), Inches(top), Inches(2), Inches(1))
    shape.text_frame.text = text
    return shape


def found(document):
    return [(b.locator.label, b.kind, b.text) for b in document.blocks]


def test_title_bullets_and_notes_by_slide(deck, tmp_path):
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Prompt tuning"
    slide.placeholders[1].text = "Soft prompts\nare trained"
    slide.notes_slide.notes_text_frame.text = "Say why the model is frozen."
    document = read(deck, tmp_path / "a.pptx")
    assert document.paged
    assert found(document) == [
        ("slide 1", "heading", "Prompt tuning"),
        ("slide 1", "list", "Soft prompts"),
        ("slide 1", "list", "are trained"),
        ("slide 1", "notes", "Say why the model is frozen."),
    ]
    assert document.blocks[-1].headings == ("Prompt tuning",)
    assert document.title == "Prompt tuning"


def test_reading_order_is_from_the_top_left_whatever_the_file_says(deck, tmp_path):
    shapes = deck.slides.add_slide(deck.slide_layouts[6]).shapes
    box(shapes, 5, 4, "fourth")
    box(shapes, 5, 1.2, "second")
    box(shapes, 1, 4.1, "third")
    box(shapes, 1, 1, "first")
    texts = [b.text for b in read(deck, tmp_path / "a.pptx").blocks]
    assert texts == ["first", "second", "third", "fourth"]


def test_tables_groups_in_groups_and_chart_titles(deck, tmp_path):
    shapes = deck.slides.add_slide(deck.slide_layouts[6]).shapes
    table = shapes.add_table(2, 2, Inches(1), Inches(1), Inches(4), Inches(1)).table
    for row, texts in enumerate([("model", "size"), ("T5", "11B")]):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    outer = shapes.add_group_shape()
    inner = outer.shapes.add_group_shape()
    box(inner.shapes, 1, 4, "deep inside")
    data = CategoryChartData()
    data.categories = ["a"]
    data.add_series("s", (1,))
    chart = shapes.add_chart(
        XL_CHART_TYPE.LINE, Inches(1), Inches(6), Inches(2), Inches(1), data
    ).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Loss by step"
    assert found(read(deck, tmp_path / "a.pptx")) == [
        ("slide 1", "table", "model | size\nT5 | 11B"),
        ("slide 1", "text", "deep inside"),
        ("slide 1", "text", "Loss by step"),
    ]


def test_formulas_in_alternate_content_are_read_once(deck, tmp_path):
    shapes = deck.slides.add_slide(deck.slide_layouts[6]).shapes
    shape = box(shapes, 1, 1, "placeholder")
    text = shape._element.find(".//{*}t")
    text.text = "loss = "
    run = text.getparent()
    mc = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    m = "http://schemas.openxmlformats.org/officeDocument/2006/math"
    a = "http://schemas.openxmlformats.org/drawingml/2006/main"
    run.addnext(
        etree.fromstring(
            f'<mc:AlternateContent xmlns:mc="{mc}"><mc:Choice xmlns:m="{m}" Requires="a14">'
            f"<m:oMath><m:r><m:t>x²</m:t></m:r></m:oMath></mc:Choice>"
            f'<mc:Fallback><a:r xmlns:a="{a}"><a:t>no</a:t></a:r></mc:Fallback>'
            "</mc:AlternateContent>"
        )
    )
    assert [b.text for b in read(deck, tmp_path / "a.pptx").blocks] == ["loss = x²"]


def test_hidden_slides_are_read_and_silent_ones_listed(deck, tmp_path):
    blank = deck.slide_layouts[6]
    box(deck.slides.add_slide(blank).shapes, 1, 1, "seen")
    deck.slides.add_slide(blank)
    hidden = deck.slides.add_slide(blank)
    box(hidden.shapes, 1, 1, "hidden")
    hidden._element.set("show", "0")
    document = read(deck, tmp_path / "a.pptx")
    assert [(b.locator.value, b.text) for b in document.blocks] == [("1", "seen"), ("3", "hidden")]
    assert document.warnings == ["no text on slide 2"]


def test_deck_without_text_is_refused(deck, tmp_path):
    deck.slides.add_slide(deck.slide_layouts[6])
    with pytest.raises(UnreadableDocument, match=r"a\.pptx holds no text on any slide"):
        read(deck, tmp_path / "a.pptx")


@pytest.mark.data
def test_real_decks(real_data):
    fixture = real_data / "fixtures" / "parser_fixtures" / "markitdown" / "test.pptx"
    texts = [b.text for b in PptxReader().read(fixture).blocks]
    assert "This is a nested shape with content in 2 shapes" in texts
    assert any("1b92870d-e3b5-4e65-8153-919f4ff45592" in text for text in texts)
    lecture = real_data / "courses" / "pptx_docx_slides" / "nyu_introml" / "Lect01_IntroML.pptx"
    document = PptxReader().read(lecture)
    assert document.title == "Unit 1 What is Machine Learning?"
    objectives = [b for b in document.blocks if b.headings == ("Learning Objectives",)]
    assert {b.locator.value for b in objectives} == {"2"}
