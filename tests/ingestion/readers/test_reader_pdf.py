import pytest
from pdf_drawing import SLIDE, draw_pdf, draw_scan
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from ingestion.errors import UnreadableDocument
from ingestion.readers.pdf import PdfReader


def read(path):
    return PdfReader().read(path)


def test_each_block_names_its_page_and_a_wrapped_sentence_is_whole(tmp_path):
    path = draw_pdf(
        tmp_path / "notes.pdf",
        [
            [
                (72, 700, 11, "The encoder reads the whole input and gives one vector"),
                (72, 686, 11, "per token of it."),
            ],
            [(72, 700, 11, "The decoder writes one token at a time.")],
        ],
    )
    document = read(path)
    assert document.paged
    assert [(b.text, b.locator.label) for b in document.blocks] == [
        ("The encoder reads the whole input and gives one vector per token of it.", "page 1"),
        ("The decoder writes one token at a time.", "page 2"),
    ]


def test_slide_title_stands_first_and_heads_its_page_only(tmp_path):
    path = draw_pdf(
        tmp_path / "deck.pdf",
        [
            [(60, 300, 24, "Keeps the loss low."), (60, 730, 48, "Catastrophic forgetting")],
            [(60, 400, 24, "Nothing above this.")],
        ],
        size=SLIDE,
    )
    first, second, third = read(path).blocks[:3]
    assert (first.kind, first.text) == ("heading", "Catastrophic forgetting")
    assert second.headings == ("Catastrophic forgetting",)
    assert "Catastrophic forgetting" not in third.headings


def test_bullets_become_list_items_without_the_bullet(tmp_path):
    lines = [(60, 730, 40, "Goals"), (60, 600, 20, "- Be helpful"), (60, 570, 20, "- Be honest")]
    blocks = read(draw_pdf(tmp_path / "deck.pdf", [lines], size=SLIDE)).blocks
    assert [(b.kind, b.text) for b in blocks[1:]] == [("list", "Be helpful"), ("list", "Be honest")]


def test_wrapped_list_items_are_whole_though_the_bullet_is_of_another_font(tmp_path):
    path = tmp_path / "list.pdf"
    canvas = Canvas(str(path), pagesize=A4)
    canvas.setFont("ZapfDingbats", 22)
    canvas.drawString(60, 698, "\u25cf")
    canvas.setFont("Helvetica", 11)
    canvas.drawString(80, 700, "Gated cells such as the LSTM help a little but do not")
    canvas.drawString(80, 686, "remove the problem.")
    canvas.save()
    [block] = read(path).blocks
    assert block.kind == "list"
    assert block.text == (
        "Gated cells such as the LSTM help a little but do not remove the problem."
    )


def test_numbered_items_are_parted_and_keep_their_numbers(tmp_path):
    lines = [(72, 700, 11, "1. Freeze the model"), (72, 686, 11, "2. Train the adapter")]
    blocks = read(draw_pdf(tmp_path / "steps.pdf", [lines])).blocks
    assert [b.text for b in blocks] == ["1. Freeze the model", "2. Train the adapter"]


def test_section_headings_stay_open_over_pages_by_size(tmp_path):
    body = [(72, y, 10, f"Plain text of the body, line number {y} of it.") for y in (500, 400)]
    path = draw_pdf(
        tmp_path / "paper.pdf",
        [
            [(72, 750, 24, "Scaling laws"), (72, 700, 16, "Compute budget"), *body],
            [*body, (72, 300, 16, "Data"), (72, 250, 10, "Twenty tokens per parameter.")],
        ],
    )
    blocks = read(path).blocks
    assert blocks[-1].headings == ("Scaling laws", "Data")
    page_two = next(b for b in blocks if b.locator.value == "2")
    assert page_two.headings == ("Scaling laws", "Compute budget")


