"""What a single question may set for itself; everything else comes from the settings."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from chatbot.engines.base import Decoding


class AskOptions(BaseModel):
    """Filters, number of passages, answerer, prompt style and decoding of one question."""

    k: int = Field(6, ge=1, le=50)
    course: str | None = None
    file: str | None = None
    format: str | None = None
    answerer: Literal["auto", "generative", "extractive"] = "auto"
    shots: Literal[0, 1, 3] = 0
    chain_of_thought: bool = False
    map_rerank: bool = False
    neighbours: int = Field(0, ge=0, le=3)
    decoding: Decoding = Field(default_factory=lambda: Decoding.model_validate({}))
