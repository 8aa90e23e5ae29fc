"""What all tests share: real data where it lies, no hub, no telemetry."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The shared data folder; the test skips, visibly, where there is none."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("LECTERN_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no data folder at {folder} (set LECTERN_DATA)")
    return folder


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the `lectern.toml` or `.lectern` of whoever runs it."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("LECTERN_")]:
        if name not in ("LECTERN_DATA", "LECTERN_SCREENSHOTS"):
            monkeypatch.delenv(name)
