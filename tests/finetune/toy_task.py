"""A task whose best loss is known: say the partner of a word.

Of every third word there are two partners, equally often; no model can tell which is wanted. A
target is two tokens, the word and the end mark.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import tiny_t5

WORDS = tiny_t5.WORDS[:12]
CERTAIN = [word for place, word in enumerate(WORDS) if place % 3]
DOUBTFUL = [word for place, word in enumerate(WORDS) if not place % 3]


def partner(word: str, step: int = 1) -> str:
    return WORDS[(WORDS.index(word) + step) % len(WORDS)]


def pairs() -> list[dict[str, str]]:
    """Every word asked twice, with a longer and a shorter question."""
    rows = []
    for word in WORDS:
        for turn, question in enumerate((f"the {word}:", f"which word is with {word}?")):
            target = partner(word, 2 * turn + 1 if word in DOUBTFUL else 1)
            rows.append({"source": question, "target": target, "group": word})
            if word in DOUBTFUL:
                other = partner(word, 3 - 2 * turn)
                rows.append({"source": question, "target": other, "group": word})
    return rows


def best_loss() -> float:
    """Nats for a token: log 2 for the word of each doubtful row, nothing for the rest."""
    doubtful = sum(row["group"] in DOUBTFUL for row in pairs())
    return doubtful * math.log(2) / (2 * len(pairs()))


def write(path: Path) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in pairs()))
    return path
