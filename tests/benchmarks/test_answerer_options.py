"""A generator's figures are the generator's, under its own name."""

from __future__ import annotations

import argparse

import pytest

from benchmarks.answerer_options import add_answerer, settle_answerer


def settled(*arguments: str) -> tuple[str, list[str]]:
    parser = argparse.ArgumentParser()
    add_answerer(parser, "reading")
    asked = parser.parse_args(arguments)
    return asked.name, settle_answerer(parser, asked)


def test_without_a_model_the_extractive_answerer_is_measured() -> None:
    assert settled() == ("reading", ["--answerer", "extractive"])


def test_a_model_that_is_named_is_the_one_that_is_measured() -> None:
    told = ["--answerer", "generative", "--model", "lectern-t5-mini"]
    assert settled("--model", "lectern-t5-mini", "--name", "mini") == ("mini", told)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--model", "lectern-t5-mini"], "--name: reading is what the extractive answerer's"),
        (["--answerer", "generative"], "--name: reading is what the extractive answerer's"),
        (["--model", "t5", "--answerer", "extractive"], "--model: the extractive answerer does"),
    ],
)
def test_neither_takes_the_others_place(
    options: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        settled(*options)
    assert why in capsys.readouterr().err
