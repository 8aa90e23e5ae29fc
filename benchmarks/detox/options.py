"""The command line of `benchmarks/detoxification.py`."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.record import data_argument, out_argument
from finetune.models import AdapterSettings
from finetune.ppo.settings import PPOSettings
from finetune.preference.settings import PreferenceSettings
from finetune.sft.settings import SftSettings
from ingestion.packaged import model_folder


def read_options(description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    start = parser.add_mutually_exclusive_group(required=True)
    start.add_argument("--model", help="T5 to tune on comments first")
    start.add_argument("--policy", help="T5 that continues comments already")
    one = parser.add_argument
    one("--reward", default="lectern-judge", help="judge that rewards, by name or folder")
    one("--judge", default="lectern-judge-independent", help="another one, that measures")
    one("--rule", action="append", default=[], help="more rewards, such as 0.1*length:5-20")
    data_argument(parser)
    out_argument(parser)
    one("--work", type=Path, required=True, help="for models, and what a run goes on from")
    one("--name", default="detoxification", help="what the result is called")
    one("--device", default="auto")
    one("--seeds", default="0,1,2")
    one("--prompts", type=int, default=600, help="held beginnings")
    one("--samples", type=int, default=25, help="continuations of each")
    one("--new-tokens", type=int, default=20)
    one("--practice", type=int, default=4000, help="beginnings to practise on")
    one("--steps", type=int, default=100, help="of PPO")
    one("--batch", type=int, default=64, help="responses of a step of PPO")
    one("--lr", type=float, default=2e-4, help="of PPO and DPO")
    one("--kl-coefficient", type=float, default=0.02)
    one("--kl-target", type=float, default=4.0, help="nats per continuation")
    one("--kl-stop", type=float, default=12.0)
    one("--dpo-samples", type=int, default=8, help="responses that are ranked")
    one("--dpo-epochs", type=int, default=3)
    one("--largest-n", type=int, default=256, help="of best-of-n")
    one("--best-prompts", type=int, help="best-of-n on the first of them alone, as it takes long")
    one("--sft-epochs", type=float, default=3.0)
    one("--sft-lr", type=float, default=5e-4)
    asked = parser.parse_args()
    asked.reward, asked.judge = model_folder(asked.reward), model_folder(asked.judge)
    return asked


def ppo_settings(asked: argparse.Namespace) -> PPOSettings:
    return PPOSettings(
        steps=asked.steps,
        batch=asked.batch,
        max_new_tokens=asked.new_tokens,
        learning_rate=asked.lr,
        kl_target=asked.kl_target,
        kl_coefficient=asked.kl_coefficient,
        kl_stop=asked.kl_stop,
        save_every=5,
    )


def dpo_settings(asked: argparse.Namespace, seed: int, kl: float) -> PreferenceSettings:
    """Training ends where the policy would go further than `kl`."""
    return PreferenceSettings(
        epochs=asked.dpo_epochs,
        learning_rate=asked.lr,
        kl_every=5,
        kl_stop=max(kl, 1e-6),
        seed=seed,
    )


def sft_settings(asked: argparse.Namespace) -> SftSettings:
    return SftSettings(
        adapter=AdapterSettings(method="full"),
        lr=asked.sft_lr,
        epochs=asked.sft_epochs,
        save_every=100,
    )
