"""The start of a policy: the base that an adapter is merged into, and what a run is known by."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import tiny_t5
import torch
from safetensors.torch import load_file, save_file

from finetune import merging
from finetune.errors import CheckpointUnusable, TrainingError
from finetune.models import AdapterSettings
from finetune.policy_run import PolicySource
from ingestion.errors import LecternError


def adapter(tiny: Path, folder: Path, seed: int) -> Path:
    """Of moderate size: huge deltas make a random model amplify the rounding of float32."""
    tiny_t5.make_adapter(tiny, folder, seed=seed)
    path = folder / "adapter_model.safetensors"
    save_file({name: weights * 0.3 for name, weights in load_file(path).items()}, path)
    return folder


def silent(line: str) -> None:
    pass


def weights(folder: Path | str) -> dict[str, torch.Tensor]:
    return load_file(Path(folder) / "model.safetensors")


def test_a_policy_is_not_trained_into_its_base(tiny: Path) -> None:
    with pytest.raises(LecternError, match="holds the base"):
        PolicySource(model=str(tiny)).base(tiny, silent)


@pytest.mark.parametrize("changed", ["adapter", "model"])
def test_a_base_merged_from_other_weights_is_refused_and_stays(
    tiny: Path, tmp_path: Path, changed: str
) -> None:
    """The adapter that was trained on it names that folder as its base."""
    model, tuned = tmp_path / "tiny-t5", adapter(tiny, tmp_path / "tuned", 1)
    shutil.copytree(tiny, model)
    source = PolicySource(model=str(model), adapter=tuned)
    base = source.base(tmp_path / "out", silent)
    before = weights(base)
    assert source.base(tmp_path / "out", silent) == base

    if changed == "adapter":
        adapter(tiny, tuned, 2)
    else:
        shutil.copy(tiny_t5.build(tmp_path / "other", seed=1) / "model.safetensors", model)
    with pytest.raises(CheckpointUnusable, match=f"differs in {changed}"):
        source.base(tmp_path / "out", silent)
    after = weights(base)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_merge_that_failed_its_check_is_made_again(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = PolicySource(model=str(tiny), adapter=adapter(tiny, tmp_path / "tuned", 1))
    whole = source.base(tmp_path / "whole", silent)

    def damaged(*arguments: object) -> Path:
        """The disk keeps something else than was written."""
        folder = save_model(*arguments)
        zeros = {name: torch.zeros_like(one) for name, one in weights(folder).items()}
        save_file(zeros, folder / "model.safetensors", metadata={"format": "pt"})
        return folder

    save_model = merging.save_model
    with monkeypatch.context() as patched, pytest.raises(TrainingError, match="something else"):
        patched.setattr(merging, "save_model", damaged)
        source.base(tmp_path / "out", silent)
    expected, again = weights(whole), weights(source.base(tmp_path / "out", silent))
    assert all(torch.equal(expected[name], again[name]) for name in expected)


def test_the_same_start_has_one_identity_and_another_has_another(
    tiny: Path, tmp_path: Path
) -> None:
    model = tmp_path / "tiny-t5"
    shutil.copytree(tiny, model)

    def identity(**changed: object) -> dict[str, object]:
        source = PolicySource(model=str(model), device="cpu").model_copy(update=changed)
        return source.identity(str(model), source.open(str(model), seed=0))

    first = identity()
    assert identity(precision="float32", device="auto") == first
    for changed in ({"window": 64}, {"lora": AdapterSettings(r=2)}):
        assert identity(**changed) != first
    shutil.copy(tiny_t5.build(tmp_path / "other", seed=1) / "model.safetensors", model)
    assert identity() != first
