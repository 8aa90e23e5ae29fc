from __future__ import annotations

import errno
import json
import random
import resource
from pathlib import Path

import numpy as np
import pytest
import torch

from finetune import checkpoint
from finetune.checkpoint import Checkpoints, load_optimizer, optimizer_tensors
from finetune.errors import CheckpointNotSaved, CheckpointUnusable
from finetune.rng import restore_rng, rng_states, seed_everything


def trained(steps: int = 3) -> tuple[torch.nn.Linear, torch.optim.AdamW]:
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 2)
    optimizer = torch.optim.AdamW(model.named_parameters(), lr=0.1)
    for _ in range(steps):
        step(model, optimizer)
    return model, optimizer


def step(model: torch.nn.Linear, optimizer: torch.optim.AdamW) -> None:
    model(torch.ones(3, 4)).square().sum().backward()
    optimizer.step()
    optimizer.zero_grad()


def save(folder: Checkpoints, number: int) -> Path:
    return folder.save(number, {"w": torch.full((2,), float(number))}, None, {"at": number})


def test_what_was_saved_is_loaded_and_training_goes_on_alike(tmp_path: Path) -> None:
    model, optimizer = trained()
    place = Checkpoints(tmp_path).save(3, model.state_dict(), optimizer, {"best": 0.5})
    step(model, optimizer)

    found = Checkpoints.load(place)
    assert (found.step, found.state) == (3, {"best": 0.5})
    again = torch.nn.Linear(4, 2)
    again.load_state_dict(found.tensors)
    other = torch.optim.AdamW(again.named_parameters(), lr=0.1)
    load_optimizer(other, found.optimizer)
    step(again, other)
    assert torch.equal(again.weight, model.weight)
    assert torch.equal(again.bias, model.bias)


def test_no_file_of_a_checkpoint_is_a_pickle(tmp_path: Path) -> None:
    model, optimizer = trained()
    place = Checkpoints(tmp_path).save(1, model.state_dict(), optimizer, {})
    names = sorted(file.name for file in place.iterdir())
    assert names == ["optimizer.safetensors", "state.json", "tensors.safetensors"]


def test_the_newest_and_the_best_stay(tmp_path: Path) -> None:
    folder = Checkpoints(tmp_path, keep=2)
    assert folder.latest() is None
    for number in (1, 2, 3, 4):
        save(folder, number)
        if number == 2:
            folder.mark_best(2)
    kept = sorted(place.name for place in tmp_path.glob("step-*"))
    assert kept == ["step-00000002", "step-00000003", "step-00000004"]
    assert folder.latest() == tmp_path / "step-00000004"
    assert folder.best() == tmp_path / "step-00000002"
    folder.mark_best(4)
    assert not (tmp_path / "step-00000002").exists()


def test_a_disk_that_fills_leaves_the_last_good_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Checkpoints(tmp_path)
    save(folder, 1)

    def full(tensors: object, path: Path) -> None:
        path.write_bytes(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(CheckpointNotSaved, match=r"step 2 .*No space left.*step-00000001"):
        save(folder, 2)
    assert [place.name for place in tmp_path.iterdir()] == ["step-00000001"]
    assert Checkpoints.load(tmp_path / "step-00000001").tensors["w"].tolist() == [1, 1]


def test_a_write_that_the_system_refuses_is_named(tmp_path: Path) -> None:
    """The same without a stand-in: the kernel allows files of 4 kB."""
    folder = Checkpoints(tmp_path)
    save(folder, 1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(CheckpointNotSaved, match="step 2"):
            folder.save(2, {"w": torch.zeros(10_000)}, None, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [place.name for place in tmp_path.iterdir()] == ["step-00000001"]


def test_what_a_kill_left_half_written_is_not_a_checkpoint(tmp_path: Path) -> None:
    (tmp_path / ".step-00000009.part").mkdir()
    folder = Checkpoints(tmp_path)
    assert folder.latest() is None
    save(folder, 1)
    assert [place.name for place in tmp_path.iterdir()] == ["step-00000001"]


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    place = save(Checkpoints(tmp_path), 1)
    weights = place / "tensors.safetensors"
    weights.write_bytes(weights.read_bytes()[:-3])
    with pytest.raises(CheckpointUnusable, match="step-00000001"):
        Checkpoints.load(place)


def test_moments_of_other_parameters_are_refused() -> None:
    _, optimizer = trained()
    moments = optimizer_tensors(optimizer)
    assert {name.rpartition("/")[0] for name in moments} == {"weight", "bias"}
    stranger = torch.optim.AdamW([("other", torch.nn.Parameter(torch.zeros(2)))])
    with pytest.raises(CheckpointUnusable, match="weight"):
        load_optimizer(stranger, moments)
    with pytest.raises(ValueError, match="named"):
        optimizer_tensors(torch.optim.AdamW([torch.nn.Parameter(torch.zeros(2))]))


def test_random_numbers_go_on_where_they_were_through_json() -> None:
    def draw() -> list[float]:
        return [random.random(), float(np.random.rand()), float(torch.rand(())), random.gauss()]

    seed_everything(7)
    random.gauss()
    np.random.randn()
    states = json.loads(json.dumps(rng_states()))
    expected = draw()
    restore_rng(states)
    assert draw() == expected


def test_a_seed_with_a_step_is_another_seed() -> None:
    drawn = []
    for parts in ((7,), (7, 1), (7, 2), (7, 1)):
        seed_everything(*parts)
        drawn.append((random.random(), float(np.random.rand()), float(torch.rand(()))))
    assert drawn[1] == drawn[3]
    assert len({*drawn}) == 3
