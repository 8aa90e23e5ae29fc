import pytest

from ingestion.errors import UnreadableDocument
from ingestion.readers.html import HtmlReader


@pytest.fixture
def read(tmp_path):
    def of(content, name="page.html"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return HtmlReader().read(path)

    return of


def pairs(document):
    return [(b.kind, b.text) for b in document.blocks]


def test_headings_paragraphs_lists_and_code(read):
    document = read(
        "<title>LoRA, explained</title><body><h1>LoRA</h1><p>Low <b>rank</b>\n adaptation.</p>"
        "<h2>Why</h2><ul><li>small</li><li>fast<ol><li>very</li></ol></li></ul>"
        "<pre>x = 1\n  y = 2</pre>tail text<br>next line</body>"
    )
    assert document.title == "LoRA, explained"
    assert pairs(document) == [
        ("heading", "LoRA"),
        ("text", "Low rank adaptation."),
        ("heading", "Why"),
        ("list", "small"),
        ("list", "fast"),
        ("list", "very"),
        ("code", "x = 1\n  y = 2"),
        ("text", "tail text\nnext line"),
    ]
    assert document.blocks[-1].locator.value == "LoRA > Why"


def test_boilerplate_and_hidden_text_go(read):
    document = read(
        "<body><nav>menu</nav><header>site <a>login</a></header><script>x()</script>"
        "<header><h1>Title</h1><ul><li>languages</li></ul></header>"
        "<div style='display: none'>a</div><p hidden>b</p><p aria-hidden='true'>c</p>"
        "<div role='navigation'>d</div><p>Kept.</p><!-- e --><footer>imprint</footer></body>"
    )
    assert pairs(document) == [("heading", "Title"), ("text", "Kept.")]


def test_main_content_is_taken_when_it_holds_the_text(read):
    document = read(
        "<body><div><p>See also</p></div><main><p>The whole text of the page is here.</p></main>"
    )
    assert pairs(document) == [("text", "The whole text of the page is here.")]


def test_tables_have_rows_and_layout_tables_do_not(read):
    document = read(
        "<table><caption>Sizes</caption><tr><th>model</th><th>B</th></tr>"
        "<tr><td>T5<br>XXL</td><td>11</td></tr></table>"
        "<table><tr><td><h2>Framed</h2><p>text</p></td></tr></table>"
    )
    assert pairs(document) == [
        ("text", "Sizes"),
        ("table", "model | B\nT5 XXL | 11"),
        ("heading", "Framed"),
        ("text", "text"),
    ]


def test_formulas_by_their_tex_and_pictures_by_their_description(read):
    document = read(
        "<p>So <math><mi>x</mi><annotation encoding='application/x-tex'>x^2</annotation></math>"
        " and <img alt='a falling curve' src=a.png><img alt='fig1.png'>.</p>"
    )
    assert pairs(document) == [("text", "So x^2 and a falling curve.")]


@pytest.mark.parametrize(
    "page",
    [
        '<meta charset="windows-1252"><p>déjà “vu”</p>'.encode("cp1252"),
        '<meta charset="utf-8"><p>déjà “vu”</p>'.encode("cp1252"),
        "<p>déjà “vu”</p>".encode(),
        '<?xml version="1.0" encoding="UTF-8"?><html><body><p>déjà “vu”</p></body></html>'.encode(),
        "<p>déjà “vu”</p>".encode("utf-16"),
    ],
)
def test_encodings_stated_rightly_wrongly_or_not(read, page):
    assert pairs(read(page)) == [("text", "déjà “vu”")]


def test_page_without_text_is_refused(read):
    with pytest.raises(UnreadableDocument, match=r"page\.html holds no text"):
        read("<html><body><script>render()</script><div id=root></div></body></html>")


@pytest.mark.data
def test_real_wikipedia_page(real_data):
    path = real_data / "fixtures" / "parser_fixtures" / "markitdown" / "test_wikipedia.html"
    document = HtmlReader().read(path)
    texts = [b.text for b in document.blocks]
    assert document.blocks[0].text == "Microsoft"
    assert "Afrikaans" not in texts, "the list of languages is navigation"
    assert not any("[edit]" in text for text in texts)
    assert any("founded by Bill Gates and Paul Allen" in text for text in texts)


def nested(depth):
    return f"<p>Before.</p>{'<div>' * depth}<p>Deep.</p>{'</div>' * depth}<p>After.</p>"


def test_what_is_nested_deep_is_not_lost(read):
    """Pages that never close their tags nest without meaning to."""
    assert pairs(read(nested(300))) == [("text", "Before."), ("text", "Deep."), ("text", "After.")]


def test_what_is_nested_too_deep_is_refused_whole(read):
    with pytest.raises(UnreadableDocument, match=r"page\.html has elements nested too deep"):
        read(nested(5000))
