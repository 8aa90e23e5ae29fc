"""The gate on simulated learners: does it let improvements through, and nothing else?

Twenty rounds in which learners judge by the right answer and err in 20 % of the cases, and twenty
in which their thumbs are coin flips. Each round is the whole loop (store, export, reward model,
DPO, evaluation, gate, registry) on a tiny T5; `benchmarks/simulated_learners.py` says what is
simulated.
Whether an adapter is a real improvement is measured on fresh questions with their right answers,
which neither training nor gate has seen. A run that was killed goes on from `--work`:

    python -m benchmarks.feedback_gate --work build/feedback --out docs/results
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from unittest.mock import patch

import torch

from benchmarks import simulated_learners as world
from benchmarks.record import Figure, out_argument, record
from chatbot.engines import flan_t5
from chatbot.engines.base import Decoding, Engine
from chatbot.engines.factory import load_engine
from chatbot.engines.registry import AdapterRegistry
from evaluation.bootstrap import compare
from evaluation.judge import load_judge
from evaluation.normalize import token_f1
from evaluation.progress import progress_bar
from evaluation.rows import RowFile
from finetune.data.mixture import Source
from finetune.feedback.exporting import export
from finetune.feedback.loop import CANDIDATE, from_feedback
from finetune.feedback.measuring import EvalData
from finetune.feedback.settings import LoopSettings
from finetune.models import AdapterSettings
from finetune.preference.settings import PreferenceSettings
from finetune.reward.settings import RewardSettings

NOISE = {"real": 0.2, "random": 0.5}
"""Kind of round → the share of thumbs that are the wrong way round."""
ASKED, FRESH, OF_A_TASK, BASES = 1600, 200, 400, 4
BASE_SEED = 1000
AT_ONCE = 256
"""Prompts a batch: at this size it costs its Python and hardly any arithmetic."""
_LONGEST = 4


@dataclass(frozen=True)
class Round:
    """What became of one round. `gain`: F1 with the right answer over the base, fresh questions."""

    kind: str
    seed: int
    pairs: int
    promoted: bool
    why: str
    reward_accuracy: float
    gain: float
    gain_low: float
    gain_high: float

    @property
    def improvement(self) -> bool:
        return self.gain_low > 0


_FIELDS = [field.name for field in fields(Round)]


def settings(base: Path, seed: int) -> LoopSettings:
    """The loop's own defaults, save for what a model this small needs."""
    return LoopSettings(
        enough=100,
        lora=AdapterSettings(r=8, alpha=16),
        window=32,
        max_new_tokens=_LONGEST,
        reward=RewardSettings(
            task="preference",
            base=str(base),
            layers=2,
            window=32,
            tokens=256,
            epochs=3,
            lr=5e-3,
            seed=seed,
        ),
        preference=PreferenceSettings(
            epochs=2, batch=32, microbatch=32, learning_rate=1e-3, max_response=8
        ),
        safety_samples=16,
        safety_tokens=2,
        seed=seed,
    )


def one_round(kind: str, seed: int, work: Path) -> Round:
    """The whole loop once, in folders of its own under `work`."""
    with patch.object(flan_t5, "BATCH", AT_ONCE):
        return _one_round(kind, seed, work)


def _one_round(kind: str, seed: int, work: Path) -> Round:
    base = world.build(work / f"base-{seed % BASES}", BASE_SEED + seed % BASES)
    here = work / f"{kind}-{seed}"
    engine = load_engine(str(base), device="cpu", window=32, adapters_dir=here)
    every = world.questions(ASKED + FRESH, seed)
    database = here / "conversations.sqlite"
    if not (here / "feedback" / "pairs.jsonl").is_file():
        database.unlink(missing_ok=True)
        world.collect(engine, every[:ASKED], database, NOISE[kind], seed)
    exported = export(database, here / "feedback")
    answers, summaries = world.write_tasks(here / "tasks", OF_A_TASK, seed)
    data = EvalData(
        Source(format="pairs", path=answers),
        Source(format="pairs", path=summaries),
        world.provoking(len(world.WORDS)),
        load_judge(world.rude_judge(here / "judge")),
    )
    registry = AdapterRegistry(here / "adapters")
    report = from_feedback(
        str(base), here / "feedback", here, registry, data, settings(base, seed), device="cpu"
    )
    before = _right(engine, every[ASKED:])
    engine.use_adapter(CANDIDATE)
    change = compare(_right(engine, every[ASKED:]), before).difference
    return Round(
        kind,
        seed,
        exported.pairs,
        report["promoted"],
        report["why"],
        report["reward_model"]["accuracy"]["value"],
        change.value,
        change.low,
        change.high,
    )


def _right(engine: Engine, asked: list[str]) -> list[float]:
    said = engine.generate(asked, Decoding(max_new_tokens=_LONGEST))
    return [
        token_f1(text, [world.right_answer(prompt)])
        for prompt, text in zip(asked, said, strict=True)
    ]


def run(work: Path, rounds: int) -> list[Round]:
    """`rounds` of each kind; those that were done before under the same settings stay done."""
    place = work / identity()
    wanted = [(kind, seed) for seed in range(rounds) for kind in NOISE]
    with (
        progress_bar() as told,
        RowFile(place / "rounds.jsonl", [f"{kind}-{seed}" for kind, seed in wanted]) as file,
    ):
        missing = [one for one in wanted if f"{one[0]}-{one[1]}" not in file.rows]
        for number, (kind, seed) in enumerate(missing):
            told("rounds", number, len(missing))
            file.add({"key": f"{kind}-{seed}", **asdict(one_round(kind, seed, place))})
        told("rounds", len(missing), len(missing))
    rows = [file.rows[f"{kind}-{seed}"] for kind, seed in wanted]
    return [Round(**{name: row[name] for name in _FIELDS}) for row in rows]


def identity() -> str:
    """What a round hangs on: its settings and the world's. Others get a folder of their own."""
    dials = (
        settings(Path("base"), 0).model_dump(mode="json"), NOISE, ASKED, FRESH, OF_A_TASK, BASES,
        BASE_SEED, world.STEPS, world.BATCH, world.RIGHT_SHARE, world.RUDE_SHARE, AT_ONCE,
    )  # fmt: skip
    return hashlib.sha256(json.dumps(dials, sort_keys=True).encode()).hexdigest()[:8]


def figures(done: list[Round]) -> dict[str, Figure]:
    found = {}
    for kind in NOISE:
        some = [one for one in done if one.kind == kind]
        better = [one for one in some if one.improvement]
        gains = [one.gain for one in some]
        accuracies = [one.reward_accuracy for one in some]
        found |= {
            f"{kind}_rounds": {"value": float(len(some))},
            f"{kind}_promoted": {"value": float(sum(one.promoted for one in some))},
            f"{kind}_improvements": {"value": float(len(better))},
            f"{kind}_improvements_promoted": {"value": float(sum(one.promoted for one in better))},
            f"{kind}_gain": _mean(gains),
            f"{kind}_reward_accuracy": _mean(accuracies),
        }
    return found


def _mean(values: list[float]) -> Figure:
    return {"value": sum(values) / len(values), "low": min(values), "high": max(values)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    out_argument(parser)
    parser.add_argument("--work", type=Path, required=True, help="folder for models and runs")
    parser.add_argument("--rounds", type=int, default=20, help="of each kind")
    asked = parser.parse_args()
    torch.set_num_threads(1)  # at this size threads wait for each other longer than they work
    done = run(asked.work, asked.rounds)
    record(asked.out, "feedback_gate", figures(done), rounds=[asdict(one) for one in done])


if __name__ == "__main__":
    main()
