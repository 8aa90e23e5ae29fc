"""SRT and WebVTT: cues become sentences, each with the time at which it is spoken."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from ingestion.errors import UnreadableDocument
from ingestion.locator import Locator
from ingestion.readers.base import Document
from ingestion.readers.encoding import decode_file
from ingestion.readers.outline import Outline, tidy
from ingestion.sentences import split_sentences

_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<\d[\d:.]*>|\{\\[^}]*\}")
_SOUND = re.compile(r"^(?:[-–>\s]*(?:\([^)]*\)|\[[^\]]*\]|[♪♫][^♪♫]*[♪♫]?))+\s*$")
_SPEAKER_DASH = re.compile(r"^(?:[-–—]|>>)\s+")
_PAUSE = 4.0
"""Seconds of silence that end a sentence without a full stop."""
_LONGEST = 400
"""Characters after which speech without full stops is parted at the next cue."""


@dataclass(frozen=True, slots=True)
class Cue:
    start: float
    end: float
    lines: tuple[str, ...]


class SubtitleReader:
    """Times are whole seconds from the start; sound descriptions alone in a cue are left out."""

    format = "subtitles"
    suffixes = (".srt", ".vtt")

    def read(self, path: Path) -> Document:
        text = decode_file(path)
        cues = _vtt(text, path) if path.suffix.lower() == ".vtt" else _srt(text)
        outline = Outline()
        for run in _runs(_spoken(sorted(cues, key=lambda cue: cue.start))):
            _add_sentences(outline, run)
        if not outline.blocks:
            raise UnreadableDocument(
                f"{path.name} holds no subtitles.", "Check that it is a complete SRT or VTT file."
            )
        return Document(path.stem, outline.blocks)


def _srt(text: str) -> list[Cue]:
    import srt

    return [
        Cue(s.start.total_seconds(), s.end.total_seconds(), _lines(s.content))
        for s in srt.parse(text, ignore_errors=True)
    ]


def _vtt(text: str, path: Path) -> list[Cue]:
    import webvtt

    try:
        captions = webvtt.from_string(text).captions
    except webvtt.errors.MalformedFileError as error:
        raise UnreadableDocument(
            f"{path.name} is not WebVTT ({error}).", "Its first line must be 'WEBVTT'."
        ) from error
    return [Cue(_seconds(c.start), _seconds(c.end), _lines(c.raw_text)) for c in captions]


def _seconds(stamp: str) -> float:
    """`hh:mm:ss.mmm` or `mm:ss.mmm`"""
    total = 0.0
    for part in stamp.split(":"):
        total = 60 * total + float(part)
    return total


def _lines(content: str) -> tuple[str, ...]:
    plain = (tidy(unescape(_TAG.sub("", line))) for line in content.split("\n"))
    return tuple(line for line in plain if line)


def _spoken(cues: list[Cue]) -> Iterator[tuple[Cue, str]]:
    """Each cue with the words it adds: rolling captions repeat the lines of the cue before."""
    shown: tuple[str, ...] = ()
    for cue in cues:
        lines = cue.lines
        for kept in range(min(len(shown), len(lines)), 0, -1):
            if shown[-kept:] == lines[:kept]:
                lines = lines[kept:]
                break
        else:
            if lines and shown and lines[0].startswith(shown[-1] + " "):
                lines = (lines[0][len(shown[-1]) :], *lines[1:])
        shown = cue.lines or shown
        text = " ".join(_SPEAKER_DASH.sub("", line.strip()) for line in lines)
        if text and not _SOUND.match(text):
            yield cue, text


def _runs(spoken: Iterator[tuple[Cue, str]]) -> Iterator[list[tuple[Cue, str]]]:
    """Cues without a long pause between them, parted where speech has no full stops."""
    run: list[tuple[Cue, str]] = []
    unended = 0
    for cue, text in spoken:
        pause = bool(run) and cue.start - run[-1][0].end > _PAUSE
        if run and (pause or unended > _LONGEST):
            yield run
            run, unended = [], 0
        run.append((cue, text))
        unended = 0 if re.search(r"[.!?…]", text) else unended + len(text)
    if run:
        yield run


def _add_sentences(outline: Outline, run: list[tuple[Cue, str]]) -> None:
    starts, whole = [], ""
    for _, text in run:
        whole += " " if whole else ""
        starts.append(len(whole))
        whole += text
    for start, end in split_sentences(whole):
        first = run[bisect_right(starts, start) - 1][0]
        last = run[bisect_right(starts, end - 1) - 1][0]
        outline.place = Locator.number("time", int(first.start), int(max(last.end, first.start)))
        outline.add(whole[start:end])
