import pytest

from ingestion.errors import UnreadableDocument
from ingestion.readers.markdown import MarkdownReader


@pytest.fixture
def read(tmp_path):
    def of(text, name="notes.md"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return MarkdownReader().read(path)

    return of


def pairs(document):
    return [(b.kind, b.text) for b in document.blocks]


def test_headings_make_trails_and_locators(read):
    document = read("# Week 1\n\nintro\n\n## Attention\n\nqueries\n\n# Week 2\n\nmore")
    assert [(b.text, b.headings, b.locator.value) for b in document.blocks] == [
        ("Week 1", ("Week 1",), "Week 1"),
        ("intro", ("Week 1",), "Week 1"),
        ("Attention", ("Week 1", "Attention"), "Week 1 > Attention"),
        ("queries", ("Week 1", "Attention"), "Week 1 > Attention"),
        ("Week 2", ("Week 2",), "Week 2"),
        ("more", ("Week 2",), "Week 2"),
    ]


def test_title_is_front_matter_then_first_heading_then_file_name(read):
    assert read('---\ntitle: "A course"\ntags: [x]\n---\n# One\n').title == "A course"
    assert "tags" not in pairs(read("---\ntitle: A\ntags: [x]\n---\n# One\n"))[0][1]
    assert read("text\n\n# One\n").title == "One"
    assert read("text").title == "notes"


def test_lists_tables_code_and_quotes(read):
    document = read(
        "- first\n- second\n  - nested\n\n1. third\n\n> quoted\n\n"
        "| a | b |\n|---|---|\n| 1 | *2* |\n\n```python\nif x:\n    y = 1\n```\n"
    )
    assert pairs(document) == [
        ("list", "first"),
        ("list", "second"),
        ("list", "nested"),
        ("list", "third"),
        ("text", "quoted"),
        ("table", "a | b\n1 | 2"),
        ("code", "if x:\n    y = 1"),
    ]


def test_inline_markup_leaves_its_text(read):
    document = read(
        "A [link *text*](https://example.org), `code`, **bold** and\nwrapped &amp; escaped \\*."
    )
    assert pairs(document) == [
        ("text", "A link text, code, bold and wrapped & escaped *."),
    ]


def test_image_descriptions_stay_and_file_names_go(read):
    document = read("Seen ![the attention weights of a head](a.png) here ![fig1.png](fig1.png).")
    assert pairs(document) == [("text", "Seen the attention weights of a head here .")]


def test_html_inside_keeps_text_and_unknown_tags(read):
    document = read(
        "<details><summary>Hint</summary>\nUse <b>LoRA</b>.\n</details>\n\n"
        "<!-- hidden -->\n\n<script>alert(1)</script>\n\n"
        "The <mask> token and H<sub>2</sub>O<br>below\n"
    )
    texts = "\n".join(b.text for b in document.blocks)
    assert texts == "Hint\nUse LoRA.\nThe <mask> token and H2O\nbelow"


def test_formulas_are_kept_as_written(read):
    assert pairs(read(r"So $x_1 * y_2 * \{z\}$ holds, for $5 and $6.")) == [
        ("text", r"So $x_1 * y_2 * \{z\}$ holds, for $5 and $6.")
    ]


def test_mdx_control_syntax_goes_and_its_text_stays(read):
    document = read(
        "import Thing from './thing'\nexport const a = 1\n\n"
        "# Processing[[processing]]\n\n"
        '<Banner chapter={3}\n  links={[\n    {label: "Colab", value: "https://c > d"},\n]} />\n\n'
        "<Switch {fw} />\n\n{#if fw === 'pt'}\nPyTorch text.\n{:else}\nOther text.\n{/if}\n\n"
        "<Tip>\n\nA *tip* in a box.\n\n</Tip>\n\n"
        "```py\nimport torch\nx = <Tip>\n```\n",
        "page.mdx",
    )
    assert pairs(document) == [
        ("heading", "Processing"),
        ("text", "PyTorch text."),
        ("text", "Other text."),
        ("text", "A tip in a box."),
        ("code", "import torch\nx = <Tip>"),
    ]


def test_quiz_questions_in_attributes_become_list_items(read):
    document = read(
        '### Which one?\n\n<Question\n  choices={[\n    {\n      text: "BERT",\n'
        '      explain: "It\'s an \\"encoder\\".",\n      correct: true\n    },\n  ]}\n/>\n',
        "quiz.mdx",
    )
    assert pairs(document)[1:] == [("list", "BERT"), ("list", 'It\'s an "encoder".')]


def test_directives_of_dive_into_deep_learning_go(read):
    document = read(
        "# Softmax\n:label:`sec_softmax`\n\n:begin_tab:`mxnet`\nIn Gluon.\n:end_tab:\n\n"
        "As :numref:`fig_a` shows :cite:`Vaswani.2017`, "
        "[**the `relu` of :eqref:`eq_b` works**].\n"
        ":citet:`Hu.2021` said so; `:label:` stays in code.\n"
    )
    assert pairs(document) == [
        ("heading", "Softmax"),
        ("text", "In Gluon."),
        ("text", "As shows, the relu of works. Hu.2021 said so; :label: stays in code."),
    ]


def test_heading_in_a_quote_does_not_open_a_section(read):
    document = read("# A\n\n> ### Note\n> text\n\nafter")
    assert document.blocks[-1].headings == ("A",)


def test_file_of_markup_alone_is_refused(read):
    with pytest.raises(UnreadableDocument, match=r"notes\.md holds no text"):
        read("---\ntitle: x\n---\n\n<!-- nothing -->\n\n---\n")


@pytest.mark.data
def test_no_control_syntax_is_left_in_real_courses(real_data):
    reader = MarkdownReader()
    left = []
    for course, marks in {
        "hf_course": ("{#if", "{/if}", "<Youtube", "<Tip", "FloatingBanner", "choices={", "{fw}"),
        "d2l": (":begin_tab:", ":label:", ":numref:", ":eqref:", ":cite:"),
    }.items():
        for path in sorted((real_data / "courses" / course).rglob("*.md*")):
            for block in reader.read(path).blocks:
                if block.kind != "code":
                    left += [(path.name, m, block.text[:80]) for m in marks if m in block.text]
    assert left == []
