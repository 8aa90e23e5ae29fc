"""Fit the weights by which sentences are ranked where a reader has read them.

Those of `chatbot/candidates.py`: a softmax over the sentences of a question's passages, by maximum
likelihood (a conditional logit, McFadden 1974), where any of several right sentences will do. On
the questions that the confidence is fitted on, and no others: of eight SQuAD 2 articles, where the
sentence of the right paragraph that holds an answer is right; and of the development half of the
course FAQ, where any sentence of the right entry is. A sample of each, drawn with a seed, both
weighing alike. Cross-validation by document says how often the first sentence is a right one; by
that the weight of the cue is chosen, which few of these sentences have. About three minutes:

    python -m benchmarks.fit_reading --data ../shared/data --work build/bench --out docs/results
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from benchmarks.abstention_asks import Ask
from benchmarks.faq_asks import faq_asks
from benchmarks.record import data_argument, out_argument, record
from benchmarks.squad_asks import squad_asks
from chatbot.candidates import PICKED, Features, Ranker
from chatbot.chain import Assistant
from chatbot.reading.span_reader import load_reader
from chatbot.remembering import RememberingEncoder
from chatbot.settings import ChatSettings
from chatbot.units import Unit
from evaluation.abstention.calibration import folds
from evaluation.abstention.measures import Bools, Floats
from evaluation.normalize import contains_answer
from evaluation.progress import progress_bar
from ingestion.encoders.factory import load_encoder
from ingestion.index import Index

SAMPLE = 400
"""Questions of each set."""
FOLDS = 5
RIDGE = 1e-2
CUES = (0.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0)
"""Weights of the cue to choose from."""
NAMES = tuple(field.name for field in fields(Features))
FITTED = tuple(name for name in NAMES if name != "cue")
SUBSETS = (
    ("span",),
    ("span", "rank"),
    ("span", "sense", "rank"),
    ("sense", "words", "rank"),
    FITTED,
)


@dataclass(frozen=True)
class Choice:
    """A question's sentences: their features (n, 5), and which of them are right (n,)."""

    features: Floats
    right: Bools
    document: str


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--work", type=Path, required=True, help="folder for documents and indexes")
    parser.add_argument("--sample", type=int, default=SAMPLE)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()

    encoder = RememberingEncoder(load_encoder())
    squad = squad_asks(asked.data, asked.work, "fit", encoder, None).whole
    faq = faq_asks(asked.data, asked.work, "development", encoder, None).own
    reader = load_reader(ChatSettings.load().reader)
    ranker = Ranker(encoder, reader, shortlist=10_000)
    with progress_bar() as progress:
        sets = {}
        for name, asks in {"squad": squad, "faq": faq}.items():
            drawn = random.Random(asked.seed).sample(asks, min(asked.sample, len(asks)))
            sets[name] = []
            for done, ask in enumerate(drawn, start=1):
                sets[name].append(choice_of(ask, ranker, encoder))
                progress(name, done, len(drawn))
    found = {name: [c for c in all_ if c.right.any()] for name, all_ in sets.items()}
    figures = {
        f"{name}_within_reach": {"value": len(found[name]) / len(all_)}
        for name, all_ in sets.items()
    }
    by_cue = {cue: cross_validated(found, FITTED, cue) for cue in CUES}
    cue = max(CUES, key=lambda weight: (np.mean(list(by_cue[weight].values())), -weight))
    for weight, shares in by_cue.items():
        for name, share in shares.items():
            figures[f"{name}_right_first_cue_{weight:g}"] = {"value": share}
    for names in SUBSETS:
        for name, share in cross_validated(found, names, cue).items():
            figures[f"{name}_right_first_{'_'.join(names)}"] = {"value": share}
    for name, choices in found.items():
        first = [right_first(choice, np.array(astuple(PICKED))) for choice in choices]
        figures[f"{name}_right_first_picker"] = {"value": float(np.mean(first))}
    fitted = fit(list(found.values()), FITTED, cue)
    weights = dict(zip(NAMES, np.round(fitted, 2).tolist(), strict=True))
    for name, figure in figures.items():
        print(f"{name}: {figure['value']:.3f}")
    print(f"READ = Features({', '.join(f'{name}={weight}' for name, weight in weights.items())})")
    record(
        asked.out,
        "reading_fit",
        figures,
        weights=weights,
        reader=reader.signature,
        questions={name: len(all_) for name, all_ in sets.items()},
        seed=asked.seed,
    )


def choice_of(ask: Ask, ranker: Ranker, encoder: RememberingEncoder) -> Choice:
    """The sentences of what the product finds for a question."""
    index = Index(ask.index, encoder=encoder)
    assistant = Assistant(index, ChatSettings.load(answerer="extractive"))
    passages = assistant.retriever.search(ask.question, assistant.settings.passages)
    index.close()
    candidates = ranker.rank(ask.question, passages)
    return Choice(
        np.array([astuple(c.features) for c in candidates]).reshape(-1, len(NAMES)),
        np.array([_is_right(ask, c.unit) for c in candidates], np.bool_),
        ask.document,
    )


def _is_right(ask: Ask, unit: Unit) -> bool:
    if (unit.passage.course, unit.passage.file) != ask.source:
        return False
    return not ask.answers or contains_answer(unit.text, ask.answers)


def fit(sets: Sequence[Sequence[Choice]], names: Sequence[str], cue: float) -> Floats:
    """Weights (5,), zero for features not in `names` but the cue, that make the right sentences
    likeliest; the sets weigh alike.
    """
    chosen = [NAMES.index(name) for name in names]

    def loss(part: Floats) -> tuple[float, Floats]:
        total, slope = RIDGE * float(part @ part), 2 * RIDGE * part
        for choices in sets:
            for choice in choices:
                x = choice.features[:, chosen]
                z = x @ part + cue * choice.features[:, NAMES.index("cue")]
                p = np.exp(z - z.max())
                p /= p.sum()
                right = np.where(choice.right, p, 0.0)
                held = max(right.sum(), 1e-12)
                total -= np.log(held) / len(choices)
                slope = slope - (right / held - p) @ x / len(choices)
        return total, slope

    best = minimize(loss, np.zeros(len(chosen)), jac=True, method="L-BFGS-B").x
    weights = np.zeros(len(NAMES))
    weights[NAMES.index("cue")] = cue
    weights[chosen] = best
    return weights


def cross_validated(
    sets: dict[str, list[Choice]], names: Sequence[str], cue: float
) -> dict[str, float]:
    """Set → share of its questions whose first sentence is right, weights of other documents."""
    held = {name: folds([c.document for c in choices], FOLDS) for name, choices in sets.items()}
    first: dict[str, list[bool]] = {name: [] for name in sets}
    for fold in range(FOLDS):
        practice = [
            [c for c, at in zip(choices, held[name], strict=True) if at != fold]
            for name, choices in sets.items()
        ]
        weights = fit(practice, names, cue)
        for name, choices in sets.items():
            for choice, at in zip(choices, held[name], strict=True):
                if at == fold:
                    first[name].append(right_first(choice, weights))
    return {name: float(np.mean(found)) for name, found in first.items()}


def right_first(choice: Choice, weights: Floats) -> bool:
    return bool(choice.right[int((choice.features @ weights).argmax())])


if __name__ == "__main__":
    main()
