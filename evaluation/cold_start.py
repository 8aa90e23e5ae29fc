"""Cold start: a question asked of a process that was not there before.

The files it reads are in the page cache from the second time on, so the first run is not counted.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ingestion.errors import LecternError


@dataclass(frozen=True, slots=True)
class ColdStart:
    """Seconds to the first word on the screen and to the exit; the most memory held, in MB."""

    first_word: float
    exit: float
    peak_memory_mb: float


def cold_starts(question: str, options: list[str], runs: int) -> list[ColdStart]:
    """`lectern ask QUESTION OPTIONS…` as often as that, each time in a new process.

    Raises `LecternError` with what the process said when it fails.
    """
    return [_ask(question, options) for _ in range(runs + 1)][1:]


def _ask(question: str, options: list[str]) -> ColdStart:
    with tempfile.TemporaryDirectory() as folder:
        peak, complaints = Path(folder) / "peak", Path(folder) / "stderr"
        command = [sys.executable, "-m", "evaluation.fresh_process", str(peak)]
        here = str(Path(__file__).parents[1])
        found = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
        start = time.perf_counter()
        with (
            complaints.open("wb") as errors,
            subprocess.Popen(
                [*command, "ask", *options, "--", question],
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, "PYTHONPATH": found},
            ) as process,
        ):
            assert process.stdout is not None
            process.stdout.read(1)
            first_word = time.perf_counter() - start
            process.stdout.read()
        seconds = time.perf_counter() - start
        if process.returncode:
            said = complaints.read_text(encoding="utf-8", errors="replace").strip()
            raise LecternError(
                f"`lectern ask {' '.join(options)}` ended with exit code {process.returncode}: "
                f"{said[-500:]}",
                "Ask that question by hand; --cold 0 leaves the cold start out.",
            )
        return ColdStart(first_word, seconds, float(peak.read_text(encoding="utf-8")))
