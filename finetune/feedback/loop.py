"""`lectern train from-feedback`: pairs → reward → DPO or PPO → evaluation → gate → registry."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatbot.engines.adapters import WEIGHTS, find_adapter
from chatbot.engines.factory import find_model, load_engine
from chatbot.engines.hardware import resolve_device
from chatbot.engines.registry import AdapterRegistry
from evaluation.jsonl import read_objects, sha256_of
from evaluation.judge import recorded_reward, refuse_the_reward
from evaluation.provenance import provenance
from evaluation.rows import write_whole
from finetune.errors import TrainingError
from finetune.feedback.exporting import PAIRS
from finetune.feedback.gate import Verdict, judge
from finetune.feedback.learning import learn, learn_reward
from finetune.feedback.measuring import EvalData, Speaker, measure_both
from finetune.feedback.settings import LoopSettings
from finetune.feedback.split import part
from finetune.weights import speaking_weights
from ingestion.errors import LecternError

CANDIDATE = "candidate"
SPLIT = "pairs"
"""The parted pairs: where they are, a round has begun."""
REPORT = "report.json"

Say = Callable[[str], None]


class TooFewJudgements(TrainingError):
    """There is not enough shared feedback to learn from and to be measured on."""


def from_feedback(
    model: str,
    feedback: Path,
    out: Path,
    registry: AdapterRegistry,
    data: EvalData,
    settings: LoopSettings,
    *,
    device: str = "auto",
    say: Say = lambda line: None,
) -> dict[str, Any]:
    """One round; `feedback` is a folder as `lectern feedback export` writes it.

    Leaves in `out` the reward model, the candidate, every answer and `report.json`, which is
    returned: all figures, the verdict, and `version`, the name in the registry if it was promoted.
    Killed, it goes on; ended, it is not done twice. Raises `TooFewJudgements`, and what training
    and models raise; then the registry stays as it was.
    """
    place = resolve_device(device)
    demand(feedback, settings.enough)
    # What will be needed after the training has to be there before it.
    name, _ = find_model(model)
    if used := registry.current():
        find_adapter(registry.folder, used, name)
    for source in (data.answers, data.summaries):
        if source:
            source.read()
    rounds = part(feedback / PAIRS, out / SPLIT, settings.held_share)
    rewarded = learn_reward(rounds, out / "reward", settings, place)
    say(f"Reward model: accuracy {rewarded.accuracy['value']:.3f} on held pairs.")
    candidate = out / CANDIDATE
    trained = learn(model, rounds, rewarded, candidate, settings, place)
    # Training takes long: what was in use before it may no longer be.
    now = registry.current()
    weights = sha256_of(candidate / WEIGHTS)
    for version in registry.names():
        if registry.manifest(version).get("sha256") == weights:
            say(f"This candidate was promoted before, as {version}; in use is {now or 'the base'}.")
            return _promoted_before(out, registry, version)
    if data.judge:
        refuse_the_reward(data.judge, [recorded_reward(candidate)])
    values = measure_both(
        _speaker(model, out, CANDIDATE, settings, device),
        _speaker(model, registry.folder, now, settings, device),
        rounds.held,
        data,
        out / "answers",
        settings,
    )
    verdict = judge(values, settings.margins, settings.waived, settings.seed)
    for check in verdict.checks:
        say(str(check))
    report = {
        **verdict.as_json(),
        "current": now,
        "reward_model": {"accuracy": rewarded.accuracy},
        "trained": trained,
        "pairs": {name: sha256_of(file) for name, file in vars(rounds).items()},
        "settings": settings.model_dump(mode="json"),
        "version": None,
        **provenance(),
    }
    # Before promoting: whoever reads the registry finds the figures, whatever happens next.
    _write(out, report)
    if verdict.promoted:
        manifest = _manifest(model, report)
        try:
            report["version"] = registry.promote(candidate, manifest, verdict.why, expected=now)
        except (LecternError, OSError) as error:
            why = f"every check was passed, and yet it could not be promoted: {error}"
            _write(out, {**report, "promoted": False, "why": why})
            raise
        _write(out, report)
    say(_said(verdict, report["version"], now))
    return report


def demand(feedback: Path, enough: int) -> None:
    """Raises `TooFewJudgements` that says how many comparisons are missing."""
    pairs = sum(1 for _ in read_objects(feedback / PAIRS))
    if pairs < enough:
        raise TooFewJudgements(
            f"The shared feedback makes {pairs} comparisons, and training needs {enough}: "
            f"{enough - pairs} are missing.",
            "A correction makes one, and so do a thumb up and a thumb down for one question. "
            "Collect more, or lower --at-least.",
        )


def _speaker(
    model: str, folder: Path, adapter: str | None, settings: LoopSettings, device: str
) -> Speaker:
    engine = load_engine(
        model, device=device, window=settings.window, adapters_dir=folder, adapter=adapter
    )
    return Speaker(engine, speaking_weights(model, folder / adapter if adapter else None))


def _promoted_before(out: Path, registry: AdapterRegistry, version: str) -> dict[str, Any]:
    """The report of the round that promoted `version`; a kill right after that, a refusal here
    before it, or a round in another folder, has left it without its end here.
    """
    made = registry.manifest(version)
    path = out / REPORT
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else made
    same = {name: made[name] for name in made.keys() & kept.keys()}
    report = {**kept, **same, "promoted": True, "missing": [], "version": version}
    _write(out, report)
    return report


def _manifest(model: str, report: dict[str, Any]) -> dict[str, Any]:
    names = ("why", "checks", "waived", "current", "reward_model", "trained", "pairs", "settings")
    return {"base": model, **{name: report[name] for name in names}}


def _said(verdict: Verdict, version: str | None, now: str | None) -> str:
    if version:
        return f"Promoted as {version}: {verdict.why}."
    return f"Not promoted; {now or 'the base model'} stays in use. Not shown: {verdict.why}."


def _write(out: Path, report: dict[str, Any]) -> None:
    write_whole(out / REPORT, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
