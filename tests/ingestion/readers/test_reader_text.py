import pytest

from ingestion.errors import UnreadableDocument
from ingestion.readers.text import TextReader


@pytest.fixture
def read(tmp_path):
    def of(content, name="notes.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return TextReader().read(path)

    return of


def test_paragraphs_keep_their_lines(read):
    document = read(
        "A first paragraph that was wrapped at some\nwidth by its author.\n\n\nSecond one.\n"
    )
    assert [(b.text, b.locator.label) for b in document.blocks] == [
        (
            "A first paragraph that was wrapped at some width by its author.",
            "lines 1–2",
        ),
        ("Second one.", "line 5"),
    ]
    assert document.title == "notes"


def test_list_items_and_short_lines_stay_on_their_own(read):
    [block] = read("Shopping for the whole of the coming week:\n- milk\n- bread\n").blocks
    assert block.text == "Shopping for the whole of the coming week:\n- milk\n- bread"


def test_underlined_titles_are_headings_in_order_of_appearance(read):
    document = read(
        "=====\nGuide\n=====\n\nSetup\n-----\nRun make.\n\nUsage\n-----\n\nAsk.\n", "guide.rst"
    )
    assert [(b.kind, b.text, b.headings, b.locator.value) for b in document.blocks] == [
        ("heading", "Guide", ("Guide",), "1"),
        ("heading", "Setup", ("Guide", "Setup"), "5"),
        ("text", "Run make.", ("Guide", "Setup"), "7"),
        ("heading", "Usage", ("Guide", "Usage"), "9"),
        ("text", "Ask.", ("Guide", "Usage"), "12"),
    ]


def test_lines_of_capitals_on_their_own_are_headings(read):
    document = read(
        "COURSE NOTES\nWeek 3\n\n1. FROM ELIZA ON\n\nNASA IS A NAME in a text.\n\nA 42\n"
    )
    assert [(b.kind, b.text) for b in document.blocks] == [
        ("heading", "COURSE NOTES"),
        ("text", "Week 3"),
        ("heading", "1. FROM ELIZA ON"),
        ("text", "NASA IS A NAME in a text."),
        ("text", "A 42"),
    ]
    assert document.title == "COURSE NOTES"


def test_long_paragraphs_are_parted_at_sentence_ends(read):
    lines = [f"Sentence {n} is this one." if n % 7 == 0 else f"of {n}" for n in range(1, 60)]
    blocks = read("\n".join(lines)).blocks
    assert [b.locator.value for b in blocks] == ["1-21", "22-42", "43-59"]
    assert blocks[0].text.endswith("Sentence 21 is this one.")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "latin-1", "cp1252"]
)
def test_encodings(read, encoding):
    text = "Le modèle génère une réponse; où l'été a été très chaud à Besançon, déjà."
    data = b"\xff\xfe" + text.encode("utf-16-le") if "bom" in encoding else text.encode(encoding)
    assert read(data).blocks[0].text == text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Модель генерирует ответ, а затем проверяет каждое предложение по источнику."),
        (
            "cp1250",
            "Český model vytváří odpověď a ověřuje každou větu podle zdroje; žluťoučký kůň.",
        ),
        ("shift_jis", "日本語の文章はここにあります。モデルは文を生成します。"),
    ],
)
def test_other_scripts_are_not_taken_for_western_text(read, encoding, text):
    assert read(text.encode(encoding)).blocks[0].text == text


def test_line_ends_of_other_systems(read):
    assert [b.text for b in read(b"one\r\n\r\ntwo\r\rthree").blocks] == ["one", "two", "three"]


def test_binary_data_are_refused(read):
    with pytest.raises(UnreadableDocument, match=r"notes\.txt holds binary data"):
        read(bytes(range(1, 256)) * 20)


def test_text_without_a_word_is_refused(read):
    with pytest.raises(UnreadableDocument, match=r"notes\.txt holds no words"):
        read("---\n\n...\n")
