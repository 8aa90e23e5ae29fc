"""Tiny T5 models, made once a session, and the packaged sentence encoder."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_t5
import torch

from chatbot.engines.flan_t5 import FlanT5Engine
from ingestion.encoders.base import Encoder
from ingestion.encoders.factory import load_encoder
from ingestion.pipeline import ingest

# Models this small run faster on one thread, and several test workers share the cores.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def random_t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a T5 of random weights."""
    return tiny_t5.build(tmp_path_factory.mktemp("models") / "tiny-t5")


@pytest.fixture(scope="session")
def sorting_t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a T5 that sorts the words after "sort:"."""
    return tiny_t5.teach(tmp_path_factory.mktemp("models") / "sorting-t5")


@pytest.fixture(scope="session")
def sorting_engine(sorting_t5: Path) -> FlanT5Engine:
    return FlanT5Engine.load(sorting_t5, name="sorting-t5", device="cpu")


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return load_encoder()


@pytest.fixture(scope="session")
def sample_course() -> Path:
    """The course in examples/: a document for each format."""
    return Path(__file__).resolve().parents[2] / "examples" / "course"


@pytest.fixture(scope="session")
def course_index(sample_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the sample course, made by the packaged encoder. To be read, not changed."""
    folder = tmp_path_factory.mktemp("course") / "index"
    report = ingest([sample_course], folder)
    assert report.new == 11
    assert not report.failed
    return folder
