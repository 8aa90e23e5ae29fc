"""The measures of one summary, and their means with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaluation.bootstrap import compare, interval
from evaluation.rouge import rouge
from evaluation.summaries.example import SummaryExample
from evaluation.summaries.extractiveness import extractiveness
from evaluation.summaries.key_points import KeyPointCover

Measures = dict[str, float]
COMPARED = ("rouge1", "rouge2", "rougeL", "points")


def measure_summary(
    summary: str,
    example: SummaryExample,
    cover: KeyPointCover | None,
    others: Sequence[str] = (),
) -> Measures:
    """All that can be said of one summary.

    `rouge1`… (mean over the references), `rouge1_best`… (best of them), `words`, extractiveness,
    and with key points `points` (share covered), `points_by_words`, `points_by_meaning` (by either
    sign alone) and `points_of_others`: the share of the points of other texts that count as
    covered, which is what the method gives for nothing.
    """
    measures: Measures = {"words": float(len(summary.split()))}
    if example.references:
        scores = rouge(summary, example.references)
        measures |= scores.mean
        measures |= {f"{name}_best": value for name, value in scores.best.items()}
    measures |= extractiveness(summary, example.text)
    if example.points and cover:
        said = cover.statements(summary)
        covers = cover.covers(said, example.points)
        measures["points"] = _share([one.covered for one in covers])
        measures["points_by_words"] = _share([one.by_words for one in covers])
        measures["points_by_meaning"] = _share([one.by_meaning for one in covers])
        if others:
            measures["points_of_others"] = _share([c.covered for c in cover.covers(said, others)])
    return measures


def figures(
    measured: Sequence[Measures], clusters: Sequence[str], seed: int
) -> dict[str, dict[str, float | int]]:
    """Each measure's mean over the summaries that have it, with its interval."""
    names = dict.fromkeys(name for measures in measured for name in measures)
    found = {}
    for name in names:
        pairs = [(m[name], c) for m, c in zip(measured, clusters, strict=True) if name in m]
        figure = interval([value for value, _ in pairs], clusters=[c for _, c in pairs], seed=seed)
        if figure:
            found[name] = figure.as_json()
    return found


def comparisons(
    legs: Mapping[str, Sequence[Measures]], clusters: Sequence[str], seed: int
) -> dict[str, dict[str, object]]:
    """The first leg against each of the others on the same examples, by a paired bootstrap."""
    (name, subject), *others = legs.items()
    return {
        f"{name} − {other}": {
            measure: compare(
                [measures[measure] for measures in subject],
                [measures[measure] for measures in measured],
                clusters=clusters,
                seed=seed,
            ).as_json()
            for measure in COMPARED
            if all(measure in measures for measures in (*subject, *measured))
        }
        for other, measured in others
    }


def _share(found: Sequence[bool]) -> float:
    return sum(found) / len(found)
