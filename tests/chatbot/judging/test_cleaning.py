"""Cleaning takes away the marks of where a comment was written, and nothing that was said."""

from __future__ import annotations

import pytest

from chatbot.judging.cleaning import clean


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("RT @someone: You are a FOOL &amp; know it http://t.co/x1", "you are a fool & know it"),
        ("@one @two hello", "hello"),
        ("== Heading ==\n:::I do n't agree , really .", "heading i don't agree, really."),
        ("Thanks. (talk) 04:02 2007 December 11 (UTC)", "thanks."),
        ("Good. 20:44, 1 August 2012 (UTC)", "good."),
        ("\"\"\" '''Bold''' words \"\"\"", "bold words"),
        ("It 's ( perhaps ) his", "it's (perhaps) his"),
        ("the ratio is 3:1 at 5#", "the ratio is 3:1 at 5#"),
        ("“Go” 😂👍🏽❤️ it’s… fi\u200bne &#128514;", "go\" it's... fine"),
        ("3^2 ~ 5 € at `home`", "3^2 ~ 5 € at `home`"),
        ("   \n ", ""),
    ],
)
def test_marks_go_and_words_stay(said: str, left: str) -> None:
    assert clean(said) == left


def test_cleaning_twice_changes_nothing() -> None:
    once = clean("RT @x: == A == do n't &quot;go&quot; , ( now ) http://a.b")
    assert clean(once) == once
