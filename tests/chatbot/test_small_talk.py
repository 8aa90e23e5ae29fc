"""What is small talk, and what merely begins like it."""

from __future__ import annotations

import pytest

from chatbot.small_talk import small_talk


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ("hello", "Hello"),
        ("Hi there!", "Hello"),
        ("Good morning :)", "Hello"),
        ("Thanks, that helps!", "You are welcome"),
        ("ok thank you so much", "You are welcome"),
        ("Thank you for your help.", "You are welcome"),
        ("Got it.", "Ask on"),
        ("thanks and bye", "Goodbye"),
        ("See you tomorrow", "Goodbye"),
    ],
)
def test_small_talk_gets_a_reply_of_its_kind(message: str, reply: str) -> None:
    said = small_talk(message)
    assert said is not None and said.startswith(reply)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "?",
        "Hello, what is LoRA?",
        "thanks, and how much memory does it save?",
        "What does the hello world program print?",
        "Why is it called Hello Kitty?",
        "good practices",
        "hi-fi",
        "Thanksgiving",
        "How do I say thank you for your order in the template?",
    ],
)
def test_a_question_is_none(message: str) -> None:
    assert small_talk(message) is None
