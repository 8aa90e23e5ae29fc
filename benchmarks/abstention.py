"""Knowing when not to answer, on what the confidence was not fitted on: three sets, never pooled.

(a) Left-out documents: the 100 course questions asked of the three courses with and without the
file that answers each (`IndexWithout`: the search of an index made without it), and 60 questions
near the topics of the slides W1-W3, asked of the slides alone. (b) The held half of the course FAQ:
each question asked of its own course and of another. (c) SQuAD 2's held articles with the paragraph
given. The shipped confidence and threshold judge; the cosine of the nearest passage found stands
beside them on (b). Calibration is that in a mix of three answerable questions to one. About a
quarter of an hour:

    python -m benchmarks.abstention --data ../shared/data --work build/bench --out docs/results
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.abstention_asks import Ask, Asked, ask_all, join
from benchmarks.course_asks import course_asks
from benchmarks.faq_asks import faq_asks
from benchmarks.record import Figure, data_argument, out_argument, record
from benchmarks.squad_asks import squad_asks
from chatbot.remembering import RememberingEncoder
from chatbot.settings import ChatSettings
from evaluation.abstention.figures import curves, decision_figures
from evaluation.abstention.intervals import Measure, Outcomes, measured
from evaluation.abstention.measures import (
    BINS,
    FALSE_REFUSALS,
    Floats,
    aurc,
    auroc,
    calibration_error,
    refused_at,
)
from evaluation.bootstrap import Interval
from evaluation.progress import progress_bar
from ingestion.encoders.base import Encoder
from ingestion.encoders.factory import load_encoder

RANKING: dict[str, Measure] = {"auroc": auroc, "refused_at_10": refused_at}
MIXED: dict[str, Measure] = {"calibration_error": calibration_error, "aurc": aurc}
TIMES = 3
"""How often an answerable question counts where the mix matters; there is one of each kind."""

Figures = dict[str, Figure]
AskThem = Callable[[list[Ask], str], Asked]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--work", type=Path, required=True, help="folder for documents and indexes")
    parser.add_argument("--limit", type=int, help="first N questions, paragraphs of an article")
    asked = parser.parse_args()

    encoder = RememberingEncoder(load_encoder())
    place = (asked.data, asked.work)
    with progress_bar() as progress:

        def ask(asks: list[Ask], stage: str) -> Asked:
            return ask_all(asks, encoder, progress, stage)

        figures = left_out(place, encoder, ask, asked.limit)
        faq = held_faq(place, encoder, ask, asked.limit)
        figures |= other_course(faq) | adversarial(place, encoder, ask, asked.limit)
    record(
        asked.out,
        "abstention",
        figures,
        curves=curves(mix(faq, faq.confidence)),
        bins=BINS,
        false_refusals=FALSE_REFUSALS,
        threshold=ChatSettings.load().abstain_below,
    )


def left_out(
    place: tuple[Path, Path], encoder: Encoder, ask: AskThem, limit: int | None
) -> Figures:
    """Set (a): whole, its two parts, and the questions in the words of their page."""
    asks = course_asks(*place, encoder, limit)
    whole = ask(asks.whole, "courses")
    missing = ask(asks.left_out, "courses, document left out")
    slides, near = ask(asks.slides, "slides"), ask(asks.near, "slides, near topics")
    plain = np.array([kind != "paraphrased" for kind in asks.kinds])
    return {
        **figures_of("left_out", join(whole, missing, near)),
        **figures_of("left_out_documents", join(whole, missing)),
        **figures_of("near_topics", join(slides, near)),
        **figures_of("left_out_plain", join(whole.where(plain), missing.where(plain))),
    }


def held_faq(place: tuple[Path, Path], encoder: Encoder, ask: AskThem, limit: int | None) -> Asked:
    asks = faq_asks(*place, "held", encoder, limit)
    return join(ask(asks.own, "faq, own course"), ask(asks.other, "faq, another course"))


def other_course(faq: Asked) -> Figures:
    """Set (b), with the nearest cosine beside the confidence, and the calibration of both."""
    cosine = np.clip(faq.nearest, 0.0, 1.0)
    found = figures_of("faq", faq)
    found |= named("faq_cosine", measured(faq.outcomes(cosine), RANKING))
    found |= named("faq", measured(mix(faq, faq.confidence), MIXED))
    found |= named("faq_cosine", measured(mix(faq, cosine), MIXED))
    return found


def adversarial(
    place: tuple[Path, Path], encoder: Encoder, ask: AskThem, limit: int | None
) -> Figures:
    """Set (c)."""
    asks = squad_asks(*place, "held", encoder, limit)
    return figures_of("squad", ask(asks.paragraph, "squad, paragraph given"))


def figures_of(prefix: str, asked: Asked) -> Figures:
    """How the confidence ranks, and what was decided at the shipped threshold."""
    outcomes = asked.outcomes()
    decided = decision_figures(outcomes, asked.refused)
    return {
        **named(prefix, measured(outcomes, RANKING)),
        **{f"{prefix}_{name}": figure for name, figure in decided.items()},
    }


def named(prefix: str, found: dict[str, Interval]) -> Figures:
    return {f"{prefix}_{name}": figure.as_json() for name, figure in found.items()}


def mix(asked: Asked, confidence: Floats) -> Outcomes:
    """Three answerable questions to one: each of them counts three times, its cluster the same."""
    times = np.where(asked.answerable, TIMES, 1)
    documents = [d for d, t in zip(asked.documents, times, strict=True) for _ in range(t)]
    return Outcomes(np.repeat(confidence, times), np.repeat(asked.answerable, times), documents)


if __name__ == "__main__":
    main()
