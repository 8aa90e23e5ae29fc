"""The plan's formulas against hand-worked cases and against what autograd really keeps."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from rich.console import Console
from transformers import T5Config, T5ForConditionalGeneration

from finetune.models import AdapterSettings, adapt
from finetune.planning.activations import Batch, Kept
from finetune.planning.devices import GPUS, Device, device_of, half_by_default
from finetune.planning.memory import RUNTIME, Job, Way, plan_memory
from finetune.planning.shapes import FLAN_T5, T5Shape, read_shape, shape_of
from finetune.planning.table import plan, plan_table
from finetune.planning.time import forward_operations, step_operations, step_seconds
from finetune.precision import Precision
from ingestion.errors import LecternError

TINY = T5Shape(d=48, ff=160, layers=3, heads=3, head_width=32, vocabulary=500)
BATCH = Batch(4, 33, 21)


def tiny_model(method: str, dtype: torch.dtype) -> Any:
    config = T5Config(
        vocab_size=TINY.vocabulary,
        d_model=TINY.d,
        d_ff=TINY.ff,
        d_kv=TINY.head_width,
        num_layers=TINY.layers,
        num_decoder_layers=TINY.layers,
        num_heads=TINY.heads,
        dropout_rate=0.0,
        feed_forward_proj="gated-gelu",
        decoder_start_token_id=0,
    )
    model = T5ForConditionalGeneration(config)
    model.config.tie_word_embeddings = False
    model.lm_head.weight = torch.nn.Parameter(torch.randn(TINY.vocabulary, TINY.d))
    return adapt(model.to(dtype), AdapterSettings(method=method, r=4)).train()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("flan-t5-small", 76_961_152),
        ("flan-t5-base", 247_577_856),
        ("flan-t5-large", 783_150_080),
        ("flan-t5-xl", 2_849_757_184),
        ("flan-t5-xxl", 11_135_332_352),
    ],
)
def test_the_weights_of_flan_t5_are_as_published(name: str, weights: int) -> None:
    assert FLAN_T5[name].parameters == weights
    assert shape_of(f"google/{name}") is FLAN_T5[name]


def test_weights_are_counted_as_the_model_has_them() -> None:
    model = tiny_model("full", torch.float32)
    assert sum(p.numel() for p in model.parameters()) == TINY.parameters
    tuned = tiny_model("lora", torch.float32)
    assert sum(p.numel() for p in tuned.parameters() if p.requires_grad) == TINY.lora(4)


@pytest.mark.parametrize("method", ["full", "lora"])
@pytest.mark.parametrize("compute", [torch.float32, torch.bfloat16])
def test_activations_are_what_autograd_keeps(method: str, compute: torch.dtype) -> None:
    """Every tensor saved in a real forward pass, each storage once, weights left out."""
    held = torch.float32 if method == "full" else compute
    model = tiny_model(method, held)
    weights = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        place = tensor.untyped_storage().data_ptr()
        if place not in weights:
            kept[place] = tensor
        return tensor

    mask = torch.ones(BATCH.examples, BATCH.source, dtype=torch.long)
    mask[0, -1] = 0
    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        Precision(compute, "cpu").autocast(),
    ):
        model(
            input_ids=torch.randint(2, 500, (BATCH.examples, BATCH.source)),
            attention_mask=mask,
            labels=torch.randint(2, 500, (BATCH.examples, BATCH.target)),
            use_cache=False,
        )

    real = sum(tensor.untyped_storage().nbytes() for tensor in kept.values())
    rank = 0 if method == "full" else 4
    formula = Kept(TINY, BATCH, rank, 2 if compute == torch.bfloat16 else 4).total()
    assert formula == pytest.approx(real, rel=0.01)


def test_full_training_by_hand() -> None:
    """Sixteen bytes a weight are held or made; one block's activations worked out on paper."""
    shape = T5Shape(d=2, ff=3, layers=1, heads=1, head_width=2, vocabulary=5)
    batch = Batch(1, 2, 1)
    # attention 4·2·2 = 16, feed-forward 3·2·3 = 18; encoder 34, decoder 50; two tables of 10;
    # norms 2·5 + 4; biases 2·32.
    assert shape.parameters == 34 + 50 + 20 + 14 + 64 == 182

    kept = Kept(shape, batch, rank=0, a=4)
    # A norm of 2 tokens: input and normalized, 2 numbers each, and one factor: 2·(2+2+1)·4 = 40.
    assert kept.norm(2) == 40
    # Self-attention of 2 tokens: its input and the output's input 2·2 numbers each; query, key,
    # value 3·2·2; probabilities 2·2.
    assert kept.self_attention(2, 4) == 4 * (4 + 4 + 12 + 4)
    # Feed-forward: its input 2·2, six tensors and the last input of 2·3.
    assert kept.feed_forward(2) == 4 * (4 + 7 * 6)
    assert kept.encoder_block() == 2 * 40 + 96 + 184

    memory = plan_memory(shape, Job("full", batch, half=False))
    assert (memory.weights, memory.gradients, memory.optimizer) == (4 * 182, 4 * 182, 8 * 182)
    assert memory.activations == kept.total()
    assert memory.total == memory.peak + RUNTIME["cpu"]


def test_lora_holds_frozen_weights_in_half_and_moments_of_the_adapter_alone() -> None:
    base = FLAN_T5["flan-t5-base"]
    memory = plan_memory(base, Job("lora", Batch(8, 512, 128), half=True, rank=16))

    adapter = base.lora(16)
    assert memory.weights == 2 * base.parameters + 4 * adapter
    assert (memory.gradients, memory.optimizer) == (4 * adapter, 8 * adapter)


