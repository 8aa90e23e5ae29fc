"""The line that says who answers, and the words for an index that is empty or missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from chatbot.ui.citations import message_markdown
from chatbot.ui.services import Services
from ingestion.errors import LecternError

if TYPE_CHECKING:
    from chatbot.chain import Assistant

REMEDY = (
    "Upload documents on the **Library** page, or run `lectern ingest FOLDER` in a terminal"
    " and reload this page."
)


def show_banner(assistant: Assistant, answerer: str = "auto") -> str:
    """Say which answerer speaks, and why; returns what was said.

    `answerer` is the learner's choice: a generator is looked for unless they chose to do without.
    """
    if answerer == "extractive":
        notice = assistant.answerers.extractive_notice()
    else:
        with st.spinner("Looking for a generator…"):
            notice = assistant.answerer_notice()
    st.info(f":small[{message_markdown(notice)}]", icon=":material/record_voice_over:")
    return notice


def ready(services: Services) -> bool:
    """Whether there is anything to ask; if not, says why and what to do."""
    try:
        with st.spinner("Opening the course…"):
            assistant = services.assistant()
    except LecternError as error:
        st.warning(
            f"**The index cannot be opened.** {message_markdown(str(error))}\n\n{REMEDY}",
            icon=":material/menu_book:",
        )
        return False
    if not any(course.chunks for course in assistant.index.courses()):
        st.warning(f"**No course documents yet.** {REMEDY}", icon=":material/menu_book:")
        return False
    return True
