"""Two runs over the same examples: the paired difference of each measure, and what moved most.

Examples are paired by id, so what one run did not ask is left out of both. Differences are second
minus first: what changes on the way from the first to the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from evaluation.bootstrap import compare, interval
from evaluation.examples import example_of
from evaluation.measures import headline, is_detail, measure, standing
from evaluation.provenance import provenance
from evaluation.rows import Row
from evaluation.runs import Run, flat_settings, measures_of
from ingestion.errors import LecternError

MOST_MOVED = 20

_FLAG = "unanswerable"
"""Stands among the measures of a row and is none: it says what kind of question was asked."""


@dataclass(frozen=True)
class Pairs:
    """Values of one measure on the same examples; `clusters` are resampled whole."""

    ids: list[str]
    first: list[float]
    second: list[float]
    clusters: list[str]

    def as_json(self, name: str, seed: int) -> dict[str, Any]:
        """Difference with its interval and p; wins are examples on which the second is better."""
        sign = -1.0 if measure(name).less_is_better else 1.0
        changes = [sign * (s - f) for f, s in zip(self.first, self.second, strict=True)]
        return {
            **compare(self.second, self.first, clusters=self.clusters, seed=seed).as_json(),
            "wins": sum(change > 0 for change in changes),
            "ties": sum(change == 0 for change in changes),
            "losses": sum(change < 0 for change in changes),
        }


def compare_runs(
    first: Run,
    second: Run,
    turns_on: str | None = None,
    *,
    allow_different_data: bool = False,
    seed: int = 0,
) -> dict[str, Any]:
    """Every measure both runs have rows of, by a paired bootstrap; the most moved by `turns_on`.

    Raises `LecternError` when the runs asked different files (unless that is allowed), share no
    example, or lack the measure.
    """
    if not allow_different_data:
        _refuse_different_data(first, second)
    names = _names(first, second)
    pairs = pair(first.rows, second.rows)
    if not pairs:
        raise LecternError(
            f"{first.path} and {second.path} have no measured example in common.",
            "Compare two runs of the same verb over the same questions.",
        )
    chosen = turns_on or headline(pairs)
    if chosen not in pairs:
        raise LecternError(
            f"There is no {chosen!r} in both reports.", f"They share {', '.join(pairs)}."
        )
    return {
        "measure": chosen,
        "figures": {
            label: {name: _mean(found, side, seed) for name, found in pairs.items()}
            for label, side in zip(names, ("first", "second"), strict=True)
        },
        "comparisons": {
            f"{names[1]} − {names[0]}": {
                name: found.as_json(name, seed) for name, found in pairs.items()
            }
        },
        "counts": {
            "shared": len(first.rows.keys() & second.rows.keys()),
            "only_first": len(first.rows.keys() - second.rows.keys()),
            "only_second": len(second.rows.keys() - first.rows.keys()),
        },
        "moved": most_moved(first, second, chosen, pairs[chosen]),
        "reports": {
            label: {"file": str(run.path), "date": run.content.get("date", "")}
            for label, run in zip(names, (first, second), strict=True)
        },
        "settings": differing(
            first.content.get("settings", {}), second.content.get("settings", {})
        ),
        "versions_differing": differing(
            first.content.get("versions", {}), second.content.get("versions", {})
        ),
        "data": dict(second.content.get("data", {})),
        "seed": seed,
        **provenance(),
    }


def pair(first: Mapping[str, Row], second: Mapping[str, Row]) -> dict[str, Pairs]:
    """Measure → the examples, by id, that have it in both runs; measures to look at come first.

    Clusters are as the rows name them.
    """
    found: dict[str, Pairs] = {}
    for key, row in first.items():
        other = second.get(key)
        theirs = measures_of(other) if other else {}
        for name, value in measures_of(row).items():
            if name in theirs and name != _FLAG:
                pairs = found.setdefault(name, Pairs([], [], [], []))
                pairs.ids.append(key)
                pairs.first.append(value)
                pairs.second.append(theirs[name])
                pairs.clusters.append(str(row.get("cluster") or row.get("document") or key))
    return dict(sorted(found.items(), key=lambda item: (is_detail(item[0]), standing(item[0])[0])))


def most_moved(first: Run, second: Run, name: str, pairs: Pairs) -> list[dict[str, Any]]:
    """The examples whose `name` differs most between the runs, both answers beside each other."""
    changed = [
        (key, before, after)
        for key, before, after in zip(pairs.ids, pairs.first, pairs.second, strict=True)
        if before != after
    ]
    changed.sort(key=lambda item: -abs(item[2] - item[1]))
    return [
        {
            "id": key,
            "change": round(after - before, 6),
            "first": {"value": before, **asdict(example_of(first.rows[key]))},
            "second": {"value": after, **asdict(example_of(second.rows[key]))},
        }
        for key, before, after in changed[:MOST_MOVED]
    ]


def differing(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Dotted name → the two values, where they differ; None stands for a name that is missing."""
    left, right = flat_settings(first), flat_settings(second)
    return {
        name: [left.get(name), right.get(name)]
        for name in dict.fromkeys((*left, *right))
        if left.get(name) != right.get(name)
    }


def _refuse_different_data(first: Run, second: Run) -> None:
    changed = differing(first.content.get("data", {}), second.content.get("data", {}))
    if changed:
        said = "; ".join(
            f"{role} is {_short(left)} in {first.path.name}, {_short(right)} in {second.path.name}"
            for role, (left, right) in changed.items()
        )
        raise LecternError(
            f"{first.path} and {second.path} measured different files: {said}.",
            "Compare runs over the same files, or pair the ids that both have with "
            "--allow-different-data.",
        )


def _short(digest: object) -> str:
    return "absent" if digest is None else str(digest)[:12]


def _names(first: Run, second: Run) -> tuple[str, str]:
    """The runs' names; with their folders where the names are the same."""
    if first.name != second.name:
        return first.name, second.name
    left, right = (f"{run.path.absolute().parent.name}/{run.name}" for run in (first, second))
    return (left, right) if left != right else (f"{left} (first)", f"{right} (second)")


def _mean(pairs: Pairs, side: str, seed: int) -> dict[str, float | int]:
    found = interval(getattr(pairs, side), clusters=pairs.clusters, seed=seed)
    assert found is not None, "a measure is listed only where an example has it"
    return found.as_json()
