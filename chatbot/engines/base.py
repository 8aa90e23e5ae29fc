"""The engine contract: prompts → completions (batch), pieces (stream), log-likelihoods (score).

An engine wraps one sequence-to-sequence model with its own tokenizer. `window` is the longest
prompt in tokens (special tokens included) that it reads without cutting; whoever builds prompts
packs to it by `count_tokens`, and an engine given a longer prompt raises `ValueError`, never cuts.

`copy.copy(engine)` is a second handle on the same model, with an adapter of its own: whatever is
switched on elsewhere, all that is asked of it is answered by the adapter that it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, Protocol

from pydantic import BaseModel, Field

Strategy = Literal["greedy", "beam", "sample"]


class Decoding(BaseModel):
    """How text is drawn from the model. `sample` uses temperature, top_k and top_p together."""

    strategy: Strategy = "greedy"
    num_beams: int = Field(default=4, ge=2, le=16, description="beams, for strategy=beam")
    temperature: float = Field(default=0.7, gt=0.0, le=5.0)
    top_k: int = Field(default=0, ge=0, description="0 keeps every token")
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    max_new_tokens: int = Field(default=160, ge=1, le=1024)
    repetition_penalty: float = Field(default=1.0, ge=1.0, le=2.0)
    seed: int | None = Field(default=None, description="same seed, same text; None draws anew")


class Engine(Protocol):
    """See the module docstring for the contract."""

    name: str
    window: int

    def count_tokens(self, text: str) -> int:
        """Tokens of a prompt, special tokens included."""
        ...

    def generate(self, prompts: Sequence[str], decoding: Decoding) -> list[str]:
        """One completion per prompt, special tokens removed."""
        ...

    def stream(self, prompt: str, decoding: Decoding) -> Iterator[str]:
        """Pieces of the completion as they are decoded; joined they are `generate([prompt])[0]`."""
        ...

    def score(self, prompts: Sequence[str], completions: Sequence[str]) -> list[float]:
        """Mean log-likelihood per token of each completion, its end token included."""
        ...

    def adapters(self) -> list[str]:
        """Names of the LoRA adapters that can be used."""
        ...

    def use_adapter(self, name: str | None) -> None:
        """Switch the adapter; None is the base model. `ModelUnavailable` for an unknown name."""
        ...
