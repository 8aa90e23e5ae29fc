"""Markdown and MDX by markdown-it; HTML inside it by its text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.errors import UnreadableDocument
from ingestion.readers.base import BlockKind, Document
from ingestion.readers.encoding import decode_file
from ingestion.readers.markdown_dialects import without_control_syntax
from ingestion.readers.outline import Outline

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_META_TITLE = re.compile(r"^title:[ \t]*(.+?)[ \t]*$", re.M)
_ANCHOR = re.compile(r"\s*(?:\[\[[^\]]*\]\]|\{[#.:][^}]*\})\s*$")
_ADMONITION = re.compile(r"^\[!\w+\]\s*")
_FILE_NAME = re.compile(r"^\S*\.(png|jpe?g|gif|svg|webp|bmp)$|^(image|img|alt[ _-]?text)$", re.I)
_HIDDEN_HTML = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>", re.S | re.I)
_CELL_END = re.compile(r"</t[dh]>\s*(?=<t[dh]\b)", re.I)
_LINE_END = re.compile(r"<br\s*/?>|</(?:p|div|li|tr|h[1-6]|summary|dt|dd|blockquote)\s*>", re.I)
_HTML_TAG = re.compile(
    r"</?(?:"
    r"a|abbr|article|aside|audio|b|big|blockquote|body|br|button|center|cite|code|col|colgroup|d"
    r"d|del|details|dfn|div|dl|dt|em|embed|figcaption|figure|font|footer|form|h1|h2|h3|h4|h5|h6|"
    r"head|header|hr|html|i|iframe|img|input|ins|kbd|label|li|link|main|mark|meta|nav|object|ol|"
    r"option|p|param|path|picture|pre|q|s|samp|section|select|small|source|span|strike|strong|su"
    r"b|summary|sup|svg|table|tbody|td|tfoot|th|thead|tr|tt|u|ul|var|video"
    r")\b[^<>]*>",
    re.I,
)


class MarkdownReader:
    """Front matter gives the title, else the first heading of level 1, else the file's name."""

    format = "markdown"
    suffixes = (".md", ".markdown", ".mdx")

    def read(self, path: Path) -> Document:
        text = decode_file(path)
        title = ""
        if front := _FRONT_MATTER.match(text):
            text = text[front.end() :]
            if stated := _META_TITLE.search(front[1]):
                title = stated[1].strip("\"'")
        outline = Outline()
        add_markdown(outline, text)
        if not outline.blocks:
            raise UnreadableDocument(f"{path.name} holds no text.", "Remove it, or fill it in.")
        first = (b.text for b in outline.blocks if b.kind == "heading" and len(b.headings) == 1)
        return Document(title or next(first, path.stem), outline.blocks)


def add_markdown(outline: Outline, text: str) -> None:
    """Add the blocks of the Markdown (or MDX) in `text` to `outline`."""
    lists = 0
    row: list[str] | None = None
    rows: list[str] = []
    tokens = _parser().parse(without_control_syntax(text))
    for token, before in zip(tokens, [None, *tokens], strict=False):
        kind = token.type
        if kind == "inline":
            content = inline_text(token.children or ())
            if row is not None:
                row.append(content.replace("\n", " "))
            elif before is not None and before.type == "heading_open" and before.level == 0:
                outline.heading(int(before.tag[1]), _ANCHOR.sub("", content))
            else:
                block: BlockKind = "list" if lists else "text"
                outline.add(_ADMONITION.sub("", content), block)
        elif kind in ("fence", "code_block"):
            outline.add(token.content, "code")
        elif kind == "html_block":
            outline.add(html_text(token.content), "table" if "<td" in token.content else "text")
        elif kind == "math_block":
            outline.add(f"$${token.content}$$")
        elif kind in ("bullet_list_open", "ordered_list_open"):
            lists += 1
        elif kind in ("bullet_list_close", "ordered_list_close"):
            lists -= 1
        elif kind == "tr_open":
            row = []
        elif kind == "tr_close" and row is not None:
            rows.append(" | ".join(row))
            row = None
        elif kind == "table_close":
            outline.add("\n".join(rows), "table")
            rows = []


def inline_text(children: Iterable[Token]) -> str:
    """Inline Markdown as a reader sees it: links by their text, images by their description."""
    parts: list[str] = []
    for child in children:
        kind = child.type
        if kind in ("text", "code_inline", "text_special"):
            parts.append(child.content)
        elif kind == "softbreak":
            parts.append(" ")
        elif kind == "hardbreak":
            parts.append("\n")
        elif kind == "math_inline":
            parts.append(f"${child.content}$")
        elif kind == "math_inline_double":
            parts.append(f"$${child.content}$$")
        elif kind == "image":
            description = inline_text(child.children or ())
            parts.append("" if is_file_name(description) else description)
        elif kind == "html_inline":
            parts.append(html_text(child.content))
    return "".join(parts)


def is_file_name(description: str) -> bool:
    """Whether an image's description says nothing but its file's name (or that it is an image)."""
    return bool(_FILE_NAME.match(description))


def html_text(markup: str) -> str:
    """The text of an HTML fragment. Tags unknown to HTML (`<mask>`, `<think>`) are text."""
    text = _LINE_END.sub("\n", _CELL_END.sub(" | ", _HIDDEN_HTML.sub("", markup)))
    return unescape(_HTML_TAG.sub("", text))


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    parser = MarkdownIt("commonmark").enable("table")
    return parser.use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True)
