"""How a T5 is pre-trained. Two runs of equal settings on equal text are equal."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chatbot.engines.hardware import Dtype
from finetune.pretraining.span_corruption import Corruption
from finetune.schedule import Shape


class PretrainSettings(BaseModel):
    """`batch` counts the windows of one optimizer step, computed in `accumulation` pieces."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: Literal["tiny", "mini", "small"] = "mini"
    embeddings: Literal["random", "encoder"] = "random"
    copied: float = Field(0.0, ge=0, le=1, description="part of the output matrix that is copied")
    attention: Literal["random", "mimetic"] = "random"
    source: int = Field(512, ge=8, description="tokens of a source, which each window fills")
    density: float = Field(0.15, gt=0, le=0.5)
    mean_span: float = Field(3.0, ge=1)
    shown: float = Field(0.0, ge=0, le=1, description="share of steps whose windows are shown")
    batch: int = Field(32, ge=1)
    accumulation: int = Field(1, ge=1)
    steps: int = Field(1000, ge=1)
    optimizer: Literal["adafactor", "adamw"] = "adafactor"
    lr: float = Field(1e-2, gt=0, description="Adafactor's counts the weights' own size as unit")
    schedule: Shape = "inverse-sqrt"
    warmup: float = Field(0.1, ge=0, description="steps, or below 1 a share of all steps")
    weight_decay: float = Field(0.0, ge=0)
    clip: float = Field(1.0, gt=0, description="largest norm of a gradient")
    held_out: float = Field(0.01, gt=0, le=0.5, description="share of documents to measure on")
    eval_every: int = Field(200, ge=1, description="steps")
    eval_windows: int = Field(64, ge=1)
    precision: Dtype = "auto"
    seed: int = 0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.accumulation > self.batch:
            raise ValueError("accumulation cannot exceed batch")
        self.corruption()
        return self

    def corruption(self) -> Corruption:
        return Corruption.filling(self.source, self.density, self.mean_span)

    def shown_corruption(self) -> Corruption:
        return Corruption.beside(self.source)

    def warmup_steps(self) -> int:
        return math.ceil(self.warmup * self.steps) if self.warmup < 1 else round(self.warmup)
