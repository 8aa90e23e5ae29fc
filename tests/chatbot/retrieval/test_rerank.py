"""Reranking with a real cross-encoder of a few thousand random weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from course_passages import COURSE
from sentence_transformers import CrossEncoder
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

from chatbot.retrieval.rerank import CrossEncoderReranker
from ingestion.errors import ModelUnavailable

QUESTION = "How much memory does LoRA need?"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a cross-encoder: BERT's shape, random weights, letters as vocabulary."""
    folder = tmp_path_factory.mktemp("cross-encoder")
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,-?"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters)]
    (folder / "vocab.txt").write_text("\n".join(pieces))
    tokenizer = BertTokenizerFast(vocab=str(folder / "vocab.txt"), model_max_length=512)
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        num_labels=1,
        initializer_range=0.5,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_passages_come_in_the_order_of_the_models_scores(model: Path) -> None:
    found = CrossEncoderReranker(str(model)).rerank(QUESTION, COURSE)
    raw = CrossEncoder(str(model), local_files_only=True).predict(
        [(QUESTION, p.text) for p in COURSE]
    )
    expected = {p.chunk_id: float(s) for p, s in zip(COURSE, raw, strict=True)}
    assert len(set(expected.values())) == len(COURSE), "the scores must tell the passages apart"
    assert [p.chunk_id for p in found] == sorted(expected, key=lambda i: -expected[i])
    for passage in found:
        assert (
            passage.score == passage.scores["rerank"] == pytest.approx(expected[passage.chunk_id])
        )


def test_nothing_to_rank_is_nothing_ranked(model: Path) -> None:
    assert CrossEncoderReranker(str(model)).rerank(QUESTION, []) == []


@pytest.mark.parametrize("name", ["nobody/no-such-cross-encoder", "no/such/folder/here"])
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(ModelUnavailable, match=name) as caught:
        CrossEncoderReranker(name)
    assert caught.value.remedy


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=tmp_path.name):
        CrossEncoderReranker(str(tmp_path))


def test_pickled_weights_are_not_loaded(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pickled"
    folder.mkdir()
    for file in model.iterdir():
        if file.suffix != ".safetensors":
            (folder / file.name).write_bytes(file.read_bytes())
    weights = BertForSequenceClassification.from_pretrained(model).state_dict()
    torch.save(weights, folder / "pytorch_model.bin")
    with pytest.raises(ModelUnavailable):
        CrossEncoderReranker(str(folder))
