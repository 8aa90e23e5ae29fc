"""How a reward model is trained."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ingestion.encoders.factory import DEFAULT_ENCODER


class RewardSettings(BaseModel):
    """`lora` puts deltas of rank `r` on all linear layers of the top `layers` of the base; `full`
    trains those layers whole. A batch is `tokens` padded tokens, a pair counting as two texts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: Literal["toxicity", "preference"]
    base: str = DEFAULT_ENCODER
    method: Literal["lora", "full"] = "lora"
    r: int = Field(8, ge=1)
    alpha: float = Field(16, gt=0)
    layers: int = Field(6, ge=1)
    window: int = Field(96, ge=8, le=512)
    lr: float = Field(1e-3, gt=0)
    epochs: float = Field(1.0, gt=0)
    tokens: int = Field(2048, ge=64)
    warmup: float = Field(0.06, ge=0, lt=1)
    weight_decay: float = Field(0.01, ge=0)
    drop: float = Field(0.1, ge=0, lt=1)
    clip: float = Field(1.0, gt=0)
    seed: int = 0
    evaluate: int = Field(200, ge=1, description="steps between two looks at the dev split")
