"""The shape of a T5 1.1, and how many weights follow from it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from chatbot.engines.factory import ALIASES, find_model
from ingestion.errors import LecternError

_BUCKETS = 32
"""Rows of a table of relative positions."""


@dataclass(frozen=True, slots=True)
class T5Shape:
    """A gated T5 with an output matrix of its own. `layers` of the encoder and as many of the
    decoder; `inner` is heads times the width of a head.
    """

    d: int
    ff: int
    layers: int
    heads: int
    head_width: int
    vocabulary: int = 32_128

    @property
    def inner(self) -> int:
        return self.heads * self.head_width

    @property
    def attention(self) -> int:
        """Weights of one attention: query, key, value and output."""
        return 4 * self.d * self.inner

    @property
    def feed_forward(self) -> int:
        """Weights of one gated feed-forward layer."""
        return 3 * self.d * self.ff

    @property
    def encoder_linear(self) -> int:
        return self.layers * (self.attention + self.feed_forward)

    @property
    def decoder_linear(self) -> int:
        return self.layers * (2 * self.attention + self.feed_forward)

    @property
    def table(self) -> int:
        """Weights of the embeddings; the output matrix has as many."""
        return self.vocabulary * self.d

    @property
    def linear(self) -> int:
        """Weights of all matrices but the embeddings, the output matrix included."""
        return self.encoder_linear + self.decoder_linear + self.table

    @property
    def parameters(self) -> int:
        norms = self.layers * (2 + 3) * self.d + 2 * self.d
        return self.table + self.linear + norms + 2 * _BUCKETS * self.heads

    def lora(self, rank: int) -> int:
        """Weights of an adapter of `rank` on all linear layers but the output matrix."""
        attention, feed_forward = 4 * (self.d + self.inner), 3 * (self.d + self.ff)
        return rank * self.layers * (3 * attention + 2 * feed_forward)


FLAN_T5 = {
    "flan-t5-small": T5Shape(512, 1024, 8, 6, 64),
    "flan-t5-base": T5Shape(768, 2048, 12, 12, 64),
    "flan-t5-large": T5Shape(1024, 2816, 24, 16, 64),
    "flan-t5-xl": T5Shape(2048, 5120, 24, 32, 64),
    "flan-t5-xxl": T5Shape(4096, 10_240, 24, 64, 64),
}


def shape_of(name: str) -> T5Shape:
    """The shape of a FLAN-T5 by its name, or of a T5 in a folder or the hub's cache.

    Raises `LecternError` for a model that is no gated T5.
    """
    short = name.removeprefix("google/")
    if short in FLAN_T5 and not Path(name).is_dir():
        return FLAN_T5[short]
    _, folder = find_model(ALIASES.get(name, name))
    return read_shape(folder)


def read_shape(folder: Path) -> T5Shape:
    """From `config.json`. Raises `LecternError`."""
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        if "gated" not in config.get("feed_forward_proj", ""):
            raise ValueError("its feed-forward layers are not gated")
        if config.get("num_decoder_layers", config["num_layers"]) != config["num_layers"]:
            raise ValueError("its encoder and decoder differ in depth")
        return T5Shape(
            config["d_model"],
            config["d_ff"],
            config["num_layers"],
            config["num_heads"],
            config["d_kv"],
            config["vocab_size"],
        )
    except (OSError, KeyError, ValueError) as error:
        raise LecternError(
            f"{path} does not describe a T5 1.1 ({error}).",
            f"Name one of {', '.join(FLAN_T5)}, or a folder with a FLAN-T5.",
        ) from error
