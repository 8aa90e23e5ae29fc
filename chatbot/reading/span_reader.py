"""A reader: the packaged encoder over question and passage, with a head that marks a span.

Devlin et al. 2019, §4.3: two scores a token, for "the answer starts here" and "ends here"; the
[CLS] token stands for "not in this passage". A span's score is its start's plus its end's, less
those of [CLS]: log-odds of this span against no answer, and so comparable from passage to passage.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch.nn.functional import linear

from chatbot.reading.features import Featurizer, Window
from chatbot.reading.spans import Part, Span
from ingestion.encoders.bert_forward import BertShape, pad, token_states
from ingestion.encoders.factory import packaged_folder
from ingestion.encoders.lora import TENSORS, AdaptedEncoder, load_adapted
from ingestion.encoders.precision import resolve_precision
from ingestion.errors import ModelUnavailable
from ingestion.hashing import file_digest
from ingestion.packaged import model_folder

TASK = "reader"
LONGEST = 48
"""Tokens of an answer at most."""

_TOKENS_PER_BATCH = 2048


class SpanReader:
    """Reads passages by an adapter in `folder` on the encoder in `base`.

    Raises `ModelUnavailable` when the adapter is missing, damaged, no reader's, or made for another
    encoder.
    """

    def __init__(self, folder: Path, base: Path, *, dtype: torch.dtype = torch.float32) -> None:
        self._model: AdaptedEncoder = load_adapted(folder, base, dtype=dtype)
        if self._model.config.task != TASK:
            raise ModelUnavailable(
                f"{folder} holds a model for {self._model.config.task}, not a reader.",
                "Give lectern-reader, or a folder that `lectern train reader` has written.",
            )
        self.signature = file_digest(folder / TENSORS)[:16]
        self._featurizer = Featurizer(base)

    def read(self, question: str, passages: Sequence[str]) -> list[Span | None]:
        """The best span of each passage, None where a passage holds no token."""
        whole = [[(0, len(passage))] for passage in passages]
        return [span for (span,) in self.within(question, passages, whole)]

    def within(
        self, question: str, passages: Sequence[str], parts: Sequence[Sequence[Part]]
    ) -> list[list[Span | None]]:
        """See `chatbot.reading.spans.Reader`."""
        best: list[list[Span | None]] = [[None] * len(wanted) for wanted in parts]
        for number, window, scores in self._scored(question, passages):
            for place, part in enumerate(parts[number]):
                first, last = tokens_of(part, window)
                if first == last:
                    continue
                start, end, score = best_span(scores, window, first, last)
                held = best[number][place]
                if held is None or score > held.score:
                    offsets = window.offsets
                    best[number][place] = Span(number, offsets[start][0], offsets[end][1], score)
        return best

    def _scored(
        self, question: str, passages: Sequence[str]
    ) -> Iterator[tuple[int, Window, torch.Tensor]]:
        """(number of the passage, window, its logits) of every window, the longest first."""
        asked, *texts = self._featurizer.encode([question, *passages])
        windows = [
            (number, window)
            for number, text in enumerate(texts)
            if text.ids
            for window in self._featurizer.windows(asked, text)
        ]
        order = sorted(range(len(windows)), key=lambda i: -len(windows[i][1].ids))
        for batch in _batches(order, [len(window.ids) for _, window in windows]):
            logits = self._logits([windows[i][1] for i in batch])
            for i, scores in zip(batch, logits, strict=True):
                yield *windows[i], scores

    def _logits(self, windows: Sequence[Window]) -> torch.Tensor:
        with torch.inference_mode():
            model = self._model
            return span_logits(model.weights, model.shape, model.head, windows).float()


def load_reader(name: str) -> SpanReader:
    """The packaged reader called `name`, or the one in a folder, in the encoder's own precision.

    Raises `ModelUnavailable`.
    """
    dtype = torch.bfloat16 if resolve_precision("auto") == "bf16" else torch.float32
    return SpanReader(model_folder(name), packaged_folder(), dtype=dtype)


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


def tokens_of(part: Part, window: Window) -> tuple[int, int]:
    """First and last + 1 of the window's passage tokens that lie wholly in the part."""
    start, end = part
    first = bisect_left(window.offsets, start, key=lambda place: place[0])
    last = bisect_right(window.offsets, end, key=lambda place: place[1])
    return first, max(first, last)


def best_span(
    logits: torch.Tensor, window: Window, first: int = 0, last: int | None = None
) -> tuple[int, int, float]:
    """First and last token, and the score, of the best span in the window's passage, or among its
    tokens `first:last`, which are at least one.

    `logits`: (width, 2), of this window alone or padded.
    """
    silence = logits[0, 0] + logits[0, 1]
    stop = len(window.offsets) if last is None else last
    part = logits[window.first + first : window.first + stop]
    scores = part[:, 0, None] + part[None, :, 1]
    allowed = torch.ones_like(scores, dtype=torch.bool).triu().tril(LONGEST - 1)
    scores = scores.masked_fill(~allowed, -torch.inf)
    start, end = divmod(int(scores.argmax()), stop - first)
    return first + start, first + end, float(scores[start, end] - silence)


def _batches(order: Sequence[int], lengths: Sequence[int]) -> list[list[int]]:
    """Indices, longest first, in batches of so many padded tokens."""
    found: list[list[int]] = []
    begin = 0
    while begin < len(order):
        rows = max(1, _TOKENS_PER_BATCH // lengths[order[begin]])
        found.append(list(order[begin : begin + rows]))
        begin += rows
    return found
