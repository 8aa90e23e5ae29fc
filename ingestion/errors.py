"""The errors a person is meant to read: what happened, to what, and what to do next."""

from __future__ import annotations


class LecternError(Exception):
    """A failure with a remedy. Everything the user can mend is raised as one of these.

    `what` names the file or value and what is wrong with it; `remedy` says what to do next.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what} {remedy}".strip())
        self.what = what
        self.remedy = remedy


class UnreadableDocument(LecternError):
    """A reader found no usable text in a file (broken, empty, locked, scanned, too large…)."""


class IndexProblem(LecternError):
    """The index directory cannot be opened, is locked, or was made by other settings."""


class DamagedIndex(IndexProblem):
    """Files of a committed index are missing or cannot be read; the next ingest makes them anew."""


class ModelUnavailable(LecternError):
    """A model was asked for and cannot be loaded here."""
