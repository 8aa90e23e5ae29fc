"""Mixtures of data: how often each source is seen.

Examples-proportional mixing with an artificial limit (Raffel et al. 2020, §3.5.2): in each epoch a
source is seen `rate × min(examples, cap)` times. A source seen more often than it has examples is
gone through again in a new order; one seen less often goes on next epoch where it stopped.

    [[source]]
    format = "dialogsum"
    path = "dialogue/dialogsum/dialogsum.train.jsonl.gz"

    [[source]]
    name = "reasoning"
    format = "flan-cot"
    path = "instructions/flan_cot/gsm8k_train.tsv.gz"
    cap = 3000
    rate = 0.5

    [[eval]]
    format = "dialogsum"
    path = "dialogue/dialogsum/dialogsum.dev.jsonl.gz"
    limit = 200
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from evaluation.jsonl import sha256_of
from finetune.data.example import Example
from finetune.data.formats import read_format
from finetune.described import read_described
from finetune.errors import EmptySplit

Numbers = NDArray[np.int64]

T = TypeVar("T")


class Source(BaseModel):
    """One file of a mixture. `limit` reads its first rows alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str
    path: Path
    name: str = ""
    rate: float = Field(1.0, gt=0)
    cap: int | None = Field(None, ge=1)
    limit: int | None = Field(None, ge=1)
    chain_of_thought: bool = True

    def read(self) -> list[Example]:
        """Its examples. Raises `LecternError` for a file that is missing or not of the format."""
        examples = read_format(self.format, self.path, chain_of_thought=self.chain_of_thought)
        return examples[: self.limit]

    @property
    def label(self) -> str:
        return self.name or self.path.name


class MixtureFile(BaseModel):
    """A mixture as a TOML file has it; `eval` is what training is measured on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: tuple[Source, ...] = Field(min_length=1)
    eval: tuple[Source, ...] = ()

    @classmethod
    def load(cls, path: Path, root: Path | None = None) -> MixtureFile:
        """Read a file; its relative paths start at `root`, or where the file lies.

        Raises `LecternError` that names what is wrong with it.
        """
        remedy = "A mixture has tables [[source]] and [[eval]], each with format and path."
        mixture = read_described(path, cls, "a mixture", remedy)
        start = root or path.parent

        def placed(sources: tuple[Source, ...]) -> tuple[Source, ...]:
            return tuple(one.model_copy(update={"path": start / one.path}) for one in sources)

        return cls(source=placed(mixture.source), eval=placed(mixture.eval))


@dataclass(frozen=True)
class Part:
    """A source that was read: its share of an epoch, and the hash of its file."""

    source: Source
    examples: int
    per_epoch: int
    sha256: str


class Mixture(Generic[T]):
    """Examples of several sources, read or encoded, and which of them each epoch shows how often.

    An epoch is a function of (seed, number): nothing has to be remembered to go on from anywhere.
    Raises `EmptySplit` where a source has no examples left.
    """

    def __init__(
        self, sources: Sequence[Source], read: Sequence[Sequence[T]], seed: int = 0
    ) -> None:
        self.examples: list[T] = [example for examples in read for example in examples]
        self.parts = []
        for source, examples in zip(sources, read, strict=True):
            if not examples:
                raise EmptySplit(
                    f"No example of {source.label} is left to train on.",
                    "Take it out of the mixture, or see what was dropped and why.",
                )
            count = min(len(examples), source.cap or len(examples))
            per_epoch = max(1, round(source.rate * count))
            self.parts.append(Part(source, len(examples), per_epoch, sha256_of(source.path)))
        self._seed = seed

    def epoch(self, number: int) -> Numbers:
        """Indices into `examples`, source after source, of epoch `number` (from 0)."""
        chosen = []
        offset = 0
        for place, part in enumerate(self.parts):
            start = number * part.per_epoch
            chosen.append(offset + self._endless(place, part.examples, start, part.per_epoch))
            offset += part.examples
        return np.concatenate(chosen)

    def _endless(self, place: int, examples: int, start: int, length: int) -> Numbers:
        """Positions start … start + length of the source's endless sequence of permutations."""
        rounds = range(start // examples, (start + length - 1) // examples + 1)
        shuffled = [
            np.random.default_rng([self._seed, place, one]).permutation(examples) for one in rounds
        ]
        first = start - rounds.start * examples
        return np.concatenate(shuffled)[first : first + length]