def test_int8_holds_a_byte_a_weight_of_the_matrices() -> None:
    xxl = FLAN_T5["flan-t5-xxl"]
    size = Batch(1, 512, 128)
    half = plan_memory(xxl, Job("lora", size)).weights
    small = plan_memory(xxl, Job("int8-lora", size)).weights
    assert half - small == xxl.encoder_linear + xxl.decoder_linear


def test_checkpointing_keeps_less_and_computes_more() -> None:
    shape, size = FLAN_T5["flan-t5-small"], Batch(8, 256, 64)
    plain, thrifty = (Job("lora", size, checkpointing=on) for on in (False, True))

    assert plan_memory(shape, thrifty).activations < 0.4 * plan_memory(shape, plain).activations
    assert step_operations(shape, thrifty) == 1.5 * step_operations(shape, plain)


def test_a_gpu_updates_all_weights_at_once() -> None:
    shape, size = FLAN_T5["flan-t5-large"], Batch(1, 16, 8)
    job = Job("full", size)
    gpu, cpu = (plan_memory(shape, job, kind) for kind in ("cuda", "cpu"))
    assert gpu.working == 2 * gpu.gradients > cpu.working


def test_operations_by_hand() -> None:
    """Two operations a weight and token; the cross-attention's keys are made of source tokens."""
    shape = T5Shape(d=2, ff=3, layers=1, heads=1, head_width=2, vocabulary=5)
    job = Job("full", Batch(1, 3, 1), half=False)
    # source: 34 + 8 of the cross-attention; target: 50 − 8 + 10; pairs 9 + 1 + 3, 4·2 each.
    expected = 2 * (3 * 42 + 1 * 52) + 8 * 13
    assert forward_operations(shape, job) == expected
    assert step_operations(shape, job) == 3 * expected
    assert step_seconds(shape, job, 1000.0) == pytest.approx(3 * expected / 1000)


def test_a_shape_is_read_from_a_folder(tiny: Path) -> None:
    shape = read_shape(tiny)
    model = T5ForConditionalGeneration.from_pretrained(tiny)
    assert shape.parameters == sum(p.numel() for p in model.parameters())
    assert shape_of(str(tiny)) == shape


def test_a_model_that_is_no_gated_t5_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "t5", "feed_forward_proj": "relu"}')
    with pytest.raises(LecternError, match="feed-forward layers are not gated"):
        read_shape(tmp_path)


def test_what_fits_is_told_for_every_model_and_way() -> None:
    device = Device("a card", "cuda", 16 * 10**9, 1e13)
    jobs = [Job(way, Batch(8, 512, 128)) for way in ("full", "inference")]  # type: ignore[arg-type]
    models = [(name, FLAN_T5[name]) for name in ("flan-t5-small", "flan-t5-xl")]

    rows = plan(models, jobs, device)

    told = [(row.model, row.way, row.fits) for row in rows]
    assert told == [
        ("flan-t5-small", "full", True),
        ("flan-t5-small", "inference", True),
        ("flan-t5-xl", "full", False),
        ("flan-t5-xl", "inference", True),
    ]
    assert rows[0].as_json()["examples_per_second"] == pytest.approx(8 / rows[0].seconds)


def test_on_a_cpu_what_fits_has_room_for_what_glibc_keeps() -> None:
    job = Job("lora", Batch(8, 256, 64), half=False)
    memory = plan_memory(FLAN_T5["flan-t5-small"], job)
    kept = round(memory.peak / 0.593)  # as LoRA in float32 was measured
    models = [("flan-t5-small", FLAN_T5["flan-t5-small"])]

    def fits(kind: Literal["cpu", "cuda"], size: int) -> bool:
        return plan(models, [job], Device("d", kind, size, 1e12))[0].fits

    assert not fits("cpu", memory.total)
    assert fits("cpu", round(1.02 * kept) + memory.runtime)
    assert fits("cuda", plan_memory(FLAN_T5["flan-t5-small"], job, "cuda").total)
    said = str(plan_table([], Device("this machine's CPU", "cpu", 10**9, 1e12)).caption)
    assert "MALLOC_MMAP_THRESHOLD_" in said
    assert "MALLOC" not in str(plan_table([], Device("a card", "cuda", 10**9, 1e12)).caption)


def test_no_figure_is_cut_in_a_terminal_of_80_columns() -> None:
    device = Device("this machine's CPU", "cpu", 25 * 10**9, 6e10)
    ways: tuple[Way, ...] = ("full", "lora", "int8-lora", "inference")
    jobs = [Job(way, Batch(8, 512, 128), half=False) for way in ways]
    table = plan_table(plan(list(FLAN_T5.items()), jobs, device), device)

    def shown(width: int) -> list[str]:
        console = Console(width=width, file=io.StringIO())
        with console.capture() as captured:
            console.print(table)
        return [word for word in captured.get().split() if not word.startswith("─")]

    assert shown(80) == shown(200)


def test_an_unknown_device_is_named_with_those_known() -> None:
    with pytest.raises(LecternError, match=r"no device abacus .* t4, l4"):
        device_of("abacus", half=True)
    assert not half_by_default("t4")
    assert all(half_by_default(name) for name in GPUS if name != "t4")
    assert device_of("h200", half=True).memory == 141 * 10**9
