"""Tables of the page: numbers to the right, text to the left, plots at the end of a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evaluation.report.markup import element


@dataclass(frozen=True, slots=True)
class Cell:
    """`kind` is classes of the style sheet: `number`, `value`, `quiet`, `drawn`."""

    content: object
    kind: str = ""


def number(said: str, kind: str = "") -> Cell:
    return Cell(said, f"number {kind}".strip())


def row(name: object, cells: Iterable[Cell], *, first: bool = False) -> Markup:
    """A row under its name; `first` of those that belong together."""
    return element(
        "tr",
        element("th", name, scope="row"),
        (element("td", cell.content, class_=cell.kind or None) for cell in cells),
        class_="first" if first else None,
    )


def table(heads: Sequence[str | Cell], rows: Sequence[Markup]) -> Markup:
    """A table that scrolls by itself where the page is narrow; a plain head stands over text."""
    cells = (head if isinstance(head, Cell) else Cell(head) for head in heads)
    shown = (element("th", c.content, scope="col", class_=c.kind or None) for c in cells)
    whole = element(
        "table", element("thead", element("tr", shown)), element("tbody", rows), class_="figures"
    )
    return element("div", whole, class_="wide")
