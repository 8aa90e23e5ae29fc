"""The sidebar's conversations: begin, open, rename, delete."""

from __future__ import annotations

import streamlit as st

from chatbot.conversations import Conversation, Conversations
from chatbot.ui import session
from chatbot.ui.citations import escape_markdown

_LEFT_ALIGNED = """<style>
[class*="st-key-open-"] button :is(div, span) { justify-content: flex-start; text-align: left; }
</style>"""


def conversation_list(conversations: Conversations, owner: str) -> None:
    """Draw the list into the current container."""
    if st.button("New conversation", icon=":material/add:", width="stretch"):
        session.show_conversation(None)
        st.rerun()
    opened = session.open_conversation()
    st.html(_LEFT_ALIGNED)
    for conversation in conversations.list(owner):
        with st.container(horizontal=True, gap=None, vertical_alignment="center", wrap=False):
            _line(conversations, owner, conversation, conversation.id == opened)


def _line(
    conversations: Conversations, owner: str, conversation: Conversation, opened: bool
) -> None:
    title = escape_markdown(conversation.title)
    if st.button(
        f"**{title}**" if opened else title,
        icon=":material/edit_note:" if conversation.writing else None,
        type="tertiary",
        width="stretch",
        key=f"open-{conversation.id}",
    ):
        session.show_conversation(conversation.id)
        st.rerun()
    if opened:
        with st.popover("", icon=":material/more_horiz:", type="tertiary", key="conversation-menu"):
            _menu(conversations, owner, conversation)


def _menu(conversations: Conversations, owner: str, conversation: Conversation) -> None:
    title = st.text_input("Title", conversation.title, key=f"title-{conversation.id}")
    if title.strip() and title != conversation.title:
        conversations.rename(owner, conversation.id, title)
        st.rerun()
    if st.button("Delete", icon=":material/delete:", key=f"delete-{conversation.id}"):
        conversations.delete(owner, conversation.id)
        session.show_conversation(None)
        st.rerun()
