"""From a tree of HTML elements to blocks under headings; shared by web pages and EPUB chapters."""

from __future__ import annotations

import re
from typing import Any

from ingestion.readers.base import BlockKind
from ingestion.readers.markdown import is_file_name
from ingestion.readers.outline import Outline, tidy

_SKIPPED = re.compile(
    r"script|style|noscript|template|nav|footer|form|button|select|input|textarea|iframe|object"
    r"|svg|canvas|audio|video|head|title|link|meta|dialog|menu"
).fullmatch
_BLOCK = re.compile(
    r"address|article|aside|blockquote|body|caption|center|d[dlt]|details|div|fieldset|figcaption"
    r"|figure|hgroup|hr|html|legend|li|main|[ou]l|p|section|summary|table|t[rdh]"
).fullmatch
_ROLES = frozenset(("navigation", "banner", "contentinfo", "search", "complementary", "dialog"))
_CLASSES = frozenset(
    ("mw-editsection", "navbox", "mw-jump-link", "headerlink", "toc", "sphinxsidebar", "breadcrumb")
)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_WHITE = re.compile(r"\s+")


class HtmlBlocks:
    """Adds elements to an outline; text between two block elements becomes one block."""

    def __init__(self) -> None:
        self.outline = Outline()
        self._inline: list[str] = []
        self._lists = 0

    def add(self, element: Any) -> None:
        """Add the text of `element` and what is in it."""
        self._visit(element)
        self._flush()

    def _visit(self, element: Any) -> None:
        tag = element.tag
        if not isinstance(tag, str) or _boilerplate(element):
            return
        tag = tag.rpartition("}")[2]
        if tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self._flush()
            self.outline.heading(int(tag[1]), inline_text(element))
        elif tag == "pre":
            self._flush()
            self.outline.add("".join(element.itertext()), "code")
        elif tag == "table" and not _layout(element):
            self._flush()
            self._add_table(element)
        elif tag == "br":
            self._inline.append("\n")
        elif tag == "img":
            self._inline.append(_description(element))
        elif tag == "math":
            self._inline.append(_formula(element))
        elif tag == "header":  # of a header with the page's title in it (see below), its headings
            for heading in element.iter("h1", "h2", "h3"):
                self._visit(heading)
        elif _BLOCK(tag):
            self._flush()
            self._lists += tag == "li"
            self._visit_children(element)
            self._flush()
            self._lists -= tag == "li"
        else:
            self._visit_children(element)

    def _visit_children(self, element: Any) -> None:
        self._inline.append(_WHITE.sub(" ", element.text or ""))
        for child in element:
            self._visit(child)
            self._inline.append(_WHITE.sub(" ", child.tail or ""))

    def _flush(self) -> None:
        kind: BlockKind = "list" if self._lists else "text"
        self.outline.add("".join(self._inline), kind)
        self._inline = []

    def _add_table(self, table: Any) -> None:
        for caption in table.iter("caption"):
            self.outline.add(inline_text(caption))
        rows = [
            " | ".join(inline_text(c).replace("\n", " ") for c in row if c.tag in ("td", "th"))
            for row in table.iter("tr")
            if not _boilerplate(row)
        ]
        self.outline.add("\n".join(row for row in rows if row.strip(" |")), "table")


def main_content(root: Any) -> Any:
    """The `<main>`, or the only `<article>`, if it holds most of the page's text; else the body."""
    body = root.find(".//body")
    body = root if body is None else body
    whole = _length(body)
    found = [*body.iter("main"), *body.xpath(".//*[@role='main']")] or list(body.iter("article"))
    if len(found) == 1 and _length(found[0]) > 0.4 * whole:
        return found[0]
    return body


def inline_text(element: Any) -> str:
    """The visible text in an element, as one piece."""
    part = HtmlBlocks()
    part._visit_children(element)
    part._flush()
    return " ".join(block.text for block in part.outline.blocks)


def _boilerplate(element: Any) -> bool:
    tag, get = element.tag, element.get
    if not isinstance(tag, str) or _SKIPPED(tag) or get("hidden") is not None:
        return True
    if get("aria-hidden") == "true" or get("role") in _ROLES:
        return True
    if (style := get("style")) and _HIDDEN_STYLE.search(style):
        return True
    if (names := get("class")) and not _CLASSES.isdisjoint(names.split()):
        return True
    return tag == "header" and element.find(".//h1") is None


def _layout(table: Any) -> bool:
    """Whether a table only lays out the page: it holds headings, other tables, or one cell."""
    inner = table.xpath(".//table|.//h1|.//h2|.//h3|.//pre")
    return bool(inner) or len(table.xpath(".//td|.//th")) == 1


def _length(element: Any) -> int:
    return sum(len(text) for text in element.xpath(".//p//text()|.//li//text()|.//pre//text()"))


def _description(image: Any) -> str:
    text = tidy(image.get("alt") or "")
    return "" if is_file_name(text) else text


def _formula(math: Any) -> str:
    """TeX where the page carries it beside the MathML, which reads as a heap of symbols."""
    for note in math.iter("annotation", "{*}annotation"):
        if "tex" in (note.get("encoding") or ""):
            return note.text or ""
    return math.get("alttext") or "".join(math.itertext())
