"""The T5s that are made here: exact counts, and a beginning from which training starts well."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from chatbot.engines.t5_files import read_t5
from finetune.t5_shapes import SIZES, VOCABULARY, new_t5


@pytest.mark.parametrize(
    ("name", "parameters"), [("tiny", 1_098_240), ("mini", 14_685_952), ("small", 60_839_296)]
)
def test_the_counts_are_those_of_the_model(name: str, parameters: int) -> None:
    with torch.device("meta"):
        model = new_t5(SIZES[name])
    assert sum(weights.numel() for weights in model.parameters()) == parameters


def test_mesh_tensorflows_factors() -> None:
    size = SIZES["mini"]
    model = new_t5(size)
    d, inner = size.d, size.heads * size.head
    layer = model.encoder.block[0].layer
    attention, gated = layer[0].SelfAttention, layer[1].DenseReluDense
    cross = model.decoder.block[1].layer[1].EncDecAttention
    spreads = {
        "embeddings": (model.shared, 1.0),
        "output": (model.lm_head, d**-0.5),
        "query": (attention.q, (d * size.head) ** -0.5),
        "key": (attention.k, d**-0.5),
        "value": (attention.v, d**-0.5),
        "attention's output": (attention.o, inner**-0.5),
        "cross-attention's key": (cross.k, d**-0.5),
        "gate": (gated.wi_0, d**-0.5),
        "linear": (gated.wi_1, d**-0.5),
        "feed-forward's output": (gated.wo, size.ff**-0.5),
    }
    for name, (module, spread) in spreads.items():
        assert module.weight.std().item() == pytest.approx(spread, rel=0.03), name
        assert module.weight.mean().item() == pytest.approx(0, abs=spread * 0.03), name


def test_the_first_loss_is_that_of_knowing_nothing() -> None:
    model = new_t5(SIZES["mini"]).eval()
    draw = torch.Generator().manual_seed(0)
    ids = torch.randint(3, VOCABULARY, (4, 128), generator=draw)
    labels = torch.randint(3, VOCABULARY, (4, 128), generator=draw)
    with torch.inference_mode():
        loss = model(input_ids=ids, labels=labels).loss
    # Logits of N(0, 1): E log Σ exp = log V + ½.
    assert float(loss) == pytest.approx(math.log(VOCABULARY) + 0.5, abs=0.3)


def test_it_is_untied_unscaled_and_survives_the_disk(tmp_path: Path) -> None:
    import tiny_t5

    from finetune.vocabulary import save_vocabulary

    model = new_t5(SIZES["tiny"], seed=5)
    assert model.lm_head.weight is not model.shared.weight
    assert model.config.scale_decoder_outputs is False
    model.save_pretrained(tmp_path)
    save_vocabulary(tiny_t5.tokenizer(), tmp_path)
    back, _ = read_t5(tmp_path, "tiny", torch.float32)
    assert back.config.scale_decoder_outputs is False
    for name, weights in model.state_dict().items():
        torch.testing.assert_close(back.state_dict()[name], weights, rtol=0, atol=0)
    assert back.lm_head.weight is not back.shared.weight
    again = new_t5(SIZES["tiny"], seed=5)
    torch.testing.assert_close(again.state_dict(), model.state_dict(), rtol=0, atol=0)