def test_hyphens_at_line_ends_join_words_but_not_compounds(tmp_path):
    path = draw_pdf(
        tmp_path / "h.pdf",
        [
            [
                (72, 700, 11, "A paragraph that speaks about the atten-"),
                (72, 686, 11, "tion of a model. The human labels, human and aligned,"),
                (72, 672, 11, "aligned by people, make a model human-"),
                (72, 658, 11, "aligned in the end."),
            ]
        ],
    )
    text = " ".join(b.text for b in read(path).blocks)
    assert "the attention of a model" in text
    assert "human-aligned in the end" in text


def test_running_heads_and_page_numbers_are_dropped(tmp_path):
    pages = [
        [
            (72, 815, 8, "Course notes 2024"),
            (72, 500, 11, f"Body sentence {word} is only here."),
            (290, 20, 8, f"Page {number}"),
        ]
        for number, word in enumerate(["alpha", "beta", "gamma", "delta", "epsilon"], 1)
    ]
    text = "\n".join(b.text for b in read(draw_pdf(tmp_path / "run.pdf", pages)).blocks)
    assert "Course notes" not in text
    assert "Page" not in text
    assert "Body sentence gamma is only here." in text


def test_title_is_metadata_then_largest_text_then_file_name(tmp_path):
    body = [(72, 500, 11, "Some body text that is long enough to be the body.")]
    big = [(72, 700, 30, "Prompt engineering")]
    named = draw_pdf(tmp_path / "a.pdf", [body + big], title="A Guide to Prompts")
    assert read(named).title == "A Guide to Prompts"
    junk = draw_pdf(tmp_path / "b.pdf", [body + big], title="slides_final.pptx")
    assert read(junk).title == "Prompt engineering"
    assert read(draw_pdf(tmp_path / "week-3.pdf", [body])).title == "week-3"


def test_pages_without_text_are_listed_by_number(tmp_path):
    words = [(72, 500, 11, "Some text.")]
    document = read(draw_pdf(tmp_path / "gaps.pdf", [words, [], words, [], [], words]))
    assert document.warnings == ["no text on pages 2, 4-5"]


def test_scan_is_refused_with_a_remedy(tmp_path):
    with pytest.raises(UnreadableDocument, match=r"scan\.pdf holds no text.*scanned.*OCR"):
        read(draw_scan(tmp_path / "scan.pdf"))


def test_password_is_named_as_the_reason(tmp_path):
    path = draw_pdf(tmp_path / "locked.pdf", [[(72, 500, 11, "secret")]], password="x")
    with pytest.raises(UnreadableDocument, match=r"locked\.pdf is protected by a password"):
        read(path)


def test_broken_pdf_is_refused(tmp_path):
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"%PDF-1.7\nnothing that follows is a PDF")
    with pytest.raises(UnreadableDocument, match=r"broken\.pdf is a broken PDF"):
        read(path)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "sentences"),
    [
        (
            "W1.pdf",
            [
                "Encodes inputs (“prompts”) with contextual understanding and produces one vector"
                " per input token.",
                "Accepts input tokens and generates new tokens.",
            ],
        ),
        (
            "W3.pdf",
            [
                "Train model to predict preferred completion from",
                "Use the reward model as a binary classifier to provide reward value for each"
                " prompt-completion pair",
                "Augment model and build LLM-powered applications",
            ],
        ),
    ],
)
def test_slide_sentences_of_the_real_course_are_contiguous(real_data, name, sentences):
    document = read(real_data / "courses" / "dlai_genai_llm_course" / name)
    texts = [b.text for b in document.blocks]
    for sentence in sentences:
        assert any(sentence in text for text in texts), sentence
    titled = {b.locator.value for b in document.blocks if b.kind == "heading"}
    pages = {b.locator.value for b in document.blocks}
    assert len(titled) == len(pages), "every slide with text has a title"


@pytest.mark.data
def test_real_scans_and_broken_files_are_refused(real_data):
    fixtures = real_data / "fixtures" / "parser_fixtures"
    for name in (
        "MEDRPT-2024-PAT-3847_medical_report_scan.pdf",
        "pdf_scanned_meeting_minutes.pdf",
    ):
        with pytest.raises(UnreadableDocument, match="scanned"):
            read(fixtures / "markitdown" / name)
    assert read(fixtures / "markitdown" / "test.pdf").blocks
