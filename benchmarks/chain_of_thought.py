"""Chain of thought: asked directly or with reasoning first, before and after training on FLAN's.

GSM8K's test questions, StrategyQA's development questions and the 700 ECQA questions that are never
trained on; accuracy with bootstrap intervals, paired differences between the two prompts, and a
blind guess beside them. Training sees FLAN's chain-of-thought data in both forms, answered at once
and after the rationale, so that the tuned model is asked for nothing it was not taught. A run that
was killed goes on, answer by answer. From the repository's root:

    python -m benchmarks.chain_of_thought --model google/flan-t5-base --data ../shared/data \
        --work build/cot-base --name chain_of_thought_flan_t5_base --out docs/results

On a CPU `--minutes 20` bounds the training, and `--limit 300` the questions of each task.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks.budget import Budget, train
from benchmarks.reasoning.tasks import TASKS, TRAINED, Task, options
from benchmarks.reasoning.verdict import sentence
from benchmarks.record import Figure, data_argument, out_argument, record
from chatbot.engines.hardware import resolve_device
from evaluation.bootstrap import Comparison, Interval, compare, interval
from evaluation.progress import progress_bar
from evaluation.rows import RowFile
from finetune.data.example import Example
from finetune.data.mixture import Source
from finetune.models import AdapterSettings
from finetune.precision import Precision
from finetune.respondent import Respondent
from finetune.sft.settings import SftSettings

PROMPTS = {"direct": False, "reasoned": True}


def answered(asked: argparse.Namespace, when: str, tuned: Path | None) -> dict[str, list[float]]:
    """`TASK_PROMPT` → 1.0 for each question whose answer is right, 0.0 for the others."""
    found = {}
    for prompt, reasoned in PROMPTS.items():
        respondent = Respondent(
            asked.model,
            tuned,
            precision=Precision.choose(asked.precision, resolve_device(asked.device)),
            max_new_tokens=asked.new_tokens if reasoned else asked.direct_tokens,
        )
        for task in TASKS:
            examples = task.examples(asked.data, chain_of_thought=reasoned, limit=asked.limit)
            prompts = [example.source for example in examples]
            rows = asked.work / f"{when}_{task.name}_{prompt}.rows.jsonl"
            what = f"{when}, {task.name}, {prompt}"
            with RowFile(rows, map(respondent.key, prompts)) as file, progress_bar() as bar:
                said = respondent.ask(
                    prompts, file, lambda done, total, what=what: bar(what, done, total)
                )
            found[f"{task.name}_{prompt}"] = [
                float(task.right(said[example.source] or "", example, reasoned=reasoned))
                for example in examples
            ]
    return found


def tuned_on_rationales(asked: argparse.Namespace) -> Path:
    """The model tuned on FLAN's chain-of-thought data in both forms."""
    files = sorted((asked.data / TRAINED).glob("*_train.tsv.gz"))
    sources = [
        Source(format="flan-cot", path=file, chain_of_thought=reasoned)
        for file in files
        for reasoned in PROMPTS.values()
    ]
    settings = SftSettings(
        adapter=AdapterSettings(method=asked.method, r=asked.rank, alpha=2 * asked.rank),
        lr=asked.lr,
        batch=asked.batch,
        precision=asked.precision,
        seed=asked.seed,
    )
    folder: Path = asked.work / "tuned"
    train(asked.model, sources, [], settings, Budget.of(asked), folder, asked.device)
    return folder


def blind(task: Task, examples: list[Example], data: Path) -> float:
    """Accuracy of a guess without reading: one of the options, or always the commonest answer."""
    offered = [options(example) for example in examples]
    if all(offered):
        return sum(1 / len(some) for some in offered) / len(offered)
    guess = task.guess(data)
    return sum(task.right(guess, example, reasoned=False) for example in examples) / len(examples)


def write(asked: argparse.Namespace, sides: dict[str, dict[str, list[float]]]) -> None:
    """The result: accuracies, differences, and a sentence for each task before and after."""
    figures: dict[str, Any] = {}
    said = []
    for task in TASKS:
        examples = task.examples(asked.data, chain_of_thought=False, limit=asked.limit)
        floor = blind(task, examples, asked.data)
        figures[f"{task.name}_blind"] = {"value": floor}
        for when, right in sides.items():
            accuracy = {}
            for prompt in PROMPTS:
                accuracy[prompt] = _known(right[f"{task.name}_{prompt}"])
                figures[f"{task.name}_{when}_{prompt}"] = accuracy[prompt].as_json()
            change = compare(right[f"{task.name}_reasoned"], right[f"{task.name}_direct"])
            figures |= _difference(f"{task.name}_{when}_gain", change)
            best = max(accuracy.values(), key=lambda one: one.value)
            said.append(sentence(task.name, when, change, best, floor))
        before, after = (side[f"{task.name}_reasoned"] for side in sides.values())
        figures |= _difference(f"{task.name}_training_gain", compare(after, before))
    names = ("limit", "new_tokens", "direct_tokens", "method", "rank", "lr", "batch", "epochs",
             "steps", "minutes", "precision", "seed")  # fmt: skip
    settings = {name: getattr(asked, name) for name in names}
    record(asked.out, asked.name, figures, model=asked.model, verdict=said, settings=settings)
    print("\n".join(said))


def _known(values: list[float]) -> Interval:
    found = interval(values)
    assert found is not None, "a task has questions"
    return found


def _difference(name: str, change: Comparison) -> dict[str, Figure]:
    return {name: change.difference.as_json(), f"{name}_p": {"value": change.p}}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    one = parser.add_argument
    one("--model", required=True, help="T5 by name or folder")
    one("--work", type=Path, required=True, help="for the model, and what a run goes on from")
    one("--name", default="chain_of_thought", help="what the result is called")
    one("--limit", type=int, help="first N questions of each task")
    one("--new-tokens", type=int, default=256, help="of reasoning and answer at most")
    one("--direct-tokens", type=int, default=24, help="of an answer alone at most")
    Budget.add_options(parser, epochs=2)
    one("--method", default="lora", choices=["lora", "dora", "rslora", "full"])
    one("--rank", type=int, default=16)
    one("--lr", type=float, default=1e-3)
    one("--batch", type=int, default=32)
    one("--precision", default="auto", choices=["auto", "float32", "bfloat16"])
    one("--device", default="auto")
    one("--seed", type=int, default=0)
    asked = parser.parse_args()
    sides = {"before": answered(asked, "before", None)}
    sides["after"] = answered(asked, "after", tuned_on_rationales(asked))
    write(asked, sides)


if __name__ == "__main__":
    main()
