"""Examples a person should read: those that went worst, and those that moved most."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from evaluation.examples import Example, example_of
from evaluation.measures import headline, measure
from evaluation.report.markup import element
from evaluation.rows import Row
from evaluation.runs import measures_of

OPEN, MORE = 5, 15
"""Examples shown at once, and those behind a click."""

_LONGEST, _LONGEST_QUESTION = 900, 320
"""Characters of a text that are shown."""
_HEADING = 160
"""Characters of a question that is set as a heading: a longer one is a text of its own."""
_CHIPS = ("crag", "f1", "rougeL", "evidence@5", "ndcg@10", "points")


def worst_examples(rows: Mapping[str, Row]) -> Markup | None:
    """The rows that do worst by the run's first measure, a wrong answer before a silent one.

    None where nothing can be read, or nothing could be better.
    """
    measured = {key: measures_of(row) for key, row in rows.items()}
    names = dict.fromkeys(name for values in measured.values() for name in values)
    readable = [key for key, row in rows.items() if example_of(row).question and measured[key]]
    if not names or not readable:
        return None
    judge = headline(names)
    sign = -1.0 if measure(judge).less_is_better else 1.0

    def badness(key: str) -> tuple[float, float]:
        return measured[key].get("crag", 0.0), sign * measured[key].get(judge, 0.0)

    worst = sorted((k for k in readable if _is_flawed(measured[k], judge)), key=badness)
    cards = [_card(example_of(rows[key]), measured[key], judge) for key in worst[: OPEN + MORE]]
    return join_cards(cards)


def moved_examples(report: Mapping[str, Any]) -> Markup | None:
    """Both answers to the examples that moved most, beside each other."""
    said = measure(report["measure"])
    names = list(report["figures"])
    cards = []
    for example in report["moved"]:
        sides = [(names[n], example[side]) for n, side in enumerate(("first", "second"))]
        first = sides[0][1]
        better = (example["change"] < 0) == said.less_is_better
        cards.append(
            element(
                "article",
                _asked(
                    example["id"], first["question"], [_chip(said.say_change(example["change"]))]
                ),
                _gold(first["gold"]),
                element("div", (_side(*side, said.say) for side in sides), class_="sides"),
                class_=f"example {'right' if better else 'wrong'}",
            )
        )
    return join_cards(cards)


def join_cards(cards: Sequence[Markup]) -> Markup | None:
    """The first few open, the others behind a click."""
    if not cards:
        return None
    more = cards[OPEN:]
    return element(
        "div",
        cards[:OPEN],
        element(
            "details",
            element("summary", f"{len(more)} more examples" if len(more) > 1 else "1 more example"),
            more,
        )
        if more
        else None,
        class_="examples",
    )


def shortened(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else f"{text[:longest].rstrip()} …"


def _card(example: Example, measures: Mapping[str, float], judge: str) -> Markup:
    shown = dict.fromkeys((judge, *(name for name in _CHIPS if name in measures)))
    chips = [
        _chip(f"{measure(name).label} {measure(name).say(measures[name])}")
        for name in shown
        if name in measures
    ]
    return element(
        "article",
        _asked(example.id, example.question, chips),
        _gold(example.gold),
        _answer(example.answer, example.abstained),
        _places(example.citations),
        class_=f"example {_verdict(example, measures)}",
    )


def _is_flawed(measures: Mapping[str, float], judge: str) -> bool:
    """Whether an example was judged and a better value was possible."""
    best = 0.0 if measure(judge).less_is_better else 1.0
    short_of = [measures[judge] != best] if judge in measures else []
    return any([*short_of, measures.get("crag", 1.0) < 1.0])


def _verdict(example: Example, measures: Mapping[str, float]) -> str:
    if "crag" not in measures:
        return "open"
    if example.abstained:
        return "silent"
    return "right" if measures["crag"] > 0 else "wrong"


def _asked(key: str, question: str, chips: Sequence[Markup]) -> Markup:
    kind = "question" if len(question) <= _HEADING else "question long"
    return element(
        "header",
        element("p", shortened(question, _LONGEST_QUESTION), class_=kind, dir="auto"),
        element("div", element("code", key), chips, class_="chips"),
    )


def _gold(gold: Sequence[str]) -> Markup | None:
    if not gold:
        return None
    said = (element("span", shortened(one), dir="auto") for one in gold)
    return element(
        "div", element("b", "expected"), element("div", said, class_="golds"), class_="said"
    )


def _answer(text: str, abstained: bool) -> Markup | None:
    """What was said; of a silence also what it withheld, where the row knows."""
    if not text and not abstained:
        return None
    silence = element("i", "abstained, withheld: " if text else "abstained") if abstained else None
    shown = element("div", silence, shortened(text), dir="auto")
    return element("div", element("b", "answer"), shown, class_="said")


def _places(citations: Sequence[str]) -> Markup | None:
    if not citations:
        return None
    said = (element("span", place) for place in citations)
    return element(
        "div", element("b", "cited"), element("div", said, class_="places"), class_="said"
    )


def _side(name: str, side: Mapping[str, Any], say: Callable[[float], str]) -> Markup:
    silence = element("i", "abstained") if side["abstained"] else None
    return element(
        "div",
        element("b", name, " ", _chip(say(side["value"]))),
        element("div", silence or shortened(side["answer"]), dir="auto"),
        class_="side",
    )


def _chip(text: str) -> Markup:
    return element("span", text, class_="chip")
