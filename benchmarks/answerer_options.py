"""Which answerer a benchmark measures, and under which name: a generator's figures never take the
extractive answerer's place.
"""

from __future__ import annotations

import argparse


def add_answerer(parser: argparse.ArgumentParser, name: str) -> None:
    """`--answerer`, `--model` and `--name`; the extractive answerer's results bear `name`."""
    parser.add_argument("--answerer", help="generative if there is a --model, else extractive")
    parser.add_argument("--model", help="generator: hub name, lectern-t5-mini or folder")
    parser.add_argument("--name", default=name, help="how the results' names begin")


def settle_answerer(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> list[str]:
    """What `lectern eval` is to be told. Ends the program where a name is another answerer's."""
    asked.answerer = asked.answerer or ("generative" if asked.model else "extractive")
    if asked.answerer != "extractive" and asked.name == parser.get_default("name"):
        parser.error(f"--name: {asked.name} is what the extractive answerer's results are called")
    if asked.answerer == "extractive" and asked.model:
        parser.error(f"--model: the extractive answerer does without {asked.model}")
    return ["--answerer", asked.answerer, *(["--model", asked.model] if asked.model else [])]
