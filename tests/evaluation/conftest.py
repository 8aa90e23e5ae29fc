"""Where the evaluation tests find real data."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The shared data folder; the test skips, visibly, where there is none."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("LECTERN_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no data folder at {folder} (set LECTERN_DATA)")
    return folder
