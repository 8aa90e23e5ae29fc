"""A scorer whose deltas (or upper layers) and head take gradients: on a BERT encoder or a T5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear

from chatbot.engines.factory import find_model
from chatbot.judging.bert_scorer import BertScorer
from chatbot.judging.cleaning import CLEANING
from finetune.precision import Precision
from finetune.reward.settings import RewardSettings
from ingestion.encoders.bert import unsupported
from ingestion.encoders.bert_forward import BertShape, read_weights
from ingestion.encoders.factory import DEFAULT_ENCODER, find_folder
from ingestion.encoders.lora import (
    AdapterConfig,
    adapted_dense,
    base_digest,
    deltas_of,
    save_adapter,
    sites,
)

_HEAD = "head."


@dataclass(frozen=True)
class Trainable:
    """`parameters` are what the optimizer changes; those of the head begin with `head.`."""

    scorer: Any
    parameters: dict[str, Tensor]
    config: AdapterConfig
    precision: Precision

    def logits(self, ids: list[list[int]], drop: float = 0.0) -> Tensor:
        """With gradients, (len(ids),), float32."""
        self.scorer.drop = drop
        with self.precision.autocast():
            found: Tensor = self.scorer(ids)
        self.scorer.drop = 0.0
        return found.float()

    def save(self, folder: Path, options: Mapping[str, object]) -> None:
        """As `chatbot.judging.reward_model.RewardModel` reads it."""
        head = {n.removeprefix(_HEAD): v for n, v in self.parameters.items() if n.startswith(_HEAD)}
        rest = {n: v for n, v in self.parameters.items() if not n.startswith(_HEAD)}
        config = replace(self.config, options={**self.config.options, **options})
        save_adapter(folder, config, rest, head)


def build(settings: RewardSettings, device: str = "cpu") -> Trainable:
    """The base with fresh deltas and a fresh head, both drawn by the seed.

    Raises `ModelUnavailable` where the base is neither a BERT encoder nor a T5.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    precision = Precision.choose("auto", device)
    if _is_bert(settings.base):
        return _bert(settings, find_folder(settings.base), precision, generator)
    return _t5(settings, precision, generator)


def _is_bert(base: str) -> bool:
    return base == DEFAULT_ENCODER or (Path(base).is_dir() and unsupported(Path(base)) is None)


def _bert(
    settings: RewardSettings, base: Path, precision: Precision, generator: torch.Generator
) -> Trainable:
    shape = BertShape.read(base)
    full = settings.method == "full"
    weights = read_weights(base, shape, precision.weights(trained=full), precision.device)
    layers = tuple(range(max(0, shape.layers - settings.layers), shape.layers))
    if full:
        marks = tuple(f"encoder.layer.{layer}." for layer in layers)
        trained = {name: value for name, value in weights.items() if name.startswith(marks)}
    else:
        trained = deltas_of(weights, sites(layers), settings.r, generator)
    head = _head(2 * shape.dimension, generator)
    parameters = _to_train({**trained, **head}, precision.device)
    scale = 0.0 if full else settings.alpha / settings.r
    scorer = BertScorer(
        base,
        shape,
        {**weights, **parameters} if full else weights,
        {n.removeprefix(_HEAD): parameters[n] for n in head},
        window=settings.window,
        dense=None if full else adapted_dense(weights, parameters, scale),
        device=precision.device,
    )
    config = _config(settings, settings.base, base_digest(base), layers, "bert")
    return Trainable(scorer, parameters, config, precision)


def _t5(settings: RewardSettings, precision: Precision, generator: torch.Generator) -> Trainable:
    from chatbot.engines.t5_files import read_t5
    from chatbot.judging.t5_scorer import T5Scorer

    name, base = find_model(settings.base)
    full = settings.method == "full"
    model, tokenizer = read_t5(base, name, precision.weights(trained=full))
    encoder = model.encoder.requires_grad_(False).to(precision.device)
    blocks = len(encoder.block)
    layers = tuple(range(max(0, blocks - settings.layers), blocks))
    marks = tuple(f"block.{layer}." for layer in layers)
    state = encoder.state_dict(keep_vars=True)
    modules = {
        n: m
        for n, m in encoder.named_modules()
        if n.startswith(marks) and isinstance(m, torch.nn.Linear)
    }
    head = _head(model.config.d_model, generator)
    parameters = _to_train(head, precision.device)
    if full:
        parameters |= {n: v.requires_grad_(True) for n, v in state.items() if n.startswith(marks)}
    else:
        deltas = deltas_of(state, list(modules), settings.r, generator)
        parameters |= _to_train(deltas, precision.device)
        for site, module in modules.items():
            module.register_forward_hook(_beside(parameters, site, settings.alpha / settings.r))
    scorer = T5Scorer(
        encoder,
        tokenizer,
        {n.removeprefix(_HEAD): parameters[n] for n in head},
        window=settings.window,
    )
    config = _config(settings, name, base_digest(base), layers, "t5")
    return Trainable(scorer, parameters, config, precision)


def _beside(parameters: Mapping[str, Tensor], site: str, scale: float) -> Any:
    """A hook that adds the deltas' product to what a linear layer gives."""

    def add(module: torch.nn.Module, inputs: tuple[Tensor], output: Tensor) -> Tensor:
        down, up = parameters[f"{site}.A"], parameters[f"{site}.B"]
        x = inputs[0]
        return output + scale * linear(linear(x, down.to(x.dtype)), up.to(x.dtype))

    return add


def _head(width: int, generator: torch.Generator) -> dict[str, Tensor]:
    return {
        f"{_HEAD}weight": torch.randn((1, width), generator=generator) * 0.02,
        f"{_HEAD}bias": torch.zeros(1),
    }


def _to_train(tensors: dict[str, Tensor], device: str) -> dict[str, Tensor]:
    return {name: value.detach().to(device).requires_grad_(True) for name, value in tensors.items()}


def _config(
    settings: RewardSettings, base: str, digest: str, layers: tuple[int, ...], architecture: str
) -> AdapterConfig:
    options: dict[str, object] = {"architecture": architecture, "window": settings.window}
    if settings.task == "toxicity":
        options["cleaning"] = CLEANING
    rank = 0 if settings.method == "full" else settings.r
    return AdapterConfig(settings.task, base, digest, rank, settings.alpha, layers, options)
