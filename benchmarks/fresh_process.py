"""Programs run as a user runs them: a process of their own, timed from start to exit."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
PYTHON = sys.executable
LECTERN = str(Path(PYTHON).parent / "lectern")


def timed(command: list[str], folder: Path) -> tuple[str, float]:
    """Standard output and seconds of a process run in `folder`, away from anyone's settings.

    Raises `CalledProcessError` when it fails.
    """
    start = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout, time.perf_counter() - start
