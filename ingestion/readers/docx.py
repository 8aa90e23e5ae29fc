"""Word files by python-docx: headings, lists, tables, notes; tracked changes as if accepted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingestion.errors import UnreadableDocument
from ingestion.readers.archive import check_archive
from ingestion.readers.base import Document
from ingestion.readers.outline import Outline, tidy
from ingestion.readers.titles import stated_title

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_LEFT_OUT = frozenset(
    {f"{_W}del", f"{_W}moveFrom", f"{_W}pPr", f"{_W}rPr", f"{_W}txbxContent", f"{_MC}Fallback"}
)
_NOTES = {f"{_W}footnoteReference": "footnotes", f"{_W}endnoteReference": "endnotes"}
_HEADING = re.compile(r"heading\s*(\d)", re.I)


class DocxReader:
    """Insertions count and deletions do not, as if all tracked changes were accepted.

    A text box is read where it is anchored, a note after the paragraph that calls it.
    """

    format = "docx"
    suffixes = (".docx",)

    def read(self, path: Path) -> Document:
        check_archive(path)
        import docx

        file = docx.Document(str(path))
        body = _Body(file)
        body.add_children(file.element.body)
        if not body.outline.blocks:
            raise UnreadableDocument(
                f"{path.name} holds no text.", "If its pages are pictures, export it and run OCR."
            )
        headings = (b.text for b in body.outline.blocks if b.kind == "heading")
        title = body.title or stated_title(file.core_properties.title)
        return Document(title or next(headings, path.stem), body.outline.blocks)


class _Body:
    """Walks the XML itself: python-docx skips tracked changes, content controls and boxes."""

    def __init__(self, file: Any) -> None:
        self.outline = Outline()
        self.title = ""
        self._styles = {s.style_id: s for s in file.styles}
        self._notes = {kind: _notes(file.part, kind) for kind in _NOTES.values()}

    def add_children(self, parent: Any) -> None:
        for element in parent:
            if element.tag == f"{_W}p":
                self._add_paragraph(element)
            elif element.tag == f"{_W}tbl":
                self._add_table(element)
            elif element.tag not in _LEFT_OUT:  # content controls, moved or inserted blocks…
                self.add_children(element)

    def _add_paragraph(self, paragraph: Any) -> None:
        text, (level, listed) = paragraph_text(paragraph), self._role(paragraph)
        if level is None:
            self.outline.add(text, "list" if listed else "text")
        else:
            self.title = self.title or (tidy(text) if level == 0 else "")
            self.outline.heading(level, text)
        for element in _present(paragraph):
            if element.tag == f"{_W}txbxContent":
                self.add_children(element)
            elif kind := _NOTES.get(element.tag):
                self.outline.add(self._notes[kind].get(element.get(f"{_W}id"), ""))

    def _role(self, paragraph: Any) -> tuple[int | None, bool]:
        """Heading level (0 is the document's title, None is no heading) and whether in a list."""
        properties = paragraph.find(f"{_W}pPr")
        if properties is None:
            return None, False
        listed = properties.find(f"{_W}numPr") is not None
        outline = properties.find(f"{_W}outlineLvl")
        if outline is not None and int(outline.get(f"{_W}val", 9)) < 9:
            return int(outline.get(f"{_W}val")) + 1, listed
        named = properties.find(f"{_W}pStyle")
        style = self._styles.get(named.get(f"{_W}val")) if named is not None else None
        while style is not None:
            if style.name == "Title":
                return 0, False
            if match := _HEADING.match(style.name or ""):
                return int(match[1]), False
            listed = listed or (style.name or "").startswith("List ")
            style = getattr(style, "base_style", None)
        return None, listed

    def _add_table(self, table: Any) -> None:
        """Cells by ` | `; a table inside a cell follows as a table of its own.

        A table of one cell is a frame around ordinary text.
        """
        rows = [_named(row, "tc") for row in _named(table, "tr") if not _deleted(row)]
        if len(rows) == 1 and len(rows[0]) == 1:
            self.add_children(rows[0][0])
            return
        lines = [" | ".join(_cell_text(cell) for cell in row) for row in rows]
        self.outline.add("\n".join(line for line in lines if line.strip(" |")), "table")
        for row in rows:
            for cell in row:
                for inner in _named(cell, "tbl"):
                    self._add_table(inner)


def paragraph_text(paragraph: Any) -> str:
    """The text of a `w:p` (or of any element in one) with insertions and without deletions."""
    parts = []
    for element in _present(paragraph):
        if element.tag in (f"{_W}t", f"{_MATH}t"):
            parts.append(element.text or "")
        elif element.tag == f"{_W}tab":
            parts.append(" ")
        elif element.tag == f"{_W}br" and element.get(f"{_W}type") is None:
            parts.append("\n")
        elif element.tag == f"{_W}noBreakHyphen":
            parts.append("-")
    return "".join(parts)


def _present(element: Any) -> Iterator[Any]:
    """Descendants that a reader of the finished document sees; boxes are given but not entered."""
    for child in element:
        if child.tag == f"{_W}r" and child.find(f"{_W}rPr/{_W}vanish") is not None:
            continue
        yield child
        if child.tag not in _LEFT_OUT:
            yield from _present(child)


def _named(parent: Any, name: str) -> list[Any]:
    """Children of that name, looking through content controls and tracked insertions."""
    found = []
    for child in parent:
        if child.tag == f"{_W}{name}":
            found.append(child)
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"):
            found += _named(child, name)
    return found


def _deleted(row: Any) -> bool:
    return row.find(f"{_W}trPr/{_W}del") is not None


def _cell_text(cell: Any) -> str:
    return tidy(" ".join(paragraph_text(p) for p in _named(cell, "p"))).replace("\n", " ")


def _notes(part: Any, kind: str) -> dict[str, str]:
    """Note id → text, of the part that holds footnotes or endnotes."""
    from docx.oxml.parser import parse_xml

    for relation in part.rels.values():
        if not relation.is_external and relation.reltype.endswith(f"/{kind}"):
            notes = parse_xml(relation.target_part.blob)
            return {
                note.get(f"{_W}id"): " ".join(paragraph_text(p) for p in _named(note, "p"))
                for note in notes
                if note.get(f"{_W}type") is None
            }
    return {}
