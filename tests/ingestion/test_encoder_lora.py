"""Low-rank deltas on an encoder: nothing at first, the same merged as beside, only on its base."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny_bert
import torch

from ingestion.encoders.bert_forward import BertShape, mean_pool, pad, read_weights, token_states
from ingestion.encoders.lora import (
    AdapterConfig,
    adapted_dense,
    load_adapted,
    merge_deltas,
    new_deltas,
    save_adapter,
    sites,
)
from ingestion.errors import ModelUnavailable
from ingestion.hashing import file_digest

LAYERS = tuple(range(tiny_bert.LAYERS))


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tiny_bert.build(tmp_path / "base", [f"word{number}" for number in range(26)])


def drawn_deltas(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Deltas of bfloat16's precision, so that saving loses nothing."""
    deltas = new_deltas(weights, LAYERS, 4, torch.Generator().manual_seed(1))
    return {
        name: (torch.randn_like(value) * 0.3).to(torch.bfloat16).float()
        for name, value in deltas.items()
    }


def config_for(base: Path) -> AdapterConfig:
    digest = file_digest(base / "model.safetensors")
    return AdapterConfig("toxicity", "tiny", digest, 4, 8.0, LAYERS, {"window": 12})


def test_fresh_deltas_change_nothing(base: Path) -> None:
    shape = BertShape.read(base)
    weights = read_weights(base, shape, torch.float32)
    deltas = new_deltas(weights, LAYERS, 4, torch.Generator().manual_seed(1))
    tokens, mask = pad([[3, 5, 7], [2, 9]])

    plain = token_states(weights, shape, tokens, mask)
    adapted = token_states(
        weights, shape, tokens, mask, dense=adapted_dense(weights, deltas, scale=2.0)
    )

    assert torch.equal(plain, adapted)


def test_merged_saved_and_loaded_is_what_was_trained(base: Path, tmp_path: Path) -> None:
    shape = BertShape.read(base)
    weights = read_weights(base, shape, torch.float32)
    deltas, config = drawn_deltas(weights), config_for(base)
    tokens, mask = pad([[3, 5, 7], [2, 9]])
    beside = token_states(
        weights, shape, tokens, mask, dense=adapted_dense(weights, deltas, config.scale)
    )
    head = {"weight": torch.randn(1, 16)}

    save_adapter(tmp_path / "judge", config, deltas, head)
    loaded = load_adapted(tmp_path / "judge", base)

    assert loaded.config == config
    assert torch.equal(loaded.head["weight"], head["weight"])
    merged = token_states(loaded.weights, loaded.shape, tokens, mask)
    torch.testing.assert_close(merged, beside, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(merged, token_states(weights, shape, tokens, mask), atol=1e-2)


def test_only_the_deltas_take_gradients(base: Path) -> None:
    shape = BertShape.read(base)
    weights = read_weights(base, shape, torch.float32)
    deltas = {n: v.requires_grad_() for n, v in drawn_deltas(weights).items()}
    tokens, mask = pad([[3, 5, 7], [2, 9]])

    states = token_states(weights, shape, tokens, mask, dense=adapted_dense(weights, deltas, 2.0))
    mean_pool(states, mask).square().sum().backward()

    assert len(deltas) == 2 * len(sites(LAYERS))
    assert all(v.grad is not None and v.grad.abs().sum() > 0 for v in deltas.values())


def test_padding_changes_no_vector(base: Path) -> None:
    shape = BertShape.read(base)
    weights = read_weights(base, shape, torch.float32)

    def pooled(*ids: list[int]) -> torch.Tensor:
        tokens, mask = pad(ids)
        return mean_pool(token_states(weights, shape, tokens, mask), mask)

    together = pooled([2, 9], [3, 5, 7, 11, 4])
    torch.testing.assert_close(together[:1], pooled([2, 9]), atol=1e-5, rtol=1e-5)


def test_segments_choose_the_row_of_the_type_embeddings(base: Path) -> None:
    shape = BertShape.read(base)
    weights = read_weights(base, shape, torch.float32)
    tokens, mask = pad([[3, 5, 7]])

    first = token_states(weights, shape, tokens, mask)
    zeros = token_states(weights, shape, tokens, mask, segments=torch.zeros_like(tokens))
    ones = token_states(weights, shape, tokens, mask, segments=torch.ones_like(tokens))

    torch.testing.assert_close(first, zeros)
    assert not torch.allclose(first, ones, atol=1e-3)


def test_another_base_is_refused_with_both_hashes(base: Path, tmp_path: Path) -> None:
    weights = read_weights(base, BertShape.read(base), torch.float32)
    config = replace(config_for(base), base_sha256="0" * 64)
    save_adapter(tmp_path / "judge", config, drawn_deltas(weights), {})

    with pytest.raises(ModelUnavailable, match=r"made for tiny with weights 000000000000…"):
        load_adapted(tmp_path / "judge", base)


def test_a_damaged_file_is_named(base: Path, tmp_path: Path) -> None:
    weights = read_weights(base, BertShape.read(base), torch.float32)
    save_adapter(tmp_path / "judge", config_for(base), drawn_deltas(weights), {})
    tensors = tmp_path / "judge" / "adapter.safetensors"
    tensors.write_bytes(tensors.read_bytes()[:100])

    with pytest.raises(ModelUnavailable, match=r"adapter\.safetensors is missing or damaged"):
        load_adapted(tmp_path / "judge", base)


@pytest.mark.parametrize(
    "other", [{"rank": 8}, {"rank": 0}, {"layers": (0,)}, {"layers": (0, 1, 2)}], ids=str
)
def test_the_tensors_of_one_training_beside_the_record_of_another_are_refused(
    base: Path, tmp_path: Path, other: dict[str, Any]
) -> None:
    """Scaled by another rank, or without some of its layers, it would say something else."""
    weights = read_weights(base, BertShape.read(base), torch.float32)
    config = replace(config_for(base), **other)
    save_adapter(tmp_path / "judge", config, drawn_deltas(weights), {})

    with pytest.raises(ModelUnavailable, match=r"does not hold what adapter\.json beside it"):
        load_adapted(tmp_path / "judge", base)


def test_a_folder_without_an_adapter_is_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"adapter\.json is missing"):
        load_adapted(tmp_path, base)


def test_merging_leaves_the_weights_it_was_given(base: Path) -> None:
    weights = read_weights(base, BertShape.read(base), torch.float32)
    site = f"{sites(LAYERS)[0]}.weight"
    before = weights[site].clone()

    merged = merge_deltas(weights, drawn_deltas(weights), 2.0)

    assert torch.equal(weights[site], before)
    assert not torch.equal(merged[site], before)


def test_whole_matrices_replace_those_of_the_base(base: Path, tmp_path: Path) -> None:
    weights = read_weights(base, BertShape.read(base), torch.float32)
    site = f"{sites(LAYERS)[0]}.weight"
    trained = torch.ones_like(weights[site])
    save_adapter(tmp_path / "judge", replace(config_for(base), rank=0), {site: trained}, {})

    loaded = load_adapted(tmp_path / "judge", base)

    assert torch.equal(loaded.weights[site], trained)
    others = [name for name in weights if name != site]
    assert all(torch.equal(loaded.weights[name], weights[name]) for name in others)
