"""The summaries page: choose a document, read what it says in short, open the sources."""

from __future__ import annotations

import streamlit as st

from chatbot.summarizing import EXTRACTIVE, Summary
from chatbot.ui.answer_view import show_answer
from chatbot.ui.background import Job
from chatbot.ui.banner import ready, show_banner
from chatbot.ui.citations import escape_markdown, message_markdown, open_source
from chatbot.ui.services import Services, services
from chatbot.ui.settings_panel import course_filter

REFRESH_SECONDS = 0.5


def page() -> None:
    """Draw the summaries page."""
    shared = services()
    st.title("Summaries")
    if not ready(shared):
        return
    assistant = shared.assistant()
    notice = show_banner(assistant)
    course = course_filter([c.name for c in assistant.index.courses()])
    files = [record for record in assistant.index.files(course=course) if record.chunks]
    record = st.selectbox(
        "Document",
        files,
        format_func=lambda r: f"{r.title} ({r.path})" if r.title else r.path,
        index=None,
        placeholder="Choose a document",
    )
    if record is None:
        st.caption("A summary is made of the document alone; every sentence names its source.")
        return
    key = f"summary-{record.course}-{record.absolute}"
    job = shared.jobs.get(key)
    if job is None:
        if st.button("Summarize", type="primary", icon=":material/summarize:"):
            shared.jobs.start(
                key,
                record.path,
                lambda _: assistant.summarize(str(record.absolute), course=record.course),
            )
            st.rerun()
    elif not job.done:
        _live(shared, key)
    else:
        _show(shared, key, job, notice)


@st.fragment(run_every=REFRESH_SECONDS)
def _live(shared: Services, key: str) -> None:
    job = shared.jobs.get(key)
    if job is None or job.done:
        st.rerun(scope="app")
    st.caption(f":material/hourglass_top: Reading {escape_markdown(job.label)}…")


def _show(shared: Services, key: str, job: Job[Summary], notice: str) -> None:
    if job.problem:
        st.error(message_markdown(job.problem), icon=":material/error:")
    elif job.result is not None:
        summary = job.result
        if summary.notice and summary.notice != notice:
            st.caption(f":material/info: {message_markdown(summary.notice)}")
        opened = show_answer(summary.text, summary.citations, key=key)
        for citation in summary.citations:
            if citation.number == opened:
                open_source(citation, shared.assistant(), quoted=summary.engine == EXTRACTIVE)
                break
    if st.button("Summarize again", type="tertiary", icon=":material/replay:"):
        shared.jobs.forget(key)
        st.rerun()
