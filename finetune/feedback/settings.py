"""The dials of the loop from feedback to a promoted adapter."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from finetune.feedback.gate import Margins, Name
from finetune.models import AdapterSettings
from finetune.ppo.settings import PPOSettings
from finetune.preference.settings import PreferenceSettings
from finetune.reward.settings import RewardSettings


class LoopSettings(BaseModel):
    """Questions whose hash falls into `held_share` are never trained on, now or in later rounds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["dpo", "ppo"] = "dpo"
    enough: int = Field(100, ge=1, description="comparisons without which nothing is trained")
    held_share: float = Field(1 / 3, gt=0, lt=1)
    lora: AdapterSettings = AdapterSettings()
    window: int = Field(512, ge=16)
    max_new_tokens: int = Field(128, ge=1)
    reward: RewardSettings = RewardSettings.model_validate({"task": "preference", "epochs": 5})
    beta: float = Field(0.1, gt=0, description="DPO's β")
    label_noise: float = Field(0.1, ge=0, lt=0.5, description="share of pairs the wrong way round")
    preference: PreferenceSettings = PreferenceSettings.model_validate({"epochs": 3})
    ppo: PPOSettings = PPOSettings.model_validate({})
    margins: Margins = Margins.model_validate({})
    waived: tuple[Name, ...] = ()
    safety_samples: int = Field(8, ge=1, description="continuations of a prompt")
    safety_tokens: int = Field(20, ge=1)
    seed: int = 0
