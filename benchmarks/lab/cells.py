"""The cells of the lab's tables; each is computed in a process of its own and saved when done.

A process of its own, because the most memory a process has held can be told only once.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.budget import Budget, train
from benchmarks.lab.options import sft_settings
from benchmarks.lab.shots import exemplars, with_shots
from chatbot.engines.factory import find_model
from chatbot.engines.hardware import resolve_device
from evaluation.peak_memory import peak_memory_mb
from evaluation.progress import progress_bar
from evaluation.rouge import MEASURES
from evaluation.rows import RowFile, write_rows, write_whole
from finetune.data.example import Example, without_groups
from finetune.data.mixture import Source
from finetune.forgetting import forgetting
from finetune.models import Method
from finetune.precision import Precision
from finetune.respondent import Respondent
from finetune.scoring import measure
from finetune.weights import weights_hash

DIALOGSUM = "dialogue/dialogsum/dialogsum.{}.jsonl.gz"
HELD = 100
"""Dialogues of the dev split whose loss chooses the best weights."""
SHOTS = {"zero_shot": 0, "one_shot": 1, "few_shot": 3}
OTHER_TASKS = {
    "qed": "qa/qed_nq/qed-dev.jsonlines.gz",
    "fairytaleqa": "qa/fairytaleqa/test.csv.gz",
    "ecqa-held": "instructions/flan_cot/ecqa_train.tsv.gz",
    "samsum": "dialogue/samsum/samsum-test.json.gz",
}
"""Format → file: what the model may forget while it learns DialogSum, and dialogues of another
hand, which it may rather learn."""
FORGETTING_TOKENS = 100

Cell = dict[str, Any]


class Cells:
    """The cells of one model under `asked`, in `asked.work`."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.asked = asked
        self.methods: list[Method] = asked.methods.split(",")
        self._made: dict[str, Callable[[], Cell]] = {
            name: lambda name=name, shots=shots: self._answered(name, None, shots)
            for name, shots in SHOTS.items()
        }
        for method in self.methods:
            self._made[f"{method}_training"] = lambda method=method: self._trained(method)
            self._made[method] = lambda method=method: self._answered(
                method, asked.work / method, 0
            )
            self._made[f"{method}_forgetting"] = lambda method=method: self._forgotten(method)
        self._identity = json.loads(json.dumps(self._settings(), default=str))

    @property
    def names(self) -> list[str]:
        """In the order they are computed."""
        return list(self._made)

    def read(self, name: str) -> Cell | None:
        """A cell that was computed for this model and these settings, else None."""
        path = self._path(name)
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        if found is None or found.pop("identity") != self._identity:
            return None
        cell: Cell = found
        return cell

    def compute(self, name: str) -> None:
        """Compute and save it; killed, most of the work is there for the next time."""
        self.asked.work.mkdir(parents=True, exist_ok=True)
        cell = self._made[name]()
        whole = {"identity": self._identity, **cell}
        write_whole(self._path(name), json.dumps(whole, ensure_ascii=False) + "\n")

    def test(self) -> list[Example]:
        return self._dialogues("test", self.asked.limit)

    def _answered(self, name: str, tuned: Path | None, shots: int) -> Cell:
        """Its summaries of the test dialogues: per dialogue, ROUGE by measure."""
        shown = exemplars(self._dialogues("train"), shots)
        examples = self.test()
        prompts = [with_shots(example.source, shown) for example in examples]
        respondent = Respondent(
            self.asked.model,
            tuned,
            precision=self._precision(),
            max_new_tokens=self.asked.new_tokens,
        )
        began = time.perf_counter()
        rows = self.asked.work / f"{name}.rows.jsonl"
        with RowFile(rows, map(respondent.key, prompts)) as file, progress_bar() as bar:
            said = respondent.ask(
                prompts, file, lambda done, total: bar(f"{name}: summaries", done, total)
            )
        seconds = time.perf_counter() - began
        scores = [
            measure(said[prompt] or "", example, "rouge")
            for prompt, example in zip(prompts, examples, strict=True)
        ]
        return {
            "scores": {m: [round(score[m], 6) for score in scores] for m in MEASURES},
            "too_long": sum(said[prompt] is None for prompt in prompts),
            "seconds": seconds,
            "peak_memory_mb": self._peak_memory_mb(),
        }

    def _trained(self, method: Method) -> Cell:
        """Tuned on the training split without the dialogues that are measured."""
        folder = self.asked.work / method
        train(
            self.asked.model,
            [self._training_source()],
            [Source(format="dialogsum", path=self._file("dev"), limit=HELD)],
            sft_settings(self.asked, method),
            Budget.of(self.asked),
            folder,
            self.asked.device,
        )
        record = json.loads((folder / "training.json").read_text(encoding="utf-8"))
        course, held = record["course"], record["peak_memory_bytes"]
        if held is None:
            print(f"{method}: trained before runs kept their peak of memory, which is left out")
        return {
            "trainable_share": record["trainable_share"],
            "seconds": course["seconds"],
            "tokens_per_second": course["tokens_per_second"],
            "steps": course["step"],
            "best_step": course["best_step"],
            "held_loss": course["best_value"],
            "left_out": record["left_out"],
            "peak_memory_mb": held and held / 1e6,
        }

    def _forgotten(self, method: Method) -> Cell:
        """Other tasks before and after."""
        rows = self.asked.work / f"{method}_forgetting.rows.jsonl"
        first = self.asked.work / f"{self.methods[0]}_forgetting.rows.jsonl"
        if first.is_file() and not rows.is_file():
            shutil.copyfile(first, rows)  # the base answers alike, whatever it becomes
        sources = [
            Source(
                format=kind, path=self.asked.data / path, name=kind,
                limit=self.asked.forgetting_limit,
            )
            for kind, path in OTHER_TASKS.items()
        ]  # fmt: skip
        with progress_bar() as bar:
            tasks = forgetting(
                self.asked.model,
                self.asked.work / method,
                sources,
                rows,
                precision=self._precision(),
                max_new_tokens=FORGETTING_TOKENS,
                seed=self.asked.seed,
                told=lambda what, done, total: bar(f"{method}, tasks {what}", done, total),
            )
        return {"tasks": [task.as_json() for task in tasks]}

    def _training_source(self) -> Source:
        """The training split, as pairs, without dialogues that stand in the test split too."""
        kept = without_groups(self._dialogues("train"), self._dialogues("test"))
        path: Path = self.asked.work / "train.jsonl"
        write_rows(path, [{"source": e.source, "target": e.target, "group": e.group} for e in kept])
        return Source(format="pairs", path=path, name="dialogsum")

    def _dialogues(self, split: str, limit: int | None = None) -> list[Example]:
        return Source(format="dialogsum", path=self._file(split), limit=limit).read()

    def _file(self, split: str) -> Path:
        path: Path = self.asked.data / DIALOGSUM.format(split)
        return path

    def _path(self, name: str) -> Path:
        path: Path = self.asked.work / f"{name}.cell.json"
        return path

    def _precision(self) -> Precision:
        return Precision.choose(self.asked.precision, resolve_device(self.asked.device))

    def _peak_memory_mb(self) -> float:
        """On a GPU of its memory; else of this process, with interpreter and libraries."""
        import torch

        if resolve_device(self.asked.device).startswith("cuda"):
            return torch.cuda.max_memory_allocated() / 1e6
        return peak_memory_mb()

    def _settings(self) -> dict[str, Any]:
        """What decides the figures."""
        names = (
            "limit", "forgetting_limit", "epochs", "steps", "minutes", "new_tokens", "rank",
            "targets", "lr", "full_lr", "batch", "accumulation", "gradient_checkpointing",
            "precision", "seed",
        )  # fmt: skip
        weights = weights_hash(find_model(self.asked.model)[1])
        return {"weights": weights, **{name: getattr(self.asked, name) for name in names}}
