"""The chat page: ask, watch the answer being written, open its sources."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from chatbot.answering import Citation
from chatbot.conversations import Exchange, UnknownConversation
from chatbot.extractive import ExtractiveAnswerer
from chatbot.options import AskOptions
from chatbot.small_talk import NAME as SMALL_TALK
from chatbot.ui import session
from chatbot.ui.answer_view import show_answer
from chatbot.ui.banner import ready, show_banner
from chatbot.ui.citations import (
    citation_from_json,
    escape_markdown,
    message_markdown,
    open_source,
)
from chatbot.ui.conversation_list import conversation_list
from chatbot.ui.feedback_form import consent, thumbs_and_form
from chatbot.ui.services import Services, services
from chatbot.ui.settings_panel import course_filter, settings_panel
from chatbot.ui.welcome import suggestions

REFRESH_SECONDS = 0.25

_ENDED = {
    "stopped": "Stopped.",
    "interrupted": "Lectern was stopped while it wrote this answer.",
    "failed": "This question could not be answered.",
}


def page() -> None:
    """Draw the chat page."""
    shared = services()
    owner = session.owner()
    exchanges = _open_exchanges(shared, owner)
    writing = next((e.id for e in exchanges if e.state == "writing"), None)
    with st.sidebar:
        conversation_list(shared.conversations, owner)
    if not ready(shared):
        return
    with st.sidebar:
        course = course_filter([c.name for c in shared.assistant().index.courses()])
        options = settings_panel(course, shared.settings)
        consent(shared.conversations, owner)
    notice = show_banner(shared.assistant(), options.answerer)
    asked = _welcome(shared, course) if not exchanges else None
    again = _show(shared, owner, exchanges, notice)
    st.chat_input(
        "Ask about the course" if writing is None else "An answer is being written…",
        disabled=writing is not None,
        key="question",
        on_submit=_keep_question,
    )
    typed: str | None = st.session_state.pop("typed", None)
    if again is not None:
        _ask(shared, owner, again.question, AskOptions.model_validate(again.options))
    elif question := (typed or asked or "").strip():
        _ask(shared, owner, question, options)


def _keep_question() -> None:
    """Streamlit drops what comes from a box that this run disables: a second tab may have begun to
    write an answer meanwhile.
    """
    st.session_state["typed"] = st.session_state["question"]


def _open_exchanges(shared: Services, owner: str) -> tuple[Exchange, ...]:
    conversation = session.open_conversation()
    if conversation is None:
        return ()
    try:
        return shared.conversations.exchanges(owner, conversation)
    except UnknownConversation as unknown:
        session.show_conversation(None)
        st.toast(unknown.what + " " + unknown.remedy)
        return ()


def _ask(shared: Services, owner: str, question: str, options: AskOptions) -> None:
    conversation = session.open_conversation()
    if conversation is None:
        conversation = shared.conversations.create(owner, question).id
        session.show_conversation(conversation)
    shared.answers.ask(owner, conversation, question, options)
    st.rerun()


def _welcome(shared: Services, course: str | None) -> str | None:
    """The first screen; returns the suggested question that was clicked."""
    st.title("Ask your course")
    st.write(
        "Answers come from the course documents alone. Every sentence carries the number of its"
        " source: click it to see the page, slide or second it was read from. When the documents"
        " do not hold the answer, Lectern says so."
    )
    offered = suggestions(shared.assistant().index, course)
    if not offered:
        return None
    chosen: str | None = st.pills(
        "For example",
        offered,
        label_visibility="collapsed",
        key=f"suggestion-{course}",
    )
    return chosen


def _show(
    shared: Services, owner: str, exchanges: Sequence[Exchange], notice: str
) -> Exchange | None:
    """Draw the exchanges; returns the one the learner wants asked again."""
    again = None
    for exchange in exchanges:
        with st.chat_message("user", avatar=":material/person:"):
            st.text(exchange.question)
        with st.chat_message("assistant", avatar=":material/school:"):
            if exchange.state == "writing":
                _live(shared, owner, exchange.id)
            elif exchange.state == "done":
                _finished(shared, owner, exchange, notice)
            elif _unfinished(exchange):
                again = exchange
    return again


@st.fragment(run_every=REFRESH_SECONDS)
def _live(shared: Services, owner: str, exchange: int) -> None:
    """An answer being written, drawn anew from the database until it is done."""
    now = shared.conversations.exchange(owner, exchange)
    if now is None or now.state != "writing":
        st.rerun(scope="app")
    _reasoning(now.reasoning)
    if now.text:
        show_answer(now.text, key=f"live-{exchange}", writing=True)
    else:
        st.caption("Reasoning…" if now.reasoning else "Reading the course documents…")
    if st.button("Stop", icon=":material/stop_circle:", key=f"stop-{exchange}"):
        shared.conversations.stop(owner, exchange)
        st.rerun(scope="app")


def _finished(shared: Services, owner: str, exchange: Exchange, notice: str) -> None:
    answer = exchange.answer or {}
    places = [citation_from_json(c) for c in answer["citations"] or answer["nearest"]]
    if answer["notice"] and answer["notice"] != notice:
        st.caption(f":material/info: {message_markdown(answer['notice'])}")
    _reasoning(answer["reasoning"])
    if answer["abstained"]:
        opened = show_answer(
            "The course documents do not say, as far as I can find.",
            places,
            key=f"answer-{exchange.id}",
            heading="Nearest places",
            cited=False,
        )
    else:
        opened = show_answer(
            answer["answer"],
            places,
            key=f"answer-{exchange.id}",
            highlight=answer.get("highlight"),  # answers of earlier versions have none
        )
    if answer["answerer"] != SMALL_TALK:
        _footer(shared, owner, exchange)
    if opened is not None:
        quoted = answer["answerer"] == ExtractiveAnswerer.name
        _open(shared, places, opened, quoted)


def _open(shared: Services, places: Sequence[Citation], number: int, quoted: bool) -> None:
    for citation in places:
        if citation.number == number:
            open_source(citation, shared.assistant(), quoted=quoted)
            return


def _footer(shared: Services, owner: str, exchange: Exchange) -> None:
    answer = exchange.answer or {}
    said = [answer["answerer"], f"confidence {answer['confidence']:.0%}"]
    if total := answer["timings"].get("total"):
        said.append(f"{total:.1f} s")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(escape_markdown(" · ".join(part for part in said if part)), width="content")
        thumbs_and_form(shared.conversations, owner, exchange)


def _unfinished(exchange: Exchange) -> bool:
    """An answer that ended early; True when the learner asks again."""
    _reasoning(exchange.reasoning)
    if exchange.text:
        show_answer(exchange.text, key=f"answer-{exchange.id}")
    st.caption(f"{_ENDED[exchange.state]} {message_markdown(exchange.problem)}")
    return st.button("Ask again", icon=":material/replay:", key=f"again-{exchange.id}")


def _reasoning(text: str) -> None:
    if text:
        with st.expander("Reasoning", icon=":material/psychology:"):
            st.text(text)
