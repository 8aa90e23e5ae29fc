"""No GPL or AGPL, and nothing unexamined, among what `pip install .` brings."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PERMISSIVE = re.compile(
    r"\b(?:MIT(?:-CMU)?|0?BSD|Apache|ISC|PSF|Python Software Foundation|Zlib|CC0|BSL-1\.0)\b",
    re.I,
)
COPYLEFT = re.compile(
    r"GPL|General Public|MPL|Mozilla|EUPL|CDDL|SSPL|CC-BY-(?:SA|NC)|Proprietary", re.I
)
GPL = re.compile(r"\bA?GPL|(?<!Lesser )General Public", re.I)

JUDGED = {
    "certifi": "MPL-2.0: a file of certificates, used unchanged",
    "orjson": "MPL-2.0 in part: used unchanged",
    "tqdm": "MPL-2.0 in part: used unchanged",
}
"""Weak copyleft by file: it binds changes to those files, which Lectern does not change."""

CUDA = ("nvidia-", "cuda-")
"""What a CUDA build of torch brings; redistributable, and absent from a CPU build."""


def installed(name: str) -> dict[str, Distribution]:
    """The distribution and everything it requires here, without extras nobody asked for."""
    found: dict[str, Distribution] = {}
    waiting: list[tuple[str, frozenset[str]]] = [(name, frozenset())]
    seen = set(waiting)
    while waiting:
        current, extras = waiting.pop()
        try:
            package = distribution(current)
        except PackageNotFoundError:
            continue
        found[canonicalize_name(current)] = package
        for line in package.requires or ():
            need = Requirement(line)
            if need.marker is None or any(
                need.marker.evaluate({"extra": extra}) for extra in extras | {""}
            ):
                step = (canonicalize_name(need.name), frozenset(need.extras))
                if step not in seen:
                    seen.add(step)
                    waiting.append(step)
    return found


def licence(package: Distribution) -> str:
    """What the package's metadata say of its licence."""
    about = package.metadata
    said = about.get_all("License-Expression") or [
        line.rsplit("::", 1)[-1].strip()
        for line in about.get_all("Classifier", [])
        if line.startswith("License ::") and not line.endswith("OSI Approved")
    ]
    # Some put the whole text into this field; its first line names it.
    return "; ".join(said) or (about.get("License") or "").strip().partition("\n")[0]


def test_everything_the_install_brings_has_a_licence_that_was_looked_at() -> None:
    packages = installed("lectern")
    assert len(packages) > 80, "the walk over the requirements found too little"
    doubtful = {
        name: licence(package) or "none stated"
        for name, package in packages.items()
        if not name.startswith(CUDA)
        and name not in JUDGED
        and (COPYLEFT.search(licence(package)) or not PERMISSIVE.search(licence(package)))
    }
    assert not doubtful


def test_no_judgement_excuses_the_gpl_and_none_is_left_over() -> None:
    packages = installed("lectern")
    assert not {n: licence(p) for n, p in packages.items() if GPL.search(licence(p))}
    assert set(JUDGED) <= set(packages)
    needless = [name for name in JUDGED if not COPYLEFT.search(licence(packages[name]))]
    assert not needless, "these have no copyleft licence any more"


@pytest.mark.parametrize(
    ("said", "gpl"),
    [
        ("AGPL-3.0-or-later", True),
        ("GPL-2.0-only", True),
        ("GNU General Public License v3 (GPLv3)", True),
        ("GNU Affero General Public License v3", True),
        ("LGPL-2.1-or-later", False),
        ("GNU Lesser General Public License v3", False),
        ("MPL-2.0", False),
    ],
)
def test_the_gpl_is_recognized(said: str, gpl: bool) -> None:
    assert bool(GPL.search(said)) is gpl
    assert COPYLEFT.search(said)
