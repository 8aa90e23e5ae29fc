"""What `lectern serve` and `RemoteEngine` say to each other, as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from chatbot.engines.base import Decoding

MOST_PROMPTS = 64
MOST_CHARACTERS = 100_000
"""Far above what a window of 2,048 tokens holds, far below what would fill the memory."""

Text = Annotated[str, Field(max_length=MOST_CHARACTERS)]
Texts = Annotated[list[Text], Field(min_length=1, max_length=MOST_PROMPTS)]


class GenerateRequest(BaseModel):
    prompts: Texts
    decoding: Decoding
    adapter: str | None = None


class StreamRequest(BaseModel):
    prompt: Text
    decoding: Decoding
    adapter: str | None = None


class ScoreRequest(BaseModel):
    prompts: Texts
    completions: Texts
    adapter: str | None = None


class TokensRequest(BaseModel):
    texts: Texts


class Completions(BaseModel):
    completions: list[str]


class Scores(BaseModel):
    scores: list[float]


class Counts(BaseModel):
    counts: list[int]


class Health(BaseModel):
    """What a server serves; `adapter` is the one it speaks with now, a client's default.

    `why_not` says why it is not the promoted one; empty where it is.
    """

    name: str
    window: int
    adapters: list[str]
    adapter: str | None = None
    why_not: str = ""
    device: str = ""


class Problem(BaseModel):
    """The body of a refusal: status 422 for a wrong request, 404 for an adapter not there."""

    detail: str
    remedy: str = ""
