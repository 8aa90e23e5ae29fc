"""How a supervised run is done. Two runs of equal settings on equal data are equal."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chatbot.engines.hardware import Dtype
from finetune.models import AdapterSettings
from finetune.schedule import Shape

Metric = Literal["loss", "rouge", "f1", "em"]


class SftSettings(BaseModel):
    """`batch` counts the examples of one optimizer step over all processes and pieces; instead,
    `batch_tokens` bounds its tokens once padded. `accumulation` is the number of pieces each
    process computes it in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    adapter: AdapterSettings = AdapterSettings()
    batch: int | None = Field(32, ge=1)
    batch_tokens: int | None = Field(None, ge=1)
    accumulation: int = Field(1, ge=1)
    lr: float = Field(5e-4, gt=0)
    schedule: Shape = "linear"
    warmup: float = Field(0.03, ge=0, description="steps, or below 1 a share of all steps")
    epochs: float = Field(3.0, gt=0)
    steps: int | None = Field(None, ge=1, description="instead of epochs")
    weight_decay: float = Field(0.0, ge=0)
    clip: float = Field(1.0, gt=0, description="largest norm of a gradient")
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    dropout: float = Field(0.0, ge=0, lt=1, description="of the T5 itself")
    gradient_checkpointing: bool = False
    max_source: int = Field(512, ge=1)
    max_target: int = Field(256, ge=1)
    metric: Metric = "loss"
    eval_every: int | None = Field(None, ge=1, description="steps; once an epoch where not set")
    patience: int | None = Field(None, ge=1, description="evaluations without a better one")
    save_every: int | None = Field(None, ge=1, description="steps; with each evaluation if not set")
    precision: Dtype = "auto"
    seed: int = 0

    @model_validator(mode="after")
    def _one_kind_of_batch(self) -> Self:
        if (self.batch is None) == (self.batch_tokens is None):
            raise ValueError("give either batch or batch_tokens")
        return self

    def warmup_steps(self, total: int) -> int:
        return math.ceil(self.warmup * total) if self.warmup < 1 else round(self.warmup)
