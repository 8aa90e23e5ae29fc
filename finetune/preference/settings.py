"""The dials that DPO, KTO and ORPO share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from finetune.schedule import Shape


class PreferenceSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(1, ge=1)
    batch: int = Field(32, ge=2, description="examples of an optimizer step")
    microbatch: int = Field(8, ge=1, description="examples in memory at a time")
    learning_rate: float = Field(1e-4, gt=0)
    schedule: Shape = "linear"
    warmup: int = Field(0, ge=0, description="steps")
    max_grad_norm: float = Field(1.0, gt=0)
    max_response: int = Field(256, ge=1, description="tokens; longer responses are left out")

    kl_every: int = Field(20, ge=1, description="steps between measurements of the KL")
    kl_prompts: int = Field(64, ge=1, description="prompts the KL is measured on")
    kl_stop: float = Field(20.0, gt=0, description="nats per response; beyond it the run ends")
    seed: int = 0
