from __future__ import annotations

from pathlib import Path

import pytest
import torch

from finetune.data.encoding import encode
from finetune.data.example import Example
from finetune.generation import batches_by_length, greedy
from finetune.models import load_t5
from finetune.precision import Precision
from finetune.processes import Processes
from finetune.scoring import Scorer, final_answer, measure

REASONED = Example("q", "Because. The answer is 12.", "gsm8k", "g", ("12",))
PLAIN = Example("q", "in France", "squad", "g", ("in France", "France"))


def test_of_a_reasoned_answer_its_end_is_compared() -> None:
    assert final_answer("6 times 2. The answer is 12.", REASONED) == "12."
    assert measure("6 times 2. The answer is 12.", REASONED, "em")["em"] == 1
    assert measure("12 minus 1. The answer is 11.", REASONED, "em")["em"] == 0
    assert final_answer("It is there. The answer is France.", PLAIN).startswith("It is")


def test_the_best_reference_counts_for_f1_and_the_mean_for_rouge() -> None:
    assert measure("France", PLAIN, "f1") == {"f1": 1, "em": 1}
    assert measure("France", PLAIN, "rouge")["rouge1"] == pytest.approx((1 + 2 / 3) / 2)


def test_every_prompt_is_read_once_and_the_budget_kept() -> None:
    lengths = [3, 50, 7, 7, 20, 1, 50, 4]
    batches = list(batches_by_length(lengths, budget=60))
    assert sorted(index for batch in batches for index in batch) == list(range(8))
    assert all(len(batch) * max(lengths[i] for i in batch) <= 60 for batch in batches)
    assert len(batches) < 5


def test_dropout_of_training_does_not_reach_generation(tiny: Path) -> None:
    from finetune.models import set_dropout

    model, tokenizer = load_t5(str(tiny))
    precision = Precision(torch.float32, "cpu")
    prompt = [tokenizer("sort: token").input_ids]

    def said() -> list[str]:
        return greedy(model, tokenizer, prompt, max_new_tokens=8, precision=precision)

    expected = said()
    set_dropout(model, 0.5)
    model.train()
    assert [said() for _ in range(3)] == [expected] * 3
    assert model.training, "and training goes on with it"


def test_answers_come_in_the_order_of_the_examples(tiny: Path) -> None:
    model, tokenizer = load_t5(str(tiny))
    precision = Precision(torch.float32, "cpu")
    sources = [f"sort: {'token ' * n}model" for n in (1, 9, 3, 5)]
    said = [
        greedy(model, tokenizer, [tokenizer(s).input_ids], max_new_tokens=4, precision=precision)
        for s in sources
    ]
    examples = [Example(s, text, "x", s) for s, [text] in zip(sources, said, strict=True)]
    examples[2] = Example(sources[2], "certainly not", "x", "y")
    held, _ = encode(examples, tokenizer, max_source=99, max_target=99)
    scorer = Scorer(held, tokenizer, precision, Processes(), max_new_tokens=4)
    assert scorer.answers(model, "em")["em"] == [1, 1, 0, 1]
    assert scorer.figures(model, "em")["em"] == 0.75


def test_the_loss_is_the_mean_over_target_tokens(tiny: Path) -> None:
    model, tokenizer = load_t5(str(tiny))
    examples = [Example("sort: a", "token", "x", "1"), Example("b", "model token layer", "x", "2")]
    held, _ = encode(examples, tokenizer, max_source=99, max_target=99)
    scorer = Scorer(held, tokenizer, Precision(torch.float32, "cpu"), Processes(), max_new_tokens=4)
    total = count = 0.0
    for one in held:
        ids, labels = torch.tensor([one.source]), torch.tensor([one.target])
        with torch.no_grad():
            total += float(model(input_ids=ids, labels=labels).loss) * len(one.target)
        count += len(one.target)
    assert scorer.loss(model) == pytest.approx(total / count, rel=1e-5)
