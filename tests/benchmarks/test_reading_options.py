"""A generator's figures on the reading collections are the generator's, under its own name."""

from __future__ import annotations

import pytest

from benchmarks.reading import read_options

PLACES = ["--rows", "build", "--out", "results"]


def test_without_a_model_the_extractive_answerer_is_measured() -> None:
    asked = read_options(PLACES)
    assert (asked.answerer, asked.name) == ("extractive", "reading")


def test_a_model_that_is_named_is_the_one_that_is_measured() -> None:
    asked = read_options([*PLACES, "--model", "lectern-t5-mini", "--name", "reading_mini"])
    assert asked.answerer == "generative"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--model", "lectern-t5-mini"], "--name: reading_… are the results of the extractive"),
        (["--answerer", "generative"], "--name: reading_… are the results of the extractive"),
        (["--model", "t5", "--answerer", "extractive"], "--model: the extractive answerer does"),
    ],
)
def test_neither_takes_the_others_place(
    options: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read_options([*PLACES, *options])
    assert why in capsys.readouterr().err
