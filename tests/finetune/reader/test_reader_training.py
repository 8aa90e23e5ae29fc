"""The reader's examples, negatives, loss and training run."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from chatbot.reading.features import Featurizer
from chatbot.reading.span_reader import SpanReader
from finetune.errors import CheckpointUnusable, EmptySplit, LossNotFinite
from finetune.log import read_log
from finetune.reader import training
from finetune.reader.batches import epoch_batches, prepare
from finetune.reader.examples import ReadingExample, occurrences
from finetune.reader.negatives import made, mined
from finetune.reader.sources import qed
from finetune.reader.training import ReaderTraining, span_loss, train_reader
from ingestion.encoders.factory import DEFAULT_ENCODER, packaged_folder
from ingestion.encoders.lora import CONFIG, TENSORS
from ingestion.errors import ModelUnavailable
from ingestion.hashing import file_digest

CITIES = ["Paris", "Berlin", "Madrid", "Vienna", "Oslo", "Rome", "Athens", "Lisbon"]


def example(number: int, city: str) -> ReadingExample:
    passage = (
        f"Company {number} makes ships. Company {number} has its seat in {city} since 19{number}."
    )
    start = passage.index(city)
    question = f"Where does Company {number} have its seat?"
    place = ((start, start + len(city)),)
    return ReadingExample("seat", f"doc{number}", question, passage, place, city)


EXAMPLES = [example(10 + number, city) for number, city in enumerate(CITIES)]


@pytest.fixture(scope="module")
def featurizer() -> Featurizer:
    return Featurizer(packaged_folder())


def test_an_answer_is_found_wherever_it_stands_as_a_word() -> None:
    assert occurrences("Art starts here: art, and ART.", "art") == ((0, 3), (17, 20), (26, 29))
    assert occurrences("Party", "art") == ()
    assert occurrences("Anything", " ") == ()


def test_neither_the_dev_sets_paragraphs_nor_articles_left_out_are_learned(tmp_path: Path) -> None:
    def row(title: str, paragraph: str) -> dict[str, object]:
        text = [paragraph.split()[0]]
        said = {"answer_spans": [[0, len(text[0])]], "answer_text": text}
        return {"title_text": title, "question_text": "who", "paragraph_text": paragraph, **said}

    rows = [row("Oslo", "Oslo is north."), row("Rome", "Rome is old."), row("Oslo", "Oslo!")]
    for name, held in (("train_all.jsonl.gz", rows), ("qed-dev.jsonlines.gz", rows[2:])):
        lines = "".join(json.dumps(each) + "\n" for each in held)
        (tmp_path / name).write_bytes(gzip.compress(lines.encode()))
    assert [found.passage for found in qed(tmp_path)] == ["Oslo is north.", "Rome is old."]
    assert [found.passage for found in qed(tmp_path, {"Rome"})] == ["Oslo is north."]


def test_targets_are_the_tokens_of_the_answer(featurizer: Featurizer) -> None:
    prepared = prepare(EXAMPLES, featurizer)
    assert prepared.lost == 0
    for asked, target in zip(EXAMPLES, prepared.targets, strict=True):
        ((first, last),) = target.spans
        offsets = target.window.offsets
        start, end = offsets[first - target.window.first][0], offsets[last - target.window.first][1]
        assert asked.passage[start:end] == asked.text


def test_an_answer_beyond_the_first_window_is_read_in_the_one_that_holds_it() -> None:
    asked = EXAMPLES[0]
    before = "Nothing of note was said at all. " * 80
    late = tuple((start + len(before), end + len(before)) for start, end in asked.answers)
    moved = replace(asked, passage=before + asked.passage, answers=late)
    prepared = prepare([moved], Featurizer(packaged_folder()))
    (target,) = prepared.targets
    assert prepared.lost == 0
    assert target.spans != ((0, 0),)
    assert target.window.offsets[0][0] > 0


def test_an_epoch_has_every_target_once_and_is_the_same_again(featurizer: Featurizer) -> None:
    targets = prepare(EXAMPLES, featurizer).targets
    first = list(epoch_batches(targets, 80, seed=1, epoch=0))
    assert first == list(epoch_batches(targets, 80, seed=1, epoch=0))
    assert first != list(epoch_batches(targets, 80, seed=1, epoch=1))
    ids = [target.window.ids for batch in first for target in batch]
    assert sorted(ids) == sorted(target.window.ids for target in targets)
    assert len(first) > 1


def test_a_run_goes_on_with_the_batches_that_would_have_come(
    featurizer: Featurizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in an epoch after one that was cut into more or fewer batches than the first."""
    monkeypatch.setattr("finetune.reader.batches._POOL", 1.5)
    long = [
        replace(one, passage=one.passage + " It is large." * n) for n, one in enumerate(EXAMPLES)
    ]
    targets = prepare(long, featurizer).targets
    settings = ReaderTraining(tokens=160, seed=1)
    counts = [len(list(epoch_batches(targets, 160, 1, epoch))) for epoch in range(4)]
    assert len(set(counts)) > 1, "or this shows nothing"
    whole = list(islice(training._from(targets, settings, 0), sum(counts)))
    for start in range(sum(counts)):
        assert list(islice(training._from(targets, settings, start), 1)) == [whole[start]]


def test_mined_negatives_do_not_hold_the_answer() -> None:
    found = list(mined(EXAMPLES, random.Random(0)))
    assert len(found) == len(EXAMPLES)
    for negative in found:
        assert negative.answers == ()
        assert not occurrences(negative.passage, negative.text)


