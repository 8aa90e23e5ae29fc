"""The policies: one that continues comments, then PPO, and DPO on pairs the same reward ranked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from evaluation.jsonl import read_objects
from evaluation.progress import progress_bar
from evaluation.rows import write_whole
from finetune.data.mixture import Source
from finetune.errors import KLDiverged
from finetune.merging import put_on
from finetune.models import load_t5
from finetune.policy import Policy
from finetune.policy_run import PolicySource
from finetune.ppo.mixture import Reward
from finetune.ppo.run import train_ppo
from finetune.ppo.settings import PPOSettings
from finetune.preference.run import train_dpo
from finetune.preference.settings import PreferenceSettings
from finetune.rng import seed_everything
from finetune.sampling import Sampling, answer
from finetune.sft.run import train_sft
from finetune.sft.settings import SftSettings
from ingestion.errors import LecternError


def continuation_model(
    model: str, data: Path, settings: SftSettings, folder: Path, device: str
) -> Path:
    """`model` tuned to continue the beginnings in `data`, in `folder`."""
    train_sft(model, [Source(format="pairs", path=data)], [], settings, folder, device=device)
    return folder


def ppo(
    source: PolicySource,
    prompts: Path,
    rewards: Sequence[str],
    settings: PPOSettings,
    seed: int,
    folder: Path,
) -> list[str]:
    """Train into `folder`; what went wrong: nothing, or that it diverged and was stopped."""
    try:
        train_ppo(source, prompts, rewards, settings, folder, seeds=[seed], say=print)
    except KLDiverged as error:
        return [error.what]
    return []


def dpo(source: PolicySource, pairs: Path, settings: PreferenceSettings, folder: Path) -> None:
    """Train into `folder` until the settings' KL limit is reached, which is what is wanted here:
    the last adapter within it is kept.

    What was trained stays, whatever the limit: it is a measured distance, and measured again may
    differ in its last digit. Raises `LecternError` where the other settings were others.
    """
    if (folder / "report.json").is_file():
        made = json.loads((folder / "training.json").read_text(encoding="utf-8"))["settings"]
        now = settings.model_dump()
        other = [name for name in now if name != "kl_stop" and made.get(name) != now[name]]
        if other:
            raise _of_others(folder, f"{other[0]} {made.get(other[0])}", now[other[0]])
        return
    try:
        train_dpo(source, pairs, settings, folder, say=print)
    except KLDiverged as limit:
        print(limit.what)


def ranked_pairs(
    reference: Policy,
    prompts: Sequence[str],
    reward: Reward,
    path: Path,
    *,
    drawn: int,
    max_new_tokens: int,
    seed: int,
) -> None:
    """Write the best and the worst of `drawn` responses of the reference to each prompt.

    Prompts whose responses the reward likes alike are left out. Pairs that lie there stay; raises
    `LecternError` where they were drawn from another number.
    """
    if path.is_file():
        for _, row in read_objects(path):
            if row.get("drawn", drawn) != drawn:
                raise _of_others(path, f"the best and worst of {row['drawn']}", drawn)
        return
    seed_everything(seed)
    rows = []
    with progress_bar() as progress, reference.reference():
        for done, prompt in enumerate(prompts, start=1):
            (texts,) = answer(reference, [prompt], Sampling(max_new_tokens), times=drawn)
            scores = reward.scores([prompt] * drawn, texts)
            best, worst = texts[scores.index(max(scores))], texts[scores.index(min(scores))]
            if max(scores) > min(scores) and best.strip() and best != worst:
                row = {"prompt": prompt, "chosen": best, "rejected": worst, "drawn": drawn}
                rows.append(row)
            progress("pairs for DPO", done, len(prompts))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def _of_others(path: Path, made: str, asked: object) -> LecternError:
    return LecternError(
        f"{path} was made with {made}, and {asked} is asked for.",
        "Give the options of that run, or another --work.",
    )


def open_trained(source: PolicySource, adapter: Path) -> Policy:
    """The policy whose adapter was left in `adapter`; its reference is the model below it."""
    fresh = source.open(source.model, seed=0)
    model, tokenizer = load_t5(source.model, fresh.precision.weights(trained=False))
    trained = put_on(model, adapter, source.model).to(fresh.device)
    return Policy(trained, tokenizer, window=source.window, precision=fresh.precision)
