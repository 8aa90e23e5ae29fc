"""Judges: what loads from a folder, what it says, and that none judges what it rewarded."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

from chatbot.judging.cleaning import CLEANING
from chatbot.judging.reward_model import RewardModel
from evaluation.judge import (
    load_judge,
    record_reward,
    recorded_reward,
    refuse_the_reward,
    weights_identity,
)
from evaluation.safety.sequence_judge import SequenceJudge, toxic_labels
from evaluation.safety.word_judge import PENALTY, WordJudge, features, fit, save
from ingestion.encoders.factory import DEFAULT_ENCODER, packaged_folder
from ingestion.encoders.lora import AdapterConfig, base_digest, save_adapter
from ingestion.errors import LecternError, ModelUnavailable

RUDE = ["you are a stupid idiot", "shut up you moron", "what a stupid moron", "idiots everywhere"]
KIND = ["you are a good friend", "thank you so much", "what a lovely day", "friends everywhere"]


@pytest.fixture
def words(tmp_path: Path) -> Path:
    weights, bias = fit(RUDE + KIND, [True] * 4 + [False] * 4)
    save(tmp_path / "words", "rude-words", weights, bias)
    return tmp_path / "words"


@pytest.fixture
def classifier(tmp_path: Path) -> Path:
    """A BERT of random weights whose second label is the toxic one."""
    folder = tmp_path / "hate-bert"
    folder.mkdir()
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "day"]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
        id2label={0: "nothate", 1: "hate"},
        label2id={"nothate": 0, "hate": 1},
        initializer_range=1.0,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizer(str(folder / "vocab.txt"), model_max_length=32).save_pretrained(folder)
    return folder


def test_a_judge_by_words_learns_saves_and_loads(words: Path) -> None:
    judge = load_judge(words)
    assert judge.name == "rude-words"
    rude, kind, obscured = judge.scores(["Stupid!", "a good friend", "stupiiid id1ot"])
    assert rude > 0.6 > 0.4 > kind
    assert obscured > kind
    weights, bias = fit(RUDE + KIND, [True] * 4 + [False] * 4)
    exact = WordJudge("", "", weights, bias).scores(RUDE + KIND)
    assert judge.scores(RUDE + KIND) == pytest.approx(exact, abs=2e-3)  # kept in float16
    assert judge.scores([]) == []


def test_the_weights_are_where_the_loss_is_least(words: Path) -> None:
    """The gradient of the penalized, balanced cross entropy vanishes there."""
    toxic = np.array([True] * 4 + [False] * 4)
    weights, bias = fit(RUDE + KIND, list(toxic))
    x = features(RUDE + KIND)
    error = (1 / (1 + np.exp(-(x @ weights + bias))) - toxic) / 8
    assert np.abs(x.T @ error + 2 * PENALTY * weights).max() < 1e-4
    assert abs(error.sum()) < 1e-4


def test_features_are_hashed_alike_everywhere_and_of_unit_length() -> None:
    found = features(["Bad  day", "bad day", ""])
    assert (found[0] != found[1]).nnz == 0
    assert found[0].power(2).sum() == pytest.approx(1)
    assert found[2].nnz == 0
    assert found[0].indices.max() < 2**16


def test_one_class_alone_teaches_nothing() -> None:
    with pytest.raises(ValueError, match="both classes"):
        fit(RUDE, [True] * 4)


def test_damaged_or_foreign_weights_are_refused(words: Path) -> None:
    (words / "words.safetensors").write_bytes(b"damaged")
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        load_judge(words)
    save_file({"weights": np.zeros(8), "bias": np.zeros(1)}, words / "words.safetensors")
    with pytest.raises(ModelUnavailable, match="another version"):
        load_judge(words)


def test_a_classifier_in_the_transformers_layout(classifier: Path) -> None:
    judge = load_judge(classifier)
    assert isinstance(judge, SequenceJudge)
    texts = ["good day", "bad bad day", "good"]
    model = BertForSequenceClassification.from_pretrained(classifier).eval()
    tokenizer = BertTokenizer.from_pretrained(classifier)
    with torch.no_grad():
        expected = [
            model(**tokenizer(text, return_tensors="pt")).logits.softmax(-1)[0, 1].item()
            for text in texts
        ]
    assert judge.scores(texts) == pytest.approx(expected, abs=1e-5)
    assert len(set(expected)) == 3


def test_pickled_weights_are_not_read(classifier: Path) -> None:
    (classifier / "model.safetensors").rename(classifier / "pytorch_model.bin")
    with pytest.raises(ModelUnavailable, match=r"no model\.safetensors"):
        load_judge(classifier)


def test_a_model_without_a_head_of_its_own_does_not_judge_by_a_random_one(classifier: Path) -> None:
    path = classifier / "model.safetensors"
    body = {name: w for name, w in load_file(path).items() if not name.startswith("classifier")}
    save_file(body, path, {"format": "pt"})
    with pytest.raises(ModelUnavailable, match=r"cannot be read: it has no weights for classifier"):
        load_judge(classifier)


def test_weights_of_another_size_than_the_configuration_says_are_named(classifier: Path) -> None:
    config = json.loads((classifier / "config.json").read_text())
    (classifier / "config.json").write_text(json.dumps(config | {"intermediate_size": 32}))
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        load_judge(classifier)


def trained_judge(folder: Path, task: str = "toxicity") -> Path:
    """As `lectern train reward` leaves it: no deltas, a head that looks at one dimension."""
    head = {"weight": torch.zeros(1, 2 * 384), "bias": torch.zeros(1)}
    head["weight"][0, 0] = 5.0
    options = {"architecture": "bert", "window": 64, "cleaning": CLEANING, "calibration": [2, -1]}
    config = AdapterConfig(
        task, DEFAULT_ENCODER, base_digest(packaged_folder()), 4, 4.0, (), options
    )
    save_adapter(folder, config, {}, head)
    return folder


def test_a_judge_that_was_trained_here(tmp_path: Path) -> None:
    judge = load_judge(trained_judge(tmp_path / "toxicity"))
    texts = ["you are a stupid idiot", "thank you so much"]
    model = RewardModel(tmp_path / "toxicity")
    expected = 1 / (1 + np.exp(-(2 * np.asarray(model.logits(texts)) - 1)))
    assert judge.scores(texts) == pytest.approx(list(expected), abs=1e-6)
    assert judge.name == "toxicity"
    with pytest.raises(ModelUnavailable, match="judges preference"):
        load_judge(trained_judge(tmp_path / "preference", "preference"))


def test_a_folder_without_a_judge_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="holds no judge"):
        load_judge(tmp_path)


@pytest.mark.parametrize(
    ("names", "toxic"),
    [
        (["nothate", "hate"], [1]),
        (["toxic", "non-toxic"], [0]),
        (["neither", "offensive", "hate speech"], [1, 2]),
        (["score"], [0]),
    ],
)
def test_the_toxic_label_is_found_by_its_name(names: list[str], toxic: list[int]) -> None:
    assert toxic_labels(dict(enumerate(names))) == toxic


def test_labels_that_say_nothing_are_refused() -> None:
    with pytest.raises(ModelUnavailable, match="LABEL_0, LABEL_1: none says"):
        toxic_labels({0: "LABEL_0", 1: "LABEL_1"})


def test_identity_is_of_the_weights_not_of_the_folder(words: Path, tmp_path: Path) -> None:
    copy = words.rename(tmp_path / "renamed")
    tensors = load_file(copy / "words.safetensors")
    before = weights_identity(copy)
    assert load_judge(copy).identity == before
    assert re.fullmatch(r"[0-9a-f]{16}", before)
    save_file({**tensors, "bias": tensors["bias"] + 1}, copy / "words.safetensors")
    assert weights_identity(copy) != before


def test_the_reward_does_not_judge(words: Path, tmp_path: Path) -> None:
    judge = load_judge(words)
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    assert recorded_reward(adapter) == ""
    refuse_the_reward(judge, ["", "0123456789abcdef"])
    record_reward(adapter, f"-1*toxicity:{judge.identity} + 1*length:8-40")
    with pytest.raises(LecternError, match="rewarded by"):
        refuse_the_reward(judge, [recorded_reward(adapter)])
    (adapter / "reward.json").write_text(json.dumps(["?"]))
    with pytest.raises(LecternError, match=r"reward\.json does not say"):
        recorded_reward(adapter)
