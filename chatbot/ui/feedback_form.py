"""Thumbs under an answer, the form that asks why or for a better answer, and the consent to use it.

Consent is a checkbox in the sidebar, off until the learner ticks it; the form says which it is.
"""

from __future__ import annotations

import streamlit as st

from chatbot.conversations import Conversations, Exchange
from chatbot.feedback import LONGEST, REASONS, Feedback, Remark

SHARE = "Use my feedback to improve the answers"
SHARE_HELP = (
    "If you tick this, your thumbs, reasons and corrections in this browser, with the question and"
    " the answer they belong to, may be used to train the chatbot. Your name is not part of it; do"
    " not write it into a question. Untick it at any time: nothing more is then handed on."
)


def consent(conversations: Conversations, owner: str) -> None:
    """The checkbox, into the current container."""
    feedback = Feedback(conversations)

    def keep() -> None:
        feedback.share(owner, st.session_state["share_feedback"])

    st.checkbox(
        SHARE,
        value=feedback.shared(owner),
        key="share_feedback",
        help=SHARE_HELP,
        on_change=keep,
    )


def thumbs_and_form(conversations: Conversations, owner: str, exchange: Exchange) -> None:
    """The thumbs and the button that opens the form, side by side in a horizontal container."""
    key = f"thumb-{exchange.id}"

    def rate() -> None:
        conversations.rate(owner, exchange.id, st.session_state[key])

    st.feedback("thumbs", key=key, default=exchange.thumb, on_change=rate)
    with st.popover("Say more", icon=":material/rate_review:", type="tertiary"):
        _form(Feedback(conversations), owner, exchange)


def _form(feedback: Feedback, owner: str, exchange: Exchange) -> None:
    said = feedback.remark(owner, exchange.id)
    offered = [*REASONS[0], *REASONS[1]] if exchange.thumb is None else REASONS[exchange.thumb]
    with st.form(f"remark-{exchange.id}", border=False):
        reason = st.pills("Why?", offered, default=said.reason if said.reason in offered else None)
        comment = st.text_area(
            "In your words (optional)", said.comment, max_chars=LONGEST, height=68
        )
        correction = st.text_area(
            "A better answer (optional)", said.correction, max_chars=LONGEST, height=100
        )
        shared = feedback.shared(owner)
        st.caption(
            "You let this be used to improve the answers."
            if shared
            else f"Kept on this machine only. Tick “{SHARE}” in the sidebar to let it be used."
        )
        if st.form_submit_button("Save"):
            feedback.say(owner, exchange.id, Remark(reason or "", comment, correction))
            st.toast("Thank you. Your feedback is kept.")
