"""`lectern train kto`."""

from __future__ import annotations

from chatbot.commands import console
from finetune.commands.app import (
    DeviceOption,
    ModelOption,
    PrecisionOption,
    RunOption,
    SeedOption,
    train_app,
)
from finetune.commands.policy_options import (
    AdapterOption,
    AlphaOption,
    KLStopOption,
    LearningRateOption,
    RankOption,
    TargetsOption,
    WindowOption,
    policy_source,
)
from finetune.commands.preference_options import (
    BatchOption,
    BetaOption,
    EpochsOption,
    EvalOption,
    EveryOption,
    LabelsOption,
    LongestOption,
    MicrobatchOption,
    WarmupOption,
    preference_settings,
    show,
)


@train_app.command("kto")
def kto(
    model: ModelOption,
    data: LabelsOption,
    out: RunOption,
    adapter: AdapterOption = None,
    eval_data: EvalOption = None,
    beta: BetaOption = 0.1,
    epochs: EpochsOption = 1,
    batch: BatchOption = 32,
    microbatch: MicrobatchOption = 8,
    lr: LearningRateOption = 1e-4,
    warmup: WarmupOption = 0,
    max_response: LongestOption = 256,
    kl_every: EveryOption = 20,
    kl_stop: KLStopOption = 20.0,
    rank: RankOption = 16,
    alpha: AlphaOption = 32,
    targets: TargetsOption = "all-linear",
    window: WindowOption = 512,
    precision: PrecisionOption = "float32",
    device: DeviceOption = "auto",
    seed: SeedOption = 0,
) -> None:
    """Have a T5 learn from single thumbs, up or down, by KTO (Ethayarajh et al. 2024).

    --out gets an adapter for the chatbot and a report beside the reference. The same command goes
    on where it was killed.
    """
    from finetune.preference.run import train_kto

    found = train_kto(
        policy_source(model, adapter, rank, alpha, targets, window, precision, device),
        data,
        preference_settings(
            epochs, batch, microbatch, lr, warmup, max_response, kl_every, kl_stop, seed
        ),
        out,
        beta=beta,
        eval_data=eval_data,
        say=console.tell,
    )
    show(out, found)
