"""Make an EPUB 3 book with the standard library: one chapter per level 2 heading."""

from __future__ import annotations

from itertools import groupby

from builders.fixed_zip import pack
from builders.markup import Block, bold_to_tags, sections, title_of

MODIFIED = "2025-01-01T00:00:00Z"
IDENTIFIER = "urn:uuid:5c0c3c1e-6f0e-4d53-9a55-6c6563746572"
CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
  <rootfiles>
    <rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/>
  </rootfiles>
</container>
"""
PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en">
<head><title>{title}</title></head>
<body>
{body}
</body>
</html>
"""
PACKAGE = """<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">
  <metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
    <dc:identifier id="id">{identifier}</dc:identifier>
    <dc:title>{title}</dc:title>
    <dc:language>en</dc:language>
    <dc:creator>Lectern sample course</dc:creator>
    <meta property="dcterms:modified">{modified}</meta>
  </metadata>
  <manifest>
    <item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
{items}
  </manifest>
  <spine>
{spine}
  </spine>
</package>
"""
ITEM = '    <item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>'
SPINE_ITEM = '    <itemref idref="{name}"/>'


def build(blocks: list[Block]) -> bytes:
    """Return the book."""
    opening, *chapters = sections(blocks, level=2)
    title = title_of(opening)
    pages = {f"chapter{n}": chapter for n, chapter in enumerate(chapters, start=1)}
    first = next(iter(pages))
    members = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OEBPS/content.opf": PACKAGE.format(
            identifier=IDENTIFIER,
            title=title,
            modified=MODIFIED,
            items="\n".join(ITEM.format(name=name) for name in pages),
            spine="\n".join(SPINE_ITEM.format(name=name) for name in pages),
        ),
        "OEBPS/nav.xhtml": _navigation(title, pages),
    }
    for name, chapter in pages.items():
        extra = opening if name == first else []
        members[f"OEBPS/{name}.xhtml"] = _page(chapter[0].text, [*extra, *chapter])
    encoded = {name: text.encode() for name, text in members.items()}
    return pack(encoded, first="mimetype", store_first=True)


def _navigation(title: str, pages: dict[str, list[Block]]) -> str:
    links = "\n".join(
        f'<li><a href="{name}.xhtml">{bold_to_tags(chapter[0].text, "b")}</a></li>'
        for name, chapter in pages.items()
    )
    body = f'<nav epub:type="toc"><h1>Contents</h1>\n<ol>\n{links}\n</ol></nav>'
    return PAGE.format(title=title, body=body)


def _page(title: str, blocks: list[Block]) -> str:
    parts: list[str] = []
    for is_list, run in groupby(blocks, key=lambda block: block.kind == "bullet"):
        html = "\n".join(_element(block) for block in run)
        parts.append(f"<ul>\n{html}\n</ul>" if is_list else html)
    return PAGE.format(title=title, body="\n".join(parts))


def _element(block: Block) -> str:
    text = bold_to_tags(block.text, "strong")
    if block.kind == "heading":
        return f"<h{block.level}>{text}</h{block.level}>"
    if block.kind == "bullet":
        return f"<li>{text}</li>"
    if block.kind == "table":
        return _table(block.rows)
    return f"<p>{text}</p>"


def _table(rows: list[list[str]]) -> str:
    lines = []
    for index, row in enumerate(rows):
        tag = "td" if index else "th"
        cells = "".join(f"<{tag}>{bold_to_tags(cell, 'strong')}</{tag}>" for cell in row)
        lines.append(f"<tr>{cells}</tr>")
    return "<table>\n" + "\n".join(lines) + "\n</table>"
