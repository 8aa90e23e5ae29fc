"""The encoder in plain torch gives sentence-transformers' vectors; others load by folder."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ingestion import hub
from ingestion.encoders import factory
from ingestion.encoders.bert import BertEncoder, unsupported
from ingestion.encoders.factory import load_encoder, packaged_folder
from ingestion.encoders.sentence_transformer import SentenceTransformerEncoder
from ingestion.errors import ModelUnavailable

TEXTS = ["", "What is LoRA?", "Low-rank adaptation trains two small matrices. " * 20, "naïve café"]


@pytest.fixture(scope="module")
def exact() -> BertEncoder:
    return BertEncoder(packaged_folder(), "minilm", "fp32")


def test_vectors_equal_sentence_transformers(exact: BertEncoder) -> None:
    reference = SentenceTransformerEncoder(packaged_folder(), "minilm", "fp32")
    np.testing.assert_allclose(exact.encode(TEXTS), reference.encode(TEXTS), atol=2e-6)
    assert exact.count_tokens(TEXTS) == reference.count_tokens(TEXTS)
    assert (exact.window, exact.dimension) == (reference.window, reference.dimension) == (256, 384)


def test_bfloat16_stays_near(exact: BertEncoder) -> None:
    rough = BertEncoder(packaged_folder(), "minilm", "bf16")
    cosines = (exact.encode(TEXTS) * rough.encode(TEXTS)).sum(axis=1)
    assert cosines.min() > 0.999
    assert rough.signature == exact.signature, "precision does not make another index"


def test_order_and_progress(exact: BertEncoder) -> None:
    steps: list[int] = []
    together = exact.encode(TEXTS, steps.append)
    alone = np.concatenate([exact.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert sum(steps) == len(TEXTS)


def test_text_beyond_the_window_is_cut_like_the_reference_does(exact: BertEncoder) -> None:
    reference = SentenceTransformerEncoder(packaged_folder(), "minilm", "fp32")
    long = ["attention " * 600]
    np.testing.assert_allclose(exact.encode(long), reference.encode(long), atol=2e-6)


def test_importing_and_encoding_loads_neither_transformers_nor_peft() -> None:
    program = (
        "import sys; from ingestion.encoders.factory import load_encoder; "
        "load_encoder().encode(['hello']); "
        "print([m for m in ('transformers', 'sentence_transformers', 'peft') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"


def test_a_model_of_another_shape_goes_to_sentence_transformers(tmp_path: Path) -> None:
    folder = tmp_path / "max-pooled"
    shutil.copytree(packaged_folder(), folder)
    pooling = folder / "1_Pooling" / "config.json"
    settings = json.loads(pooling.read_text())
    settings.update(pooling_mode_mean_tokens=False, pooling_mode_max_tokens=True)
    pooling.write_text(json.dumps(settings))
    assert unsupported(folder) == "its pooling is not the mean"
    encoder = load_encoder(str(folder))
    assert isinstance(encoder, SentenceTransformerEncoder)
    assert encoder.encode(["hello"]).shape == (1, 384)


def test_damaged_packaged_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factory, "_PACKAGED_WEIGHTS", "0" * 64)
    with pytest.raises(ModelUnavailable, match=r"model\.safetensors"):
        load_encoder()


def test_an_unknown_model_is_refused_quickly_when_the_hub_is_silent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A listener that never answers and a name look-up that hangs must not hang us."""
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)

    def hang(*args: object, **kwargs: object) -> None:
        time.sleep(30)
        raise OSError("as a connection ends that nobody answers")

    monkeypatch.setattr(socket, "create_connection", hang)
    monkeypatch.setattr(hub, "_CONNECT_SECONDS", 0.1)
    hub.hub_reachable.cache_clear()
    start = time.monotonic()
    with pytest.raises(ModelUnavailable, match="nobody/nothing"):
        load_encoder("nobody/nothing")
    hub.hub_reachable.cache_clear()
    assert time.monotonic() - start < 15


def test_a_relative_folder_is_remembered_by_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model").symlink_to(packaged_folder())
    monkeypatch.chdir(tmp_path)
    assert load_encoder("model").name == str(packaged_folder().resolve())
