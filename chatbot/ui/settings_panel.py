"""The sidebar's settings: every option of an answer, kept for the browser session."""

from __future__ import annotations

from typing import Any

import streamlit as st

from chatbot.engines.base import Decoding
from chatbot.options import AskOptions
from chatbot.settings import ChatSettings

ANSWERERS = {"auto": "Automatic", "generative": "Generative", "extractive": "Extractive"}
SHOTS = {0: "Zero-shot", 1: "One-shot", 3: "Few-shot (3)"}
STRATEGIES = {"greedy": "Greedy", "beam": "Beam search", "sample": "Sampling"}

_KEPT: dict[str, Any] = {"persist_state": "session"}


def course_filter(courses: list[str]) -> str | None:
    """Which course is asked; None asks all of them."""
    if len(courses) < 2:
        return courses[0] if courses else None
    chosen = st.selectbox(
        "Course", ["", *courses], format_func=_course_label, key="course", **_KEPT
    )
    return chosen or None


def _course_label(course: str) -> str:
    return course or "All courses"


def settings_panel(course: str | None, settings: ChatSettings) -> AskOptions:
    """The settings expander, which begins with `settings`; returns the options to ask with."""
    with st.expander("Settings", icon=":material/tune:"):
        answerer = st.selectbox(
            "Answerer",
            list(ANSWERERS),
            list(ANSWERERS).index(settings.answerer),
            format_func=ANSWERERS.__getitem__,
            key="answerer",
            **_KEPT,
        )
        k = st.slider("Passages read (k)", 1, 20, settings.passages, key="k", **_KEPT)
        neighbours = st.slider(
            "Neighbouring chunks", 0, 3, settings.neighbours, key="neighbours", **_KEPT
        )
        st.caption("For the generative answerer")
        shots = st.selectbox(
            "Prompt", list(SHOTS), format_func=SHOTS.__getitem__, key="shots", **_KEPT
        )
        thought = st.toggle(
            "Chain of thought",
            key="chain_of_thought",
            help="Reason step by step before the answer; off answers directly.",
            **_KEPT,
        )
        rerank = st.toggle(
            "Map-rerank",
            key="map_rerank",
            help="Answer from each passage alone and keep the answer the model finds likeliest.",
            **_KEPT,
        )
        decoding = _decoding(Decoding.model_validate({}))
    return AskOptions(
        k=k,
        course=course,
        answerer=answerer,
        shots=shots,
        chain_of_thought=thought,
        map_rerank=rerank,
        neighbours=neighbours,
        decoding=decoding,
    )


def _decoding(defaults: Decoding) -> Decoding:
    strategy = st.selectbox(
        "Decoding", list(STRATEGIES), format_func=STRATEGIES.__getitem__, key="strategy", **_KEPT
    )
    chosen: dict[str, Any] = {"strategy": strategy}
    if strategy == "beam":
        chosen["num_beams"] = st.slider("Beams", 2, 16, defaults.num_beams, key="beams", **_KEPT)
    if strategy == "sample":
        chosen["temperature"] = st.slider(
            "Temperature", 0.05, 2.0, defaults.temperature, 0.05, key="temperature", **_KEPT
        )
        chosen["top_k"] = st.number_input(
            "Top-k", 0, 1000, defaults.top_k, help="0 keeps every token.", key="top_k", **_KEPT
        )
        chosen["top_p"] = st.slider("Top-p", 0.05, 1.0, defaults.top_p, 0.05, key="top_p", **_KEPT)
        chosen["seed"] = st.number_input(
            "Seed",
            min_value=0,
            value=None,
            placeholder="drawn anew",
            help="The same seed gives the same text.",
            key="seed",
            **_KEPT,
        )
    chosen["max_new_tokens"] = st.slider(
        "Max new tokens", 16, 512, defaults.max_new_tokens, 16, key="max_new_tokens", **_KEPT
    )
    return Decoding(**chosen)
