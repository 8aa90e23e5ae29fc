"""A reader: the packaged encoder over question and passage, with a head that marks a span.

Devlin et al. 2019, §4.3: two scores a token, for "the answer starts here" and "ends here"; the
[CLS] token stands for "not in this passage". A span's score is its start's plus its end's, less
those of [CLS]: log-odds of this span against no answer, and so comparable from passage to passage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn.functional import linear

from chatbot.reading.features import Featurizer, Window
from ingestion.encoders.bert_forward import BertShape, pad, token_states
from ingestion.encoders.lora import AdaptedEncoder, load_adapted

TASK = "reader"
LONGEST = 48
"""Tokens of an answer at most."""

_TOKENS_PER_BATCH = 4096


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start:end` of passage number `passage`; `score` in log-odds against silence."""

    passage: int
    start: int
    end: int
    score: float


class SpanReader:
    """Reads passages by an adapter in `folder` on the encoder in `base`.

    Raises `ModelUnavailable` when the adapter is missing, damaged or made for another encoder.
    """

    def __init__(self, folder: Path, base: Path, *, dtype: torch.dtype = torch.float32) -> None:
        self._model: AdaptedEncoder = load_adapted(folder, base, dtype=dtype)
        self._featurizer = Featurizer(base)

    def read(self, question: str, passages: Sequence[str]) -> list[Span | None]:
        """The best span of each passage, None where a passage holds no token."""
        asked, *texts = self._featurizer.encode([question, *passages])
        windows = [
            (number, window)
            for number, text in enumerate(texts)
            if text.ids
            for window in self._featurizer.windows(asked, text)
        ]
        best: list[Span | None] = [None] * len(passages)
        order = sorted(range(len(windows)), key=lambda i: -len(windows[i][1].ids))
        for batch in _batches(order, [len(window.ids) for _, window in windows]):
            logits = self._logits([windows[i][1] for i in batch])
            for i, scores in zip(batch, logits, strict=True):
                number, window = windows[i]
                start, end, score = best_span(scores, window)
                held = best[number]
                if held is None or score > held.score:
                    best[number] = Span(
                        number, window.offsets[start][0], window.offsets[end][1], score
                    )
        return best

    def _logits(self, windows: Sequence[Window]) -> torch.Tensor:
        with torch.inference_mode():
            model = self._model
            return span_logits(model.weights, model.shape, model.head, windows).float()


def span_logits(
    weights: dict[str, torch.Tensor],
    shape: BertShape,
    head: dict[str, torch.Tensor],
    windows: Sequence[Window],
    **forward: object,
) -> torch.Tensor:
    """Start and end scores, (windows, longest, 2); padding has whatever comes out."""
    tokens, mask = pad([window.ids for window in windows])
    segments = torch.zeros_like(tokens)
    for row, window in enumerate(windows):
        segments[row, window.first : len(window.ids)] = 1
    states = token_states(weights, shape, tokens, mask, segments=segments, **forward)  # type: ignore[arg-type]
    return linear(states.float(), head["weight"].float(), head["bias"].float())


def best_span(logits: torch.Tensor, window: Window) -> tuple[int, int, float]:
    """First and last token, both in the window's passage, and the score of the best span there.

    `logits`: (width, 2), of this window alone or padded.
    """
    silence = logits[0, 0] + logits[0, 1]
    part = logits[window.first : window.first + len(window.offsets)]
    scores = part[:, 0, None] + part[None, :, 1]
    allowed = torch.ones_like(scores, dtype=torch.bool).triu().tril(LONGEST - 1)
    scores = scores.masked_fill(~allowed, -torch.inf)
    place = int(scores.argmax())
    start, end = divmod(place, len(window.offsets))
    return start, end, float(scores[start, end] - silence)


def _batches(order: Sequence[int], lengths: Sequence[int]) -> list[list[int]]:
    """Indices, longest first, in batches of so many padded tokens."""
    found: list[list[int]] = []
    begin = 0
    while begin < len(order):
        rows = max(1, _TOKENS_PER_BATCH // lengths[order[begin]])
        found.append(list(order[begin : begin + rows]))
        begin += rows
    return found
