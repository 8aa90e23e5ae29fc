"""Where real course files lie, for tests marked `data`."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    default = Path(__file__).parents[3].parent / "shared" / "data"
    root = Path(os.environ.get("LECTERN_DATA", default))
    if not (root / "courses").is_dir():
        pytest.skip(f"no data at {root}; set LECTERN_DATA")
    return root
