"""Fit the one fusion weight: SciFact train questions, and the development half of the course FAQ.

Nothing else is looked at: SciFact test, CACM, CISI and the held half of the FAQ stay for testing.
About ten minutes on two cores.

    python -m benchmarks.fit_fusion_weight --data ../shared/data --out fusion_weight.json
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from evaluation.beir import load_beir
from evaluation.dtc_faq import load_dtc_faq
from evaluation.fit_weight import Development, fit_weight
from evaluation.legs import score_legs
from evaluation.progress import progress_bar
from evaluation.provenance import provenance
from evaluation.rows import write_whole
from ingestion.encoders.factory import DEFAULT_ENCODER, load_encoder


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("LECTERN_DATA", "../shared/data")
    )
    parser.add_argument("--encoder", default=DEFAULT_ENCODER)
    parser.add_argument("--depth", type=int, default=100, help="candidates of each leg")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()

    encoder = load_encoder(asked.encoder)
    scifact = asked.data / "retrieval" / "scifact" / "beir"
    # Some questions stand in both of SciFact's splits.
    benchmarks = [
        (load_beir(scifact, "train").without_queries_of(load_beir(scifact, "test")), "ndcg@10"),
        (load_dtc_faq(asked.data / "qa" / "dtc_faq", "development"), "mrr@10"),
    ]
    sets = []
    for benchmark, measure in benchmarks:
        with progress_bar() as progress:
            legs = score_legs(benchmark, encoder, asked.depth, progress)
        sets.append(Development(benchmark, legs, measure))
    fit = fit_weight(sets)

    names = [f"{chosen.benchmark.name} {chosen.measure}" for chosen in sets]
    print(f"| weight | {' | '.join(names)} | macro |")
    print("|---" * (len(names) + 2) + "|")
    for weight, row in fit.curve.items():
        mark = " ←" if weight == fit.weight else ""
        print(f"| {weight:.2f} | {' | '.join(f'{value:.4f}' for value in row.values())} |{mark}")
    report = {
        "weight": fit.weight,
        "curve": fit.curve,
        "settings": {"encoder_signature": encoder.signature, "depth": asked.depth},
        "data": {chosen.benchmark.name: chosen.benchmark.hashes for chosen in sets},
        **provenance(),
    }
    write_whole(asked.out, json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
