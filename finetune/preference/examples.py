"""Preferences from JSON lines: pairs for DPO and ORPO, single judgements for KTO."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from evaluation.jsonl import malformed, read_objects
from finetune.errors import EmptySplit
from finetune.policy import Policy


@dataclass(frozen=True, slots=True)
class Pair:
    """`chosen` was preferred to `rejected`."""

    prompt: str
    chosen: str
    rejected: str

    @property
    def responses(self) -> tuple[str, ...]:
        return self.chosen, self.rejected


@dataclass(frozen=True, slots=True)
class Judgement:
    """A response that was liked, or was not."""

    prompt: str
    response: str
    desirable: bool

    @property
    def responses(self) -> tuple[str, ...]:
        return (self.response,)


E = TypeVar("E", Pair, Judgement)


@dataclass(frozen=True)
class Loaded(Generic[E]):
    """`left_out` counts by reason the lines that were read but cannot be learned from."""

    examples: list[E]
    left_out: dict[str, int]


def load_pairs(path: Path, policy: Policy, max_response: int) -> Loaded[Pair]:
    """`{"prompt", "chosen", "rejected"}` lines. See `_load` for what is left out and raised."""

    def pair(row: dict[str, Any]) -> Pair:
        return Pair(_text(row, "prompt"), _text(row, "chosen"), _text(row, "rejected", empty=True))

    return _load(path, pair, policy, max_response)


def load_judgements(path: Path, policy: Policy, max_response: int) -> Loaded[Judgement]:
    """`{"prompt", "response", "label": true|false|1|0}` lines. See `_load`."""

    def judgement(row: dict[str, Any]) -> Judgement:
        label = row.get("label")
        if label not in (True, False):  # 1 and 0 are equal to them
            raise ValueError('"label" must be true or false')
        return Judgement(_text(row, "prompt"), _text(row, "response", empty=True), bool(label))

    return _load(path, judgement, policy, max_response)


def _load(
    path: Path, make: Callable[[dict[str, Any]], E], policy: Policy, max_response: int
) -> Loaded[E]:
    """Leaves out, and counts, prompts beyond the window, responses beyond `max_response` tokens,
    and pairs of equal responses.

    Raises `LecternError` naming file and line, `EmptySplit` where nothing is left.
    """
    kept: list[E] = []
    left_out: Counter[str] = Counter()
    for number, row in read_objects(path):
        try:
            example = make(row)
        except ValueError as error:
            raise malformed(path, number, str(error)) from error
        if policy.tokens_of(example.prompt) > policy.window:
            left_out[f"prompts of more than {policy.window} tokens"] += 1
        elif max(map(policy.tokens_of, example.responses)) > max_response:
            left_out[f"responses of more than {max_response} tokens"] += 1
        elif len(set(example.responses)) < len(example.responses):
            left_out["pairs of equal responses"] += 1
        else:
            kept.append(example)
    if not kept:
        raise EmptySplit(
            f"{path} holds nothing to learn from"
            + "".join(f"; {count} {why}" for why, count in left_out.items())
            + ".",
            'Give JSON lines such as {"prompt": "…", "chosen": "…", "rejected": "…"}, or with '
            '"response" and "label" for KTO.',
        )
    return Loaded(kept, dict(left_out))


def _text(row: dict[str, Any], field: str, *, empty: bool = False) -> str:
    """A field's text. A rejected response may be empty: that is a thing to be disliked."""
    text = row.get(field)
    if not isinstance(text, str) or not (empty or text.strip()):
        raise ValueError(f'no text under "{field}"')
    return text
