"""Embeddings taken from the packaged encoder for another vocabulary, and what the output copies."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import normalize

from finetune.pretraining.borrowed import borrowed_embeddings
from finetune.t5_shapes import SIZES, new_t5
from ingestion.encoders.factory import packaged_folder

PIECES = [
    "<pad>", "</s>", "<extra_id_0>",
    "▁king", "▁queen", "▁protein", "▁proteins", "▁The", "▁the", "ing",
    *(f"▁{word}" for word in (
        "cell river law seven eight market atom enzyme amino price demand verb noun vector matrix "
        "music painter nerve muscle bone planet star court judge tax bank"
    ).split()),
]  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> torch.Tensor:
    return borrowed_embeddings(PIECES, packaged_folder(), 16, seed=3)


def test_kin_stand_nearer_than_strangers(rows: torch.Tensor) -> None:
    unit = normalize(rows, dim=1)

    def alike(one: str, other: str) -> float:
        return float(unit[PIECES.index(one)] @ unit[PIECES.index(other)])

    assert alike("▁protein", "▁proteins") > 0.6 > alike("▁protein", "▁king")
    assert alike("▁king", "▁queen") > alike("▁king", "▁enzyme") + 0.2
    assert 0.5 < alike("▁The", "▁the") < 0.99  # the encoder reads both as one


def test_spread_seed_and_marks(rows: torch.Tensor) -> None:
    assert rows.shape == (len(PIECES), 16)
    assert float(rows.std()) == pytest.approx(1, abs=0.1)
    torch.testing.assert_close(rows, borrowed_embeddings(PIECES, packaged_folder(), 16, seed=3))
    other = borrowed_embeddings(PIECES, packaged_folder(), 16, seed=4)
    assert not torch.allclose(rows, other)


@pytest.mark.parametrize("copied", [0.0, 0.3, 1.0])
def test_the_output_matrix_is_copied_in_part(copied: float) -> None:
    size = SIZES["tiny"]
    given = torch.randn(500, size.d, generator=torch.Generator().manual_seed(1))
    model = new_t5(size, 500, seed=0, embeddings=given, copied=copied)
    torch.testing.assert_close(model.shared.weight.data, given)
    assert model.lm_head.weight is not model.shared.weight
    written = model.lm_head.weight.detach()
    found = torch.corrcoef(torch.stack([written.flatten(), given.flatten()]))[0, 1]
    assert float(found) == pytest.approx(copied, abs=0.03)
    assert float(written.std()) == pytest.approx(size.d**-0.5, rel=0.05)
