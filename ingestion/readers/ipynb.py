"""Jupyter notebooks: Markdown and code cells and the text they printed, by cell number."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingestion.errors import UnreadableDocument
from ingestion.locator import Locator
from ingestion.readers.base import Document
from ingestion.readers.encoding import decode_file
from ingestion.readers.markdown import add_markdown
from ingestion.readers.outline import Outline

_COLOR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_OBJECT = re.compile(r"\s*<[^<>\n]*>\s*")
_LONGEST_OUTPUT = 2000
"""Characters kept of what one output printed: training logs run to megabytes."""


class NotebookReader:
    """Cells count from 1, whatever their execution numbers say. Formats 3 and 4 are read."""

    format = "ipynb"
    suffixes = (".ipynb",)

    def read(self, path: Path) -> Document:
        outline, cut = Outline(), list[int]()
        for number, cell in enumerate(_cells(path), 1):
            outline.place = Locator.number("cell", number)
            source = _text(cell.get("source", cell.get("input")))
            if cell.get("cell_type") == "code":
                outline.add(source, "code")
                for output in cell.get("outputs") or ():
                    printed = _printed(output)
                    if len(printed) > _LONGEST_OUTPUT:
                        cut.append(number)
                        printed = printed[:_LONGEST_OUTPUT].rpartition("\n")[0]
                    outline.add(printed, "code")
            elif cell.get("cell_type") == "heading":
                outline.heading(int(cell.get("level", 1)), source)
            else:
                add_markdown(outline, source)
        if not outline.blocks:
            raise UnreadableDocument(f"{path.name} holds no text in any cell.", "Fill it in.")
        first = (b.text for b in outline.blocks if b.kind == "heading" and len(b.headings) == 1)
        listed = ", ".join(map(str, dict.fromkeys(cut)))
        warnings = [f"long output shortened in cell {listed}"] if cut else []
        return Document(next(first, path.stem), outline.blocks, warnings=warnings)


def _cells(path: Path) -> Iterator[dict[str, Any]]:
    try:
        notebook = json.loads(decode_file(path))
        sheets = notebook.get("worksheets", [notebook])
        cells = [cell for sheet in sheets for cell in sheet.get("cells", ())]
    except (ValueError, AttributeError, TypeError) as error:
        raise UnreadableDocument(
            f"{path.name} is not a Jupyter notebook ({error}).",
            "Open it in Jupyter and save it again.",
        ) from error
    return (cell for cell in cells if isinstance(cell, dict))


def _text(value: Any) -> str:
    """Notebooks store text as a string or as a list of lines."""
    return "".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _printed(output: dict[str, Any]) -> str:
    """The text of one output; of a traceback its last line, of a picture or object nothing."""
    kind = output.get("output_type")
    if kind in ("error", "pyerr"):
        return f"{output.get('ename', 'Error')}: {output.get('evalue', '')}"
    data = output.get("data", {})
    text = output.get("text", data.get("text/plain") if isinstance(data, dict) else None)
    plain = _COLOR.sub("", _text(text))
    return "" if _OBJECT.fullmatch(plain) else plain
