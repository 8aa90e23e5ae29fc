"""What a figure was measured with is known: any change of the code is another code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from evaluation.provenance import provenance, sources_hash


def test_a_changed_renamed_or_added_source_changes_the_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "measured_package"
    (package / "deep").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    module = package / "deep" / "a.py"
    module.write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    hashes = [sources_hash("measured_package")]
    assert sources_hash("measured_package") == hashes[0]

    module.write_text("x = 2\n")
    hashes.append(sources_hash("measured_package"))
    module.rename(package / "deep" / "b.py")
    hashes.append(sources_hash("measured_package"))
    (package / "c.py").write_text("")
    hashes.append(sources_hash("measured_package"))

    assert len(set(hashes)) == len(hashes)
    assert "measured_package" not in sys.modules, "nothing is run"


def test_the_machine_and_the_versions_are_recorded() -> None:
    found = provenance()

    assert found["versions"]["numpy"]
    assert found["machine"]["cores"] >= 1
    assert found["date"].endswith("+00:00")
