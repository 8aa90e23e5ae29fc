"""The command line of `benchmarks/lab_tables.py`."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.budget import Budget
from benchmarks.record import data_argument, out_argument
from finetune.models import AdapterSettings, Method
from finetune.sft.settings import SftSettings


def read_options(description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    data_argument(parser)
    out_argument(parser)
    one = parser.add_argument
    one("--model", required=True, help="T5 by name or folder")
    one("--work", type=Path, required=True, help="for models, and what a run goes on from")
    one("--name", default="lab_tables", help="what the result is called")
    one("--limit", type=int, help="first N dialogues of the test split")
    one("--forgetting-limit", type=int, default=300, help="questions of each other task")
    Budget.add_options(parser, epochs=3)
    one("--new-tokens", type=int, default=200, help="of a summary at most")
    one("--methods", default="lora,dora,full", help="ways to train; with commas")
    one("--rank", type=int, default=16)
    one("--targets", default="all-linear", help='or modules such as "q,v"')
    one("--lr", type=float, default=1e-3, help="of the adapters")
    one("--full-lr", type=float, default=3e-4, help="of full fine-tuning")
    one("--batch", type=int, default=16)
    one("--accumulation", type=int, default=1)
    one("--gradient-checkpointing", action="store_true")
    one("--precision", default="auto", choices=["auto", "float32", "bfloat16"])
    one("--device", default="auto")
    one("--seed", type=int, default=0)
    one("--cell", help=argparse.SUPPRESS)
    return parser.parse_args()


def sft_settings(asked: argparse.Namespace, method: Method) -> SftSettings:
    adapter = AdapterSettings(
        method=method, r=asked.rank, alpha=2 * asked.rank, targets=asked.targets
    )
    return SftSettings(
        adapter=adapter,
        lr=asked.full_lr if method == "full" else asked.lr,
        batch=asked.batch,
        accumulation=asked.accumulation,
        gradient_checkpointing=asked.gradient_checkpointing,
        precision=asked.precision,
        seed=asked.seed,
    )
