import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from ingestion.errors import UnreadableDocument
from ingestion.readers.docx import DocxReader


def read(file, path):
    file.save(str(path))
    return DocxReader().read(path)


def run(text):
    return f"<w:r><w:t xml:space='preserve'>{text}</w:t></w:r>"


def add_xml(file, inner):
    paragraph = parse_xml(f"<w:p {nsdecls('w', 'm')}>{inner}</w:p>")
    file.element.body.insert(len(file.element.body) - 1, paragraph)
    return paragraph


def test_headings_lists_and_locators(tmp_path):
    file = docx.Document()
    file.add_heading("Handbook", 0)
    file.add_heading("Grading", 1)
    file.add_paragraph("Marks are final.")
    file.add_heading("Late work", 2)
    file.add_paragraph("One day", style="List Bullet")
    file.add_heading("Contact", 1)
    document = read(file, tmp_path / "a.docx")
    assert document.title == "Handbook"
    assert [(b.kind, b.text, b.locator.value) for b in document.blocks] == [
        ("heading", "Handbook", "Handbook"),
        ("heading", "Grading", "Handbook > Grading"),
        ("text", "Marks are final.", "Handbook > Grading"),
        ("heading", "Late work", "Handbook > Grading > Late work"),
        ("list", "One day", "Handbook > Grading > Late work"),
        ("heading", "Contact", "Handbook > Contact"),
    ]


def test_tracked_insertions_count_and_deletions_do_not(tmp_path):
    file = docx.Document()
    add_xml(
        file,
        run("The deadline is ")
        + f"<w:del w:id='1' w:author='a'><w:r><w:delText>Monday</w:delText></w:r></w:del>"
        f"<w:ins w:id='2' w:author='a'>{run('Friday')}</w:ins>"
        f"<w:moveFrom w:id='3' w:author='a'>{run(' moved')}</w:moveFrom>"
        f"<w:hyperlink>{run(' at noon')}</w:hyperlink>" + run("."),
    )
    [block] = read(file, tmp_path / "a.docx").blocks
    assert block.text == "The deadline is Friday at noon."


def test_deleted_rows_merged_cells_and_tables_in_cells(tmp_path):
    file = docx.Document()
    table = file.add_table(3, 2)
    for row, texts in zip(table.rows, [("a", "b"), ("gone", "too"), ("c", "d")], strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    properties = table.rows[1]._tr.get_or_add_trPr()
    properties.append(parse_xml(f"<w:del {nsdecls('w')} w:id='9' w:author='a'/>"))
    inner = table.cell(2, 1).add_table(1, 2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "in", "side"
    wide = file.add_table(2, 2)
    wide.cell(0, 0).merge(wide.cell(0, 1)).text = "across"
    wide.cell(1, 0).text, wide.cell(1, 1).text = "left", "right"
    texts = [b.text for b in read(file, tmp_path / "a.docx").blocks if b.kind == "table"]
    assert texts == ["a | b\nc | d", "in | side", "across\nleft | right"]


def test_table_of_one_cell_is_a_frame_around_text(tmp_path):
    file = docx.Document()
    cell = file.add_table(1, 1).cell(0, 0)
    cell.text = "First."
    cell.add_paragraph("Second.")
    assert [(b.kind, b.text) for b in read(file, tmp_path / "a.docx").blocks] == [
        ("text", "First."),
        ("text", "Second."),
    ]


def test_hidden_text_goes_and_formulas_stay(tmp_path):
    file = docx.Document()
    add_xml(
        file,
        run("We set ")
        + "<w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r>"
        + "<m:oMath><m:r><m:t>β=2</m:t></m:r></m:oMath>"
        + "<w:r><w:noBreakHyphen/></w:r>"
        + run("fold."),
    )
    assert read(file, tmp_path / "a.docx").blocks[0].text == "We set β=2-fold."


def test_text_box_is_read_once_where_it_is_anchored(tmp_path):
    file = docx.Document()
    box = f"<w:txbxContent><w:p>{run('In the box')}</w:p></w:txbxContent>"
    mc = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    add_xml(
        file,
        run("Anchor.")
        + f"<w:r><mc:AlternateContent xmlns:mc='{mc}'><mc:Choice Requires='wps'>{box}</mc:Choice>"
        f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r>",
    )
    texts = [b.text for b in read(file, tmp_path / "a.docx").blocks]
    assert texts == ["Anchor.", "In the box"]


def test_program_made_titles_are_not_believed(tmp_path):
    file = docx.Document()
    file.core_properties.title = "Word Document"
    file.add_heading("Real heading", 1)
    assert read(file, tmp_path / "a.docx").title == "Real heading"


def test_empty_file_is_refused(tmp_path):
    with pytest.raises(UnreadableDocument, match=r"a\.docx holds no text"):
        read(docx.Document(), tmp_path / "a.docx")


@pytest.mark.data
def test_real_handouts_have_a_heading_trail(real_data):
    folder = real_data / "courses" / "pptx_docx_slides"
    faq = DocxReader().read(folder / "dtc" / "llm-zoomcamp-faq.docx")
    assert faq.title == "LLM Zoomcamp FAQ"
    answer = next(b for b in faq.blocks if b.text.startswith("Yes, but if you want to receive a"))
    assert answer.headings == (
        "LLM Zoomcamp FAQ",
        "General course-related questions",
        "I just discovered the course. Can I still join?",
    )
    exercise = folder / "unit03_mult_lin_reg" / "online" / "Ex2_Model_Soln.docx"
    kinds = {b.kind for b in DocxReader().read(exercise).blocks}
    assert {"heading", "table", "list", "text"} <= kinds
