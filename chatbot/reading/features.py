"""Question and passage as the reader sees them: `[CLS] question [SEP] passage [SEP]`.

The same function prepares training and reading, so the two cannot drift apart. A passage longer
than the window is read in windows that overlap by `STRIDE` tokens (Devlin et al. 2019, §4.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Encoding, Tokenizer

WINDOW, STRIDE, QUESTION = 384, 128, 64
"""Tokens of one input, of the overlap of two, and of the question at most."""


@dataclass(frozen=True, slots=True)
class Window:
    """One input. Token `first + i` of it is token i of the passage's part that it holds.

    `offsets[i]` are the characters (start, end) of that token in the passage.
    """

    ids: tuple[int, ...]
    first: int
    offsets: tuple[tuple[int, int], ...]

    @property
    def segments(self) -> list[int]:
        return [0] * self.first + [1] * (len(self.ids) - self.first)


class Featurizer:
    """Cuts question and passage into windows, by the tokenizer of the encoder in `folder`."""

    def __init__(self, folder: Path, window: int = WINDOW, stride: int = STRIDE) -> None:
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        # A course on tokenizers says "[CLS]"; in a passage that is a word like any other.
        self._tokenizer.encode_special_tokens = True
        self._start, self._separator = map(self._id, ("[CLS]", "[SEP]"))
        self._window, self._stride = window, stride

    def _id(self, token: str) -> int:
        found = self._tokenizer.token_to_id(token)
        assert found is not None, f"a BERT tokenizer has {token}"
        return int(found)

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        """Tokens without the special ones, to be given to `windows`."""
        found: list[Encoding] = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return found

    def windows(self, question: Encoding, passage: Encoding) -> list[Window]:
        """At least one window; a question of more than `QUESTION` tokens loses its end."""
        head = (self._start, *question.ids[:QUESTION], self._separator)
        room = self._window - len(head) - 1
        found = []
        begin = 0
        while True:
            end = min(begin + room, len(passage.ids))
            ids = (*head, *passage.ids[begin:end], self._separator)
            found.append(Window(ids, len(head), tuple(passage.offsets[begin:end])))
            if end == len(passage.ids):
                return found
            begin = end - self._stride
