"""HTML and SVG elements, escaped by construction: a plain string is text, never markup."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

_VOID = frozenset({"meta", "line", "circle", "rect", "path", "polyline"})


def element(tag: str, /, *children: object, **attributes: object) -> Markup:
    """`<tag …>children</tag>`.

    Attributes None and False are left out, True stands alone; `class_` and `stroke_width` are
    written `class` and `stroke-width`. Children may be nested lists; None is nothing.
    """
    opening = Markup("<") + tag + _attributes(attributes)
    if tag in _VOID:
        return opening + Markup("/>")
    return opening + Markup(">") + join(children) + Markup("</") + tag + Markup(">")


def join(children: Iterable[object]) -> Markup:
    """Children one after the other, each escaped unless it is markup already."""
    return Markup("").join(_flat(children))


def _flat(children: Iterable[object]) -> Iterable[Markup]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, str):
            yield escape(child)
        elif isinstance(child, Iterable):
            yield from _flat(child)
        else:
            yield escape(str(child))


def _attributes(attributes: dict[str, object]) -> Markup:
    said = Markup("")
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        shown = name.rstrip("_").replace("_", "-")
        said += Markup(" ") + shown
        if value is not True:
            number = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value
            said += Markup('="{}"').format(number)
    return said
