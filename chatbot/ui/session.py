"""Whose browser this is, and which conversation it has open.

The owner of a conversation is a random token in a cookie of the browser: it survives a reload, it
is not in the address (so that a link can be shared), and the database holds only its hash. The
address holds the open conversation's id, which is worth nothing without the token.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Any

import streamlit as st

COOKIE = "lectern_owner"

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")

# A second tab opened at the same time may have set the cookie first: then its token is taken over.
_KEEP_TOKEN = """
export default function ({ data, setStateValue }) {
  const mine = data.name + "=";
  const kept = document.cookie.split("; ").find((c) => c.startsWith(mine));
  if (kept) {
    if (kept.slice(mine.length) !== data.token) setStateValue("token", kept.slice(mine.length));
    return;
  }
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${mine}${data.token}; Path=/; Max-Age=31536000; SameSite=Strict${secure}`;
}
"""


def owner() -> str:
    """The owner of this browser's conversations: call it in every run of a page that needs one."""
    token = st.session_state.get("owner_token") or _valid(st.context.cookies.get(COOKIE))
    if token is None:
        token = secrets.token_urlsafe(32)
    st.session_state["owner_token"] = token
    if st.context.cookies.get(COOKIE) != token:
        _keep(token)
    return hashlib.sha256(token.encode()).hexdigest()


def open_conversation() -> str | None:
    """The id of the conversation shown, from the address after a reload; None is a new one."""
    if "conversation" not in st.session_state:
        st.session_state["conversation"] = st.query_params.get("c")
    conversation: str | None = st.session_state["conversation"]
    if conversation:
        st.query_params["c"] = conversation
    elif "c" in st.query_params:
        del st.query_params["c"]
    return conversation


def show_conversation(conversation: str | None) -> None:
    """Open another conversation at the next run; None begins a new one."""
    st.session_state["conversation"] = conversation


def _valid(token: str | None) -> str | None:
    return token if token and _TOKEN.fullmatch(token) else None


def _keep(token: str) -> None:
    component: Any = st.components.v2.component("lectern_owner", js=_KEEP_TOKEN)
    kept = component(
        key="keep_owner_token",
        data={"name": COOKIE, "token": token},
        on_token_change=lambda: None,
    )
    elsewhere = _valid(kept.get("token"))
    if elsewhere and elsewhere != token:
        st.session_state["owner_token"] = elsewhere
        st.rerun()
