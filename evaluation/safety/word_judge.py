"""A judge of toxicity by words: logistic regression over hashed n-grams.

Features are the text's stemmed words, pairs of neighbouring words, and the runs of three to five
letters within words (which see through `f*ck` and `stupiiid`), each once, hashed into 2^16 places
(Weinberger et al. 2009) and scaled to unit length. It reads no meaning: an insult without a rude
word passes, and so does irony. `benchmarks/train_word_judge.py` trains one in seconds.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.special import expit

from chatbot.judging.cleaning import CLEANING, clean
from evaluation.bootstrap import Floats
from evaluation.judge import WORDS_CONFIG, WORDS_TENSORS, weights_identity
from ingestion.errors import ModelUnavailable
from ingestion.words import Stemmed

PLACES = 2**16
FORMAT = 1
PENALTY = 3e-6
"""Weight of the squared weights against the mean loss: best on Davidson's development tweets."""
STEPS = 200


class WordJudge:
    """Implements `evaluation.judge.Judge`. `weights`: (PLACES,), beside them the bias."""

    def __init__(self, name: str, identity: str, weights: Floats, bias: float) -> None:
        self.name = name
        self.identity = identity
        self._weights = weights
        self._bias = bias

    def scores(self, texts: Sequence[str]) -> list[float]:
        logits = features(texts) @ self._weights + self._bias
        return [float(p) for p in expit(logits)]


def features(texts: Sequence[str]) -> csr_matrix:
    """(len(texts), PLACES), rows of unit length; a text without a word is a row of zeros."""
    stemmed = Stemmed()
    starts, places, values = [0], [], []
    for text in texts:
        found = sorted(
            {zlib.crc32(gram.encode()) % PLACES for gram in _grams(clean(text), stemmed)}
        )
        places += found
        values += [len(found) ** -0.5] * len(found) if found else []
        starts.append(len(places))
    return csr_matrix((values, places, starts), shape=(len(texts), PLACES))


def _grams(text: str, stemmed: Stemmed) -> Iterator[str]:
    # Stop words stay in the pairs: "you are" is half of an insult.
    plain = text.split()
    yield from stemmed.of(text)
    yield from (f"{first} {second}" for first, second in pairwise(plain))
    for word in plain:
        edged = f"_{word}_"
        for n in (3, 4, 5):
            yield from (f"#{edged[i : i + n]}" for i in range(len(edged) - n + 1))


def fit(texts: Sequence[str], toxic: Sequence[bool]) -> tuple[Floats, float]:
    """Weights and bias that minimize the penalized cross entropy.

    Both classes weigh the same, lest the share of toxic texts in the collection (four fifths of
    Davidson's tweets) goes for every text. Deterministic. Raises `ValueError` where a class is
    missing.
    """
    x, y = features(texts), np.asarray(toxic, np.float64)
    if not 0 < y.sum() < y.size:
        raise ValueError("texts of both classes are needed")
    balance = np.where(y > 0, 0.5 / y.sum(), 0.5 / (y.size - y.sum()))

    def loss(parameters: Floats) -> tuple[float, Floats]:
        weights, bias = parameters[:-1], parameters[-1]
        logits = x @ weights + bias
        value = float(balance @ (np.logaddexp(0, logits) - y * logits))
        error = balance * (expit(logits) - y)
        gradient = np.append(x.T @ error + 2 * PENALTY * weights, error.sum())
        return value + PENALTY * float(weights @ weights), gradient

    start = np.zeros(PLACES + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    return np.asarray(found[:-1]), float(found[-1])


def save(folder: Path, name: str, weights: Floats, bias: float) -> None:
    """Write `words.safetensors` (float16, 128 kB), then `words.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, NDArray[Any]] = {
        "weights": weights.astype(np.float16),
        "bias": np.array([bias], np.float32),
    }
    save_file(tensors, folder / WORDS_TENSORS)
    described = {"name": name, "format": FORMAT, "cleaning": CLEANING, "places": PLACES}
    (folder / WORDS_CONFIG).write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")


def load_word_judge(folder: Path) -> WordJudge:
    """Raises `ModelUnavailable` for damaged files and for those of another version."""
    try:
        described = json.loads((folder / WORDS_CONFIG).read_text(encoding="utf-8"))
        tensors = load_file(folder / WORDS_TENSORS)
        weights, bias = tensors["weights"].astype(np.float64), float(tensors["bias"][0])
        made = described["name"], described["format"], described["cleaning"], weights.shape
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise ModelUnavailable(
            f"The judge in {folder} cannot be read ({error!r}).", "Train it again."
        ) from error
    if made[1:] != (FORMAT, CLEANING, (PLACES,)):
        raise ModelUnavailable(
            f"The judge in {folder} was made by another version of Lectern.", "Train it again."
        )
    return WordJudge(str(described["name"]), weights_identity(folder), weights, bias)
