"""How good a model's answers are on a task: real measures of whole answers, or the loss."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch

from chatbot.prompts import PromptStyle, part_reasoning
from evaluation.normalize import exact_match, token_f1
from evaluation.rouge import rouge
from finetune.data.collate import collate
from finetune.data.encoding import Encoded
from finetune.data.example import Example
from finetune.generation import batches_by_length, greedy
from finetune.precision import Precision
from finetune.processes import Processes
from finetune.sft.objective import summed_loss

Measure = Literal["rouge", "f1", "em"]
HEADLINE = {"rouge": "rougeL", "f1": "f1", "em": "em", "loss": "loss"}
"""The figure each metric decides by. Of the loss less is better, of the others more."""

_REASONED = PromptStyle(chain_of_thought=True)


def measure(text: str, example: Example, metric: Measure) -> dict[str, float]:
    """The figures of one answer, each in [0, 1].

    rouge: F1, mean over the references. f1, em: SQuAD's, the best over the references; of an
    example that was to be reasoned out, the answer after the reasoning alone is compared.
    """
    if metric == "rouge":
        return rouge(text, example.golds).mean
    answer = final_answer(text, example)
    return {
        "f1": token_f1(answer, example.golds),
        "em": exact_match(answer, example.golds),
    }


def final_answer(text: str, example: Example) -> str:
    """What `text` answers: all of it, or its end where the target reasons and then answers."""
    reasoning, answer = part_reasoning(example.target, _REASONED)
    if reasoning and answer.rstrip(".") in example.references:
        return part_reasoning(text, _REASONED)[1]
    return text


class Scorer:
    """Examples of one split, measured again and again while a model changes.

    Several processes share the work; each gets all the figures.
    """

    def __init__(
        self,
        examples: Sequence[Encoded],
        tokenizer: Any,
        precision: Precision,
        processes: Processes,
        *,
        max_new_tokens: int,
    ) -> None:
        self.examples = list(examples)
        self._tokenizer = tokenizer
        self._precision = precision
        self._processes = processes
        self._longest = max_new_tokens

    def loss(self, model: Any) -> float:
        """Mean negative log-likelihood of a target token, in nats."""
        lengths = [len(one.source) + len(one.target) for one in self.examples]
        sums = torch.zeros(2, dtype=torch.float64, device=self._processes.device)
        was_training = model.training
        model.eval()
        with torch.inference_mode():
            for chosen in self._mine(lengths):
                sources = [self.examples[index].source for index in chosen]
                targets = [self.examples[index].target for index in chosen]
                start = model.config.decoder_start_token_id
                batch = collate(sources, targets, pad=model.config.pad_token_id, start=start)
                with self._precision.autocast():
                    sums[0] += summed_loss(model, batch.to(self._processes.device))
                sums[1] += batch.target_tokens
        model.train(was_training)
        total = self._processes.total(sums)
        return float(total[0] / total[1])

    def answers(
        self, model: Any, metric: Measure, told: Callable[[int], None] = lambda done: None
    ) -> dict[str, list[float]]:
        """Figure → its value for each example, in their order. `told` hears how many are done."""
        found: dict[str, torch.Tensor] = defaultdict(
            lambda: torch.zeros(len(self.examples), dtype=torch.float64)
        )
        done = 0
        for chosen in self._mine([len(one.source) for one in self.examples]):
            texts = greedy(
                model,
                self._tokenizer,
                [self.examples[index].source for index in chosen],
                max_new_tokens=self._longest,
                precision=self._precision,
            )
            for index, text in zip(chosen, texts, strict=True):
                for name, value in measure(text, self.examples[index].example, metric).items():
                    found[name][index] = value
            done += len(chosen)
            told(done)
        device = self._processes.device
        return {
            name: self._processes.total(found[name].to(device)).tolist() for name in _names(metric)
        }

    def figures(self, model: Any, metric: Literal["loss", "rouge", "f1", "em"]) -> dict[str, float]:
        """The loss, and unless it is the metric the means of the metric's figures."""
        figures = {"loss": self.loss(model)}
        if metric != "loss":
            answers = self.answers(model, metric)
            figures |= {name: sum(values) / len(values) for name, values in answers.items()}
        return figures

    def _mine(self, lengths: Sequence[int]) -> list[list[int]]:
        """This process's batches of those of `lengths`."""
        return list(batches_by_length(lengths))[self._processes.rank :: self._processes.count]


def _names(metric: Measure) -> tuple[str, ...]:
    return ("rouge1", "rouge2", "rougeL", "rougeLsum") if metric == "rouge" else ("f1", "em")
