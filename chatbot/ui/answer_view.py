"""An answer on the page: its text with numbered citations, and the list of its sources.

Answers, questions and sources are written by models, learners and documents. They reach the browser
as data and enter the page by `textContent` only, so that HTML or Markdown in them shows as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import streamlit as st

from chatbot.answering import Citation


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the answer and the numbers of the sources that support it, shown after it.

    `marked`: the words that answer by themselves.
    """

    text: str
    numbers: tuple[int, ...] = ()
    marked: bool = False


def segments(
    text: str, citations: Sequence[Citation], highlight: Sequence[int] | None = None
) -> list[Segment]:
    """Cut `text` behind every supported sentence, and around characters start:end that are the
    `highlight`; a citation of no sentence stands at the end.
    """
    ends: dict[int, list[int]] = {}
    for citation in citations:
        start = text.find(citation.answer_sentence) if citation.answer_sentence else -1
        end = len(text.rstrip()) if start < 0 else start + len(citation.answer_sentence)
        if citation.number not in ends.setdefault(end, []):
            ends[end].append(citation.number)
    first, last = highlight or (0, 0)
    cuts = sorted({0, len(text), *ends, first, last})
    return [
        Segment(text[start:end], tuple(ends.get(end, ())), first <= start < end <= last)
        for start, end in pairwise(cuts)
    ]


def show_answer(
    text: str,
    sources: Sequence[Citation] = (),
    *,
    key: str,
    heading: str = "Sources",
    cited: bool = True,
    writing: bool = False,
    highlight: Sequence[int] | None = None,
) -> int | None:
    """Draw an answer and its sources, numbered in the text where they are `cited` by it; the
    characters start:end that are the `highlight` stand out.

    Returns the number of the source the reader has just clicked, if any.
    """
    shown = segments(text, sources if cited else (), highlight)
    component: Any = st.components.v2.component("lectern_answer", html=_HTML, css=_CSS, js=_JS)
    clicked = component(
        key=key,
        data={
            "segments": [asdict(part) for part in shown],
            "sources": [_source(c) for c in _one_per_number(sources)],
            "heading": heading,
            "writing": writing,
        },
        on_opened_change=lambda: None,
    )
    number = clicked.get("opened")
    return int(number) if number is not None else None


def _one_per_number(citations: Sequence[Citation]) -> list[Citation]:
    first: dict[int, Citation] = {}
    for citation in citations:
        first.setdefault(citation.number, citation)
    return list(first.values())


def _source(citation: Citation) -> dict[str, Any]:
    return {
        "number": citation.number,
        "file": citation.file,
        "place": citation.locator.label,
        "sentence": citation.sentence,
    }


_HTML = '<div class="answer"></div><div class="sources"></div>'

_CSS = """
:host { display: block; }
.answer { font-size: 1.0625rem; line-height: 1.65; white-space: pre-wrap; overflow-wrap: anywhere; }
.marked { font-weight: 650; }
.writing::after {
  content: ""; display: inline-block; width: .5em; height: 1.05em; margin-left: .15em;
  vertical-align: -.15em; background: var(--st-primary-color);
  animation: blink 1s steps(2) infinite;
}
@keyframes blink { 50% { opacity: 0; } }
@media (prefers-reduced-motion: reduce) { .marked { font-weight: 650; }
.writing::after { animation: none; } }
button { font: inherit; color: inherit; background: none; border: 0; cursor: pointer; }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
.cite {
  margin: 0 .08em 0 .18em; padding: .05em .42em; border-radius: .4em;
  font-size: .74em; font-weight: 600; line-height: 1.4; vertical-align: .22em;
  color: var(--st-primary-color);
  background: color-mix(in srgb, var(--st-primary-color) 11%, transparent);
}
.tail { white-space: nowrap; }
.cite:hover { color: var(--st-background-color); background: var(--st-primary-color); }
.heading {
  margin: 1.1rem 0 .35rem; font-size: .75rem; font-weight: 600; letter-spacing: .06em;
  text-transform: uppercase; opacity: .6;
}
.source {
  display: grid; grid-template-columns: 1.6rem 1fr; width: 100%; padding: .45rem .6rem .45rem .3rem;
  border-radius: .5rem; text-align: left;
}
.source:hover { background: var(--st-secondary-background-color); }
.source b { color: var(--st-primary-color); font-weight: 600; font-size: .875rem; }
.where { font-size: .9rem; font-weight: 600; overflow-wrap: anywhere; }
.where span { font-weight: 400; opacity: .7; }
.quote {
  grid-column: 2; margin-top: .1rem; font-size: .85rem; line-height: 1.45; opacity: .72;
  display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden;
  overflow-wrap: anywhere;
}
"""

_JS = r"""
function add(parent, tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const answer = parentElement.querySelector(".answer");
  answer.replaceChildren();
  answer.classList.toggle("writing", data.writing);
  const opens = (button, source) => {
    button.type = "button";
    button.onclick = () => setTriggerValue("opened", source.number);
    button.title = `${source.file}, ${source.place}`;
    button.ariaLabel = `Open source ${source.number}: ${button.title}`;
  };
  for (const part of data.segments) {
    const last = part.numbers.length ? part.text.match(/\S*$/)[0].length : 0;
    const marked = part.marked ? "marked" : "";
    add(answer, "span", marked, part.text.slice(0, part.text.length - last));
    const tail = add(answer, "span", "tail", "");
    add(tail, "span", marked, part.text.slice(part.text.length - last));
    for (const number of part.numbers) {
      const source = data.sources.find((s) => s.number === number);
      opens(add(tail, "button", "cite", String(number)), source);
    }
  }
  const sources = parentElement.querySelector(".sources");
  sources.replaceChildren();
  if (data.sources.length) add(sources, "div", "heading", data.heading);
  for (const source of data.sources) {
    const card = add(sources, "button", "source");
    opens(card, source);
    add(card, "b", "", String(source.number));
    const where = add(card, "div", "where", source.file + " ");
    add(where, "span", "", "· " + source.place);
    add(card, "div", "quote", source.sentence);
  }
}
"""