def test_made_negatives_ask_something_else_of_the_same_passage() -> None:
    found = list(made(EXAMPLES, random.Random(0)))
    assert found
    originals = {asked.passage: asked for asked in EXAMPLES}
    for negative in found:
        assert negative.answers == ()
        assert negative.question != originals[negative.passage].question


def test_the_loss_is_the_probability_of_all_places_of_the_answer(featurizer: Featurizer) -> None:
    targets = prepare(EXAMPLES[:1], featurizer).targets
    (target,) = targets
    twice = replace(target, spans=(*target.spans, (target.window.first, target.window.first)))
    width = len(target.window.ids)
    logits = torch.randn(1, width, 2, generator=torch.Generator().manual_seed(0))
    passage = range(target.window.first, target.window.first + len(target.window.offsets))
    allowed = [0, *passage]
    expected = 0.0
    for side in (0, 1):
        probability = torch.softmax(logits[0, allowed, side].double(), 0)
        places = {span[side] for span in twice.spans}
        expected -= float(sum(probability[allowed.index(place)] for place in places).log())
    assert float(span_loss(logits, [twice])) == pytest.approx(expected, abs=1e-5)


def train(out: Path, epochs: float, data: str = "cities") -> dict[str, float]:
    settings = ReaderTraining(
        rank=8, alpha=8, lr=3e-3, warmup=2, epochs=epochs, tokens=160, validate_every=6
    )
    negatives = list(mined(EXAMPLES, random.Random(0)))
    everything = [*EXAMPLES, *negatives]
    about = {"data": {data: "hash"}}
    return train_reader(
        packaged_folder(), DEFAULT_ENCODER, everything, everything, out, settings, about
    )


def test_a_run_that_was_killed_ends_in_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(tmp_path / "alone", epochs=4)
    with monkeypatch.context() as patched:
        # Before the checkpoint of the second validation is saved.
        patched.setattr(training, "validate", Killed(training.validate, after=1))
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path / "killed", epochs=4)
    train(tmp_path / "killed", epochs=4)
    one, other = (load_file(tmp_path / run / TENSORS) for run in ("alone", "killed"))
    torch.testing.assert_close(one, other)
    steps = [[row["step"] for row in read_log(tmp_path / run)] for run in ("alone", "killed")]
    assert steps[0] == steps[1]


class Killed:
    """A function that works `after` times and is then interrupted."""

    def __init__(self, works: Callable[..., dict[str, float]], after: int) -> None:
        self._works, self._left = works, after

    def __call__(self, *arguments: object) -> dict[str, float]:
        if not self._left:
            raise KeyboardInterrupt
        self._left -= 1
        return self._works(*arguments)


def test_weights_of_another_run_do_not_get_this_ones_record(tmp_path: Path) -> None:
    train(tmp_path, epochs=1)
    before = (tmp_path / CONFIG).read_bytes()
    with pytest.raises(CheckpointUnusable, match="differs in data"):
        train(tmp_path, epochs=1, data="rivers")
    with pytest.raises(CheckpointUnusable, match="differs in settings"):
        train(tmp_path, epochs=0.5)
    assert (tmp_path / CONFIG).read_bytes() == before


def test_a_few_steps_teach_where_the_answer_stands(tmp_path: Path) -> None:
    figures = train(tmp_path / "reader", epochs=8)
    assert figures["f1"] > 0.9
    reader = SpanReader(tmp_path / "reader", packaged_folder())
    asked = EXAMPLES[3]
    (found,) = reader.read(asked.question, [asked.passage])
    assert found is not None
    assert asked.passage[found.start : found.end] == asked.text


def test_a_run_begins_where_another_ended(tmp_path: Path) -> None:
    train(tmp_path / "first", epochs=4)

    def begin(out: str, rank: int) -> None:
        still = ReaderTraining(rank=rank, alpha=8, lr=0.0, warmup=0, epochs=1, tokens=160)
        train_reader(
            packaged_folder(), DEFAULT_ENCODER, EXAMPLES, EXAMPLES, tmp_path / out, still, {},
            trained_before=tmp_path / "first",
        )  # fmt: skip

    begin("second", rank=8)
    one, other = (load_file(tmp_path / run / TENSORS) for run in ("first", "second"))
    torch.testing.assert_close(one, other, rtol=0, atol=0)
    record = json.loads((tmp_path / "second" / CONFIG).read_text())["options"]["trained_before"]
    assert record["sha256"] == file_digest(tmp_path / "first" / TENSORS)
    with pytest.raises(ModelUnavailable, match=r"rank 8.*rank 4.*--rank 8"):
        begin("third", rank=4)


def test_a_broken_gradient_never_reaches_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loss of 0 is a number; the gradient of its root there is none."""
    loss_of = training.span_loss
    monkeypatch.setattr(training, "span_loss", lambda *given: (loss_of(*given) * 0).sqrt())
    with pytest.raises(LossNotFinite, match=r"of step 1 is 0\.0, its gradient nan") as refused:
        train(tmp_path, epochs=1)
    assert "another --out" in refused.value.remedy
    assert not (tmp_path / TENSORS).exists()


def test_less_than_a_step_of_an_epoch_is_one_step(tmp_path: Path) -> None:
    train(tmp_path, epochs=0.01)
    assert [row["step"] for row in read_log(tmp_path) if "loss" in row] == [1]


def test_a_reader_needs_examples(tmp_path: Path) -> None:
    with pytest.raises(EmptySplit):
        train_reader(
            packaged_folder(), DEFAULT_ENCODER, [], EXAMPLES, tmp_path, ReaderTraining(), {}
        )
