"""Settings of the chatbot: table `[chatbot]` of `lectern.toml`, or `LECTERN_…`."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from ingestion.config import RoomSettings


class ChatSettings(RoomSettings):
    table: ClassVar[str] = "chatbot"

    home: Path = Field(Path(".lectern"), description="where index, uploads and conversations lie")
    index_dir: Path | None = Field(None, description="the index folder; home/index where not set")

    answerer: Literal["auto", "generative", "extractive"] = "auto"
    model: str = Field(
        "google/flan-t5-base", description="generator: hub name, lectern-t5-mini or folder"
    )
    reader: str = Field(
        "lectern-reader",
        description="finds the words that answer: lectern-reader or folder; empty for none",
    )
    device: Literal["auto", "cpu", "cuda"] = "auto"
    window: int = Field(512, ge=128, le=2048, description="longest prompt in generator tokens")
    adapters_dir: Path | None = Field(
        None, description="folder of LoRA adapters, one folder each; home/adapters where not set"
    )
    adapter: str | None = Field(
        None, description="LoRA adapter to use, by name; else the one that was promoted"
    )
    engine_url: str | None = Field(None, description="a running `lectern serve` to generate with")

    fusion_weight: float = Field(0.5, ge=0, le=1, description="1 is dense alone, 0 lexical alone")
    candidates: int = Field(100, ge=1, description="taken from each leg before fusion")
    passages: int = Field(6, ge=1, le=50, description="passages an answer is made from")
    neighbours: int = Field(0, ge=0, le=3, description="chunks added before and after a passage")
    reranker: str | None = Field(None, description="cross-encoder: hub name or folder")
    abstain_below: float = Field(0.5, ge=0, le=1, description="confidence under which to be silent")

    @property
    def index(self) -> Path:
        return self.index_dir or self.home / "index"

    @property
    def adapters(self) -> Path:
        return self.adapters_dir or self.home / "adapters"

    @property
    def uploads(self) -> Path:
        return self.home / "uploads"

    @property
    def downloads(self) -> Path:
        return self.home / "downloads"

    @property
    def conversations(self) -> Path:
        return self.home / "conversations.sqlite"
