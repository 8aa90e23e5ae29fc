from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import tiny_t5
import torch

from finetune.data.collate import IGNORED, collate
from finetune.data.encoding import encode
from finetune.data.example import Example
from finetune.data.mixture import Mixture, MixtureFile, Numbers, Source
from finetune.data.order import Order
from finetune.errors import EmptySplit
from ingestion.errors import LecternError

LENGTHS = [(int(n), int(n) // 5 + 1) for n in np.random.default_rng(0).integers(5, 400, 500)]


def everything(number: int) -> Numbers:
    return np.arange(len(LENGTHS))


def padding(batches: list[Numbers]) -> float:
    """Share of the padded source tokens that is padding."""
    sources = [[LENGTHS[i][0] for i in batch] for batch in batches]
    return 1 - sum(map(sum, sources)) / sum(len(s) * max(s) for s in sources)


def mixture(tmp_path: Path, seed: int = 0, **counts: tuple[int, float, int | None]) -> Mixture:
    sources, read = [], []
    for name, (examples, rate, cap) in counts.items():
        path = tmp_path / name
        path.write_text(name)
        sources.append(Source(format="pairs", path=path, name=name, rate=rate, cap=cap))
        read.append([Example(f"{name} {n}", "x", name, str(n)) for n in range(examples)])
    return Mixture(sources, read, seed)


def test_an_epoch_holds_every_example_once() -> None:
    for order in (
        Order(everything, LENGTHS, batch=7),
        Order(everything, LENGTHS, batch_tokens=2000),
    ):
        seen = np.concatenate(order.batches(0))
        assert sorted(seen) == list(range(500))


def test_a_step_follows_from_its_number_alone() -> None:
    first = Order(everything, LENGTHS, batch=16, seed=3)
    straight = [first.at(step).tolist() for step in range(80)]
    again = Order(everything, LENGTHS, batch=16, seed=3)
    assert [again.at(step).tolist() for step in reversed(range(80))] == straight[::-1]
    assert straight[:32] != straight[32:64]
    assert Order(everything, LENGTHS, batch=16, seed=4).at(0).tolist() != straight[0]


def test_batches_of_nearly_one_length_have_little_padding() -> None:
    grouped = Order(everything, LENGTHS, batch=16).batches(0)
    shuffled = Order(everything, LENGTHS, batch=16, group=False).batches(0)
    assert padding(shuffled) > 0.4
    assert padding(grouped) < 0.08
    first = [max(LENGTHS[i][0] for i in batch) for batch in grouped]
    assert first != sorted(first), "lengths must not rise through the epoch"


def test_a_token_budget_is_kept() -> None:
    for batch in Order(everything, LENGTHS, batch_tokens=1_000).batches(0):
        longest = [max(LENGTHS[i][side] for i in batch) for side in (0, 1)]
        assert len(batch) == 1 or len(batch) * sum(longest) <= 1_000


def test_steps_of_epochs() -> None:
    order = Order(everything, LENGTHS, batch=50)
    assert (order.steps(2), order.steps(1.5), order.steps(0.5)) == (20, 15, 5)
    assert order.steps(0.001) == 1


def test_caps_and_rates_say_how_often_a_source_is_seen(tmp_path: Path) -> None:
    mixed = mixture(tmp_path, plain=(10, 1.0, None), capped=(50, 1.0, 5), often=(4, 2.5, None))
    assert [part.per_epoch for part in mixed.parts] == [10, 5, 10]
    for number in range(3):
        seen = Counter(mixed.examples[i].task for i in mixed.epoch(number))
        assert seen == {"plain": 10, "capped": 5, "often": 10}
    capped = [i for number in range(10) for i in mixed.epoch(number) if 10 <= i < 60]
    assert sorted(capped) == list(range(10, 60)), "ten epochs of 5 show each of 50 once"
    often = Counter(int(i) for i in mixed.epoch(0) if i >= 60)
    assert set(often.values()) <= {2, 3}


def test_a_mixture_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    one, same, other = (mixture(tmp_path, seed, a=(30, 1.0, 9)) for seed in (1, 1, 2))
    assert one.epoch(4).tolist() == same.epoch(4).tolist() != other.epoch(4).tolist()


def test_a_source_without_examples_is_named(tmp_path: Path) -> None:
    with pytest.raises(EmptySplit, match="bare"):
        mixture(tmp_path, full=(3, 1.0, None), bare=(0, 1.0, None))


def test_a_mixture_file(tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_text('{"source": "q", "target": "a"}\n' * 5)
    path = tmp_path / "mix.toml"
    path.write_text(
        '[[source]]\nformat = "pairs"\npath = "own.jsonl"\ncap = 3\nrate = 0.5\n'
        '[[eval]]\nformat = "pairs"\npath = "own.jsonl"\nlimit = 2\n'
    )
    read = MixtureFile.load(path)
    assert (read.source[0].cap, read.source[0].rate) == (3, 0.5)
    assert len(read.source[0].read()) == 5
    assert len(read.eval[0].read()) == 2
    assert MixtureFile.load(path, tmp_path / "else").source[0].path == tmp_path / "else/own.jsonl"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[[source", "TOML"),
        ("", "source"),
        ('[[source]]\nformat = "pairs"', r"source\.0\.path"),
        ('[[source]]\nformat = "pairs"\npath = "x"\nrates = 2', "rates"),
        ('[[source]]\nformat = "pairs"\npath = "x"\nrate = 0', "rate"),
    ],
)
def test_what_is_wrong_with_a_mixture_file_is_said(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "mix.toml"
    path.write_text(content)
    with pytest.raises(LecternError, match=said):
        MixtureFile.load(path)


def test_what_is_too_long_is_left_out_and_counted() -> None:
    words = tiny_t5.tokenizer()
    examples = [
        Example(source, target, "x", source)
        for source, target in (
            ("token", "token"),
            ("token " * 20, "token"),
            ("token", "token " * 9),
        )
    ]
    kept, lengths = encode(examples, words, max_source=10, max_target=5)
    assert [one.example for one in kept] == examples[:1]
    assert kept[0].source[-1] == kept[0].target[-1] == words.eos_token_id
    assert (lengths.kept, lengths.long_sources, lengths.long_targets) == (1, 1, 1)
    assert (lengths.longest_source, lengths.longest_target) == (21, 10)
    assert "2 left out as too long" in str(lengths)
    assert str(encode(examples, words, max_source=99, max_target=99)[1]).endswith("none too long")


def test_an_example_without_an_answer_is_left_out_and_counted() -> None:
    asked = [Example("token", "token", "x", "a"), Example("vector", " ", "x", "b")]
    kept, lengths = encode(asked, tiny_t5.tokenizer(), max_source=10, max_target=5)
    assert [one.example for one in kept] == asked[:1]
    assert (lengths + lengths).without_answer == 2
    assert str(lengths) == "1 examples; 1 left out without an answer, none too long"


def test_a_batch_is_padded_to_its_longest_and_agrees_with_the_library(tiny: Path) -> None:
    from finetune.models import load_t5

    model, _ = load_t5(str(tiny))
    batch = collate([[5, 6, 1], [7, 1]], [[8, 1], [9, 10, 1]], pad=0, start=0)
    assert batch.input_ids.tolist() == [[5, 6, 1], [7, 1, 0]]
    assert batch.attention_mask.tolist() == [[1, 1, 1], [1, 1, 0]]
    assert batch.labels.tolist() == [[8, 1, IGNORED], [9, 10, 1]]
    expected = model.prepare_decoder_input_ids_from_labels(batch.labels)
    assert torch.equal(batch.decoder_input_ids, expected)
    assert (batch.tokens, batch.target_tokens) == (10, 5)
