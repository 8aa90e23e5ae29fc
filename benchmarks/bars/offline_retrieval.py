"""The offline benchmark: fusion against each leg, and textbook questions."""

from __future__ import annotations

from benchmarks.bars.line import Line

LEGS = (("lexical", "BM25 alone"), ("dense", "dense alone"))
_P = 0.05


def _gain(
    table: str, file: str, name: str, measure: str, not_worse: bool = False, p_bar: bool = True
) -> list[Line]:
    """The fusion's paired difference to each leg and its p.

    Small collections need only be not worse; the others better with p < .05.
    """
    lines = []
    for leg, label in LEGS:
        path = ("comparisons", f"fusion − {leg}", measure)
        said = f"{name}: fusion − {label}"
        bar = 0.0 if not_worse else None
        lines.append(Line(table, file, (*path, "difference"), said, bar))
        lines.append(Line(table, file, (*path, "p"), "p of that", _P if p_bar else None, form="p"))
    return lines


LINES: tuple[Line, ...] = (
    *_gain("fusion", "scifact", "SciFact test nDCG@10", "ndcg@10"),
    *_gain("fusion", "cacm", "CACM nDCG@10", "ndcg@10", not_worse=True, p_bar=False),
    *_gain("fusion", "cisi", "CISI nDCG@10", "ndcg@10", not_worse=True, p_bar=False),
    *_gain("fusion", "dtc_faq", "dtc_faq nDCG@10", "ndcg@10"),
    *_gain("fusion", "openstax", "OpenStax nDCG@10", "ndcg@10"),
    *(
        Line("openstax", "openstax", ("figures", leg, measure), f"{label}, {name}")
        for measure, label in (
            ("ndcg@10", "nDCG@10"),
            ("mrr@10", "MRR@10"),
            ("recall@1", "section recall@1"),
            ("recall@5", "section recall@5"),
        )
        for leg, name in (*LEGS, ("fusion", "fusion"))
    ),
)
