"""Low-rank deltas on a BERT encoder: what a reader or a judge of our own adds to the packaged one.

Hu et al. 2021: a frozen matrix W is joined by (alpha / rank) · B·A with A (rank, in) and B (out,
rank), B zero at first. In training the two are multiplied beside W, so that only they take
gradients; at load they are merged into it, so that an adapted encoder costs what the plain one
does. A folder holds `adapter.json` and `adapter.safetensors` (deltas and the tensors of a task
head) and names by hash the weights it was made for; neither peft nor transformers is needed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch.nn.functional import linear

from ingestion.encoders.bert_forward import BertShape, Dense, dense_of, read_weights
from ingestion.errors import ModelUnavailable
from ingestion.hashing import file_digest

CONFIG, TENSORS = "adapter.json", "adapter.safetensors"
FORMAT = 1
_SITES = ("attention.self.qkv", "attention.output.dense", "intermediate.dense", "output.dense")


@dataclass(frozen=True, slots=True)
class AdapterConfig:
    """What an adapter is for and what it fits.

    `base` is the encoder's name, `base_sha256` the hash of its weights; `layers` are the adapted
    ones, `options` what the task needs to know (window, calibration, …), in plain JSON. Rank 0
    means that whole matrices are stored in place of the base's (full fine-tuning of those layers).
    """

    task: str
    base: str
    base_sha256: str
    rank: int
    alpha: float
    layers: tuple[int, ...]
    options: Mapping[str, object]
    format: int = FORMAT

    @property
    def scale(self) -> float:
        return self.alpha / self.rank if self.rank else 0.0


def sites(layers: Sequence[int]) -> list[str]:
    """The names of the matrices that are adapted: all linear ones of the given layers."""
    return [f"encoder.layer.{layer}.{site}" for layer in layers for site in _SITES]


def new_deltas(
    weights: Mapping[str, torch.Tensor],
    layers: Sequence[int],
    rank: int,
    generator: torch.Generator,
) -> dict[str, torch.Tensor]:
    """Fresh deltas for all linear layers of the given ones of a BERT."""
    return deltas_of(weights, sites(layers), rank, generator)


def deltas_of(
    weights: Mapping[str, torch.Tensor],
    names: Sequence[str],
    rank: int,
    generator: torch.Generator,
) -> dict[str, torch.Tensor]:
    """`NAME.A` (Kaiming-uniform as in the paper's code) and `NAME.B` (zero), in float32."""
    deltas = {}
    for name in names:
        rows, columns = weights[f"{name}.weight"].shape
        drawn = torch.rand((rank, columns), generator=generator) * 2 - 1
        deltas[f"{name}.A"] = drawn * columns**-0.5
        deltas[f"{name}.B"] = torch.zeros(rows, rank)
    return deltas


def adapted_dense(
    weights: Mapping[str, torch.Tensor], deltas: Mapping[str, torch.Tensor], scale: float
) -> Dense:
    """The affine maps with the deltas beside the frozen matrices, for training."""
    plain = dense_of(weights)

    def dense(x: torch.Tensor, at: str) -> torch.Tensor:
        down = deltas.get(f"{at}.A")
        if down is None:
            return plain(x, at)
        up = deltas[f"{at}.B"]
        return plain(x, at) + scale * linear(linear(x, down.to(x.dtype)), up.to(x.dtype))

    return dense


def merge_deltas(
    weights: Mapping[str, torch.Tensor], deltas: Mapping[str, torch.Tensor], scale: float
) -> dict[str, torch.Tensor]:
    """The weights with deltas added or matrices replaced, each in the precision it had."""
    merged = dict(weights)
    for name in deltas:
        if name in weights:
            merged[name] = deltas[name].to(weights[name])
        elif name.endswith(".A"):
            site = name.removesuffix(".A")
            delta = deltas[f"{site}.B"].float() @ deltas[name].float()
            old = weights[f"{site}.weight"]
            merged[f"{site}.weight"] = (old.float() + scale * delta.to(old.device)).to(old.dtype)
    return merged


def save_adapter(
    folder: Path,
    config: AdapterConfig,
    deltas: Mapping[str, torch.Tensor],
    head: Mapping[str, torch.Tensor],
) -> None:
    """Write both files, the deltas in bfloat16, the head as it is. The tensors come first: a folder
    without `adapter.json` is no adapter yet.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.detach().to(torch.bfloat16).cpu() for name, value in deltas.items()}
    tensors |= {f"head.{name}": value.detach().cpu() for name, value in head.items()}
    save_file({name: value.contiguous() for name, value in tensors.items()}, folder / TENSORS)
    text = json.dumps(asdict(config), indent=1, ensure_ascii=False) + "\n"
    (folder / CONFIG).write_text(text, encoding="utf-8")


def read_config(folder: Path) -> AdapterConfig:
    """Raises `ModelUnavailable` for a folder that holds no adapter, or one of another format."""
    try:
        found = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        plain = {"layers": tuple(found["layers"]), "options": dict(found["options"])}
        config = AdapterConfig(**{**found, **plain})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelUnavailable(
            f"{folder / CONFIG} is missing or not the description of an adapter ({error}).",
            "Give a folder that `lectern train` has written.",
        ) from error
    if config.format != FORMAT:
        raise ModelUnavailable(
            f"{folder} has format {config.format}; this version of Lectern reads {FORMAT}.",
            "Train it again, or use the version that wrote it.",
        )
    return config


@dataclass(frozen=True, slots=True)
class AdaptedEncoder:
    """An encoder with its deltas merged, and the tensors of the head that was trained with it."""

    config: AdapterConfig
    shape: BertShape
    weights: dict[str, torch.Tensor]
    head: dict[str, torch.Tensor]


def base_digest(base: Path) -> str:
    """The hash by which weights are known: of the one safetensors file, or of all their hashes.

    Raises `ModelUnavailable` where the folder has none.
    """
    digests = [file_digest(path) for path in sorted(base.glob("*.safetensors"))]
    if not digests:
        raise ModelUnavailable(
            f"{base} holds no safetensors weights.", "Save the model with safetensors."
        )
    return digests[0] if len(digests) == 1 else sha256("".join(digests).encode()).hexdigest()


def check_base(folder: Path, config: AdapterConfig, base: Path) -> None:
    """Raises `ModelUnavailable` when `base` is not what the adapter in `folder` was made for."""
    found = base_digest(base)
    if found != config.base_sha256:
        raise ModelUnavailable(
            f"The adapter in {folder} was made for {config.base} with weights "
            f"{config.base_sha256[:12]}…, but {base} holds {found[:12]}….",
            f"Use it on {config.base}, or train it again on this model.",
        )


def read_tensors(
    folder: Path, device: str = "cpu"
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """(deltas, head) of an adapter. Raises `ModelUnavailable` for a missing or damaged file."""
    try:
        tensors = load_file(folder / TENSORS, device=device)
    except (OSError, SafetensorError) as error:
        raise ModelUnavailable(
            f"{folder / TENSORS} is missing or damaged ({error}).", "Copy or train it again."
        ) from error
    head = {n.removeprefix("head."): v for n, v in tensors.items() if n.startswith("head.")}
    return {n: v for n, v in tensors.items() if not n.startswith("head.")}, head


def _are_described(
    deltas: Mapping[str, torch.Tensor], config: AdapterConfig, weights: Mapping[str, torch.Tensor]
) -> bool:
    """Whether the deltas have the names and shapes that the description gives them."""
    due: dict[str, tuple[int, ...]] = {}
    if config.rank:
        for site in sites(config.layers):
            if f"{site}.weight" not in weights:
                return False
            rows, columns = weights[f"{site}.weight"].shape
            due |= {f"{site}.A": (config.rank, columns), f"{site}.B": (rows, config.rank)}
    else:
        due = {name: value.shape for name, value in weights.items() if name in deltas}
    return {name: value.shape for name, value in deltas.items()} == due


def load_adapted(
    folder: Path, base: Path, *, dtype: torch.dtype = torch.float32, device: str = "cpu"
) -> AdaptedEncoder:
    """The adapter in `folder` on the encoder in `base`.

    Raises `ModelUnavailable` when `base` is not the encoder it was made for, a file is damaged, or
    the two files are not of one training.
    """
    config = read_config(folder)
    check_base(folder, config, base)
    deltas, head = read_tensors(folder, device)
    shape = BertShape.read(base)
    weights = read_weights(base, shape, torch.float32, device)
    if not _are_described(deltas, config, weights):
        raise ModelUnavailable(
            f"{folder / TENSORS} does not hold what {CONFIG} beside it describes.",
            "Copy both files again from where it was trained, or train it again.",
        )
    # Merged in float32, rounded once.
    weights = merge_deltas(weights, deltas, config.scale)
    return AdaptedEncoder(
        config, shape, {name: value.to(dtype) for name, value in weights.items()}, head
    )
