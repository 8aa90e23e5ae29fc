"""Reports of every kind as files, with texts that would be markup if nobody escaped them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HOSTILE = '</style><script>window.pwned=1</script><img src=x onerror="window.pwned=1">&amp;'

PROVENANCE = {
    "data": {"questions": "ab" * 32},
    "seed": 0,
    "versions": {"torch": "2.13.0"},
    "machine": {"cpu": "AMD EPYC", "cores": 2},
    "date": "2026-11-21T10:00:00+00:00",
    "command": "lectern eval answers --out answers.json",
}


def figure(value: float, low: float, high: float, n: int = 3) -> dict[str, float]:
    return {"value": value, "low": low, "high": high, "n": n}


def write(folder: Path, name: str, report: dict[str, Any], rows: list[dict[str, Any]]) -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps({**report, **PROVENANCE}))
    if rows:
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.rows.jsonl").write_text(lines)
    return path


def write_all(folder: Path) -> dict[str, Path]:
    """Kind of run → its report."""
    return {
        "answers": write(folder, "answers", ANSWERS, ROWS),
        "retrieval": write(folder, "retrieval", RETRIEVAL, RETRIEVED),
        "abstention": write(folder, "abstention", ABSTENTION, []),
        "comparison": write(folder, "comparison", COMPARISON, []),
        "sweep": write(folder, "sweep", SWEEP, []),
    }


def row(key: str, answer: str, f1: float, crag: float) -> dict[str, Any]:
    place = {"file": "notes.pdf", "locator": {"kind": "page", "value": "3", "label": "page 3"}}
    return {
        "id": key,
        "question": f"Question {key}? {HOSTILE}",
        "gold": [f"gold {HOSTILE}"],
        "answer": answer,
        "abstained": not answer,
        "citations": [place] if answer else [],
        "measures": {"f1": f1, "crag": crag},
    }


ROWS = [
    row("right", f"right {HOSTILE}", 0.9, 1.0),
    row("silent", "", 0.0, 0.0),
    row("wrong", "something else", 0.2, -1.0),
    row("perfect", "all of it", 1.0, 1.0),
]
ANSWERS = {
    "figures": {
        "f1": figure(0.4, 0.3, 0.5),
        "crag": figure(0.1, -0.1, 0.3),
        "recall@20": figure(0.9, 0.8, 1.0),
        "passage_characters@5": figure(728, 704, 751),
    },
    "groups": {"direct": {"f1": figure(0.6, 0.5, 0.7)}, HOSTILE: {"f1": figure(0.2, 0.1, 0.3)}},
    "counts": {"questions": 3},
    "sources_not_found": [HOSTILE],
    "latency_seconds": {"retrieve": {"p50": 0.012, "p95": 0.03, "p99": 0.05, "n": 3}},
    "settings": {"chatbot": {"passages": 6, "model": HOSTILE}},
}
RETRIEVAL = {
    "benchmark": "scifact",
    "figures": {
        leg: {"ndcg@10": figure(value, value - 0.05, value + 0.05)}
        for leg, value in (("lexical", 0.68), ("dense", 0.64), ("fusion", 0.74))
    },
    "comparisons": {
        "fusion − lexical": {"ndcg@10": {"difference": figure(0.064, 0.03, 0.095), "p": 0.0002}}
    },
    "fit": {
        "weight": 0.5,
        "measure": "ndcg@10",
        "queries": 80,
        "curve": {"0.00": 0.68, "0.50": 0.74, "1.00": 0.64},
    },
    "settings": {},
}
RETRIEVED = [
    {
        "id": "7",
        "query": "What is a vaccine?",
        "measures": {leg: {"ndcg@10": 0.5} for leg in ("lexical", "dense", "fusion")},
        "top": {"fusion": [["d1", 0.9], ["d2", 0.8]]},
        "relevant": ["d2"],
    }
]
ABSTENTION = {
    "figures": {"auroc": figure(0.93, 0.9, 0.95)},
    "curves": {
        "as_it_is": {
            "risk_coverage": [
                {"coverage": 0.25, "risk": 0.0},
                {"coverage": 0.5, "risk": 0.1},
                {"coverage": 1.0, "risk": 0.3},
            ],
            "reliability": [
                {"confidence": 0.8, "answerable": 0.75, "share": 0.5},
                {"confidence": 0.2, "answerable": 0.25, "share": 0.5},
            ],
        },
        HOSTILE: {
            "risk_coverage": [{"coverage": 0.5, "risk": 0.2}, {"coverage": 1.0, "risk": 0.4}]
        },
    },
    "settings": {},
}
COMPARISON = {
    "measure": "f1",
    "figures": {"before": {"f1": figure(0.4, 0.3, 0.5)}, "after": {"f1": figure(0.5, 0.4, 0.6)}},
    "comparisons": {
        "after − before": {
            "f1": {
                "difference": figure(0.1, 0.02, 0.2),
                "p": 0.01,
                "wins": 2,
                "ties": 1,
                "losses": 0,
            }
        }
    },
    "counts": {"shared": 3, "only_first": 0, "only_second": 0},
    "moved": [
        {
            "id": "q",
            "change": 0.5,
            "first": {
                "value": 0.0,
                "question": HOSTILE,
                "gold": ["gold"],
                "answer": f"before says {HOSTILE}",
                "abstained": False,
            },
            "second": {
                "value": 0.5,
                "question": HOSTILE,
                "gold": ["gold"],
                "answer": "after says so",
                "abstained": False,
            },
        }
    ],
    "settings": {"chatbot.passages": [6, 8]},
    "versions_differing": {},
}
SWEEP = {
    "measure": "f1",
    "figures": {
        "default": {"f1": figure(0.4, 0.3, 0.5)},
        "neighbours=1": {"f1": figure(0.3, 0.2, 0.4)},
        "passages=8": {"f1": figure(0.6, 0.5, 0.7)},
    },
    "comparisons": {
        "neighbours=1 − default": {"f1": {"difference": figure(-0.1, -0.2, 0.0), "p": 0.2}},
        "passages=8 − default": {"f1": {"difference": figure(0.2, 0.1, 0.3), "p": 0.001}},
    },
    "points": [{"id": "default"}, {"id": "neighbours=1"}, {"id": "passages=8"}],
    "not_run": {"answerer=generative": "There is no generator."},
    "settings": {"mode": "one-at-a-time"},
}
