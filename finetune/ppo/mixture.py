"""The reward contract, and a weighted mixture of whatever holds it.

A reward scores whole responses: `scores(prompts, responses)` gives a finite number for each, the
same for the same texts. `identity` names it beyond doubt (a model's says which weights), because
what rewarded a policy must not judge it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from finetune.errors import TrainingError
from finetune.ppo.penalty import Penalty
from finetune.ppo.rules import Faithfulness, LengthBand, Repetition


class Reward(Protocol):
    identity: str

    def scores(self, prompts: Sequence[str], responses: Sequence[str]) -> list[float]: ...


@dataclass(frozen=True)
class Weighted:
    weight: float
    reward: Reward

    @property
    def identity(self) -> str:
        return f"{self.weight:g}*{self.reward.identity}"


class Mixture:
    """Σ w_i R_i(x, y), itself a reward."""

    def __init__(self, parts: Sequence[Weighted]) -> None:
        if not parts:
            raise TrainingError(
                "There is no reward to learn from.",
                'Give at least one, such as --reward "-1*model:FOLDER" or --reward length:8-40.',
            )
        self.parts = list(parts)
        self.identity = " + ".join(part.identity for part in parts)

    def scores(self, prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
        return total(self.components(prompts, responses))

    def components(
        self, prompts: Sequence[str], responses: Sequence[str]
    ) -> dict[str, list[float]]:
        """What each part adds, weight included, by the part's identity.

        Raises `TrainingError` where a part gives no finite number.
        """
        made = {}
        for part in self.parts:
            scores = part.reward.scores(prompts, responses)
            for response, score in zip(responses, scores, strict=True):
                if not math.isfinite(score):
                    raise TrainingError(
                        f"The reward {part.reward.identity} gives {score} for {response!r}.",
                        "Mend or leave out that reward.",
                    )
            made[part.identity] = [part.weight * score for score in scores]
        return made


def total(components: dict[str, list[float]]) -> list[float]:
    """The mixture's scores from its components."""
    return [math.fsum(scores) for scores in zip(*components.values(), strict=True)]


_SPEC = re.compile(r"(?:(?P<weight>[^*]+)\*\s*)?(?P<kind>\w+)(?::(?P<argument>.+))?")
_BAND = re.compile(r"(\d+)-(\d+)")


def parse_reward(spec: str, load_model: Callable[[Path], Reward]) -> Weighted:
    """`[WEIGHT*]KIND[:ARGUMENT]` → a weighted reward; the weight is 1 where none is given, but a
    `Penalty` needs one.

    Kinds: `model:FOLDER` (read by `load_model`), `length:LOW-HIGH` (words), `faithfulness`,
    `repetition`. Raises `TrainingError` for anything else.
    """
    read = _SPEC.fullmatch(spec.strip())
    try:
        weight = float(read["weight"] or 1) if read else math.nan
    except ValueError:
        weight = math.nan
    if read is None or not math.isfinite(weight):
        raise _unknown(spec)
    reward = _reward(read["kind"], read["argument"], load_model)
    if reward is None:
        raise _unknown(spec)
    if isinstance(reward, Penalty) and read["weight"] is None:
        raise TrainingError(
            f"{spec} measures what is not wanted, and no weight says so.",
            f'Write "-1*{spec}" to train against it, or "1*{spec}" to train for it.',
        )
    return Weighted(weight, reward)


def _reward(kind: str, argument: str | None, load_model: Callable[[Path], Reward]) -> Reward | None:
    band = _BAND.fullmatch(argument or "")
    match kind, argument:
        case "model", str(folder):
            return load_model(Path(folder))
        case "length", _ if band and 1 <= int(band[1]) <= int(band[2]):
            return LengthBand(int(band[1]), int(band[2]))
        case "faithfulness", None:
            return Faithfulness()
        case "repetition", None:
            return Repetition()
    return None


def _unknown(spec: str) -> TrainingError:
    return TrainingError(
        f"{spec!r} is no reward.",
        "Write [WEIGHT*]KIND: -1*model:FOLDER, length:8-40 (words), faithfulness, -0.5*repetition.",
    )
