"""Settings of ingestion: table `[ingestion]` of `lectern.toml`, or `LECTERN_…`."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ingestion.config import RoomSettings
from ingestion.encoders.factory import DEFAULT_ENCODER
from ingestion.encoders.precision import Precision


class IngestionSettings(RoomSettings):
    table: ClassVar[str] = "ingestion"

    encoder: str = Field(DEFAULT_ENCODER, description="sentence-transformers model, name or folder")
    encoder_precision: Precision = "auto"
    store: Literal["faiss", "chroma"] = "faiss"
    chroma_url: str | None = Field(None, description="a running Chroma server, for store=chroma")
    chunk_tokens: int = Field(
        256, ge=48, description="longest chunk in encoder tokens, its heading included"
    )
    heading_trail: bool = Field(True, description="embed title and headings before each chunk")
    parser_workers: int = Field(2, ge=1, le=64)
    parser_memory_mb: int = Field(2048, ge=128, description="memory cap of one parsing worker")
    parser_seconds: float = Field(120, gt=0, description="time cap for parsing one file")
    max_text_mb: float = Field(100, gt=0, description="largest text, HTML or notebook file")
    max_file_mb: float = Field(1024, gt=0, description="largest file of any other format")
