import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from safetensors.torch import save
from torch import nn

from cleanplate.errors import InputError
from cleanplate.train.checkpoint import About, Weights, load_network, load_weights, read_about, save_checkpoint
from cleanplate.train.runs import newest_checkpoint

ABOUT = About(1, {"run": {}}, "sha256:a", "sha256:b", "unknown")


def _weights(seed: int, width: int = 4) -> Weights:
    torch.default_generator.manual_seed(seed)
    network, average = nn.Conv2d(3, width, 3), nn.Conv2d(3, width, 3)
    optimizer = torch.optim.AdamW(network.parameters(), fused=True)
    torch.autograd.backward(network(torch.rand(1, 3, 8, 8)).sum())
    cast("Any", optimizer).step()
    return Weights(network, average, optimizer)


def _names(run: Path) -> list[str]:
    return sorted(entry.name for entry in (run / "checkpoints").iterdir())


def test_weights_average_and_moments_come_back_bit_for_bit(tmp_path: Path) -> None:
    saved, other = _weights(1), _weights(2)
    load_weights(save_checkpoint(tmp_path, saved, ABOUT), other)
    assert torch.equal(saved.network.get_parameter("weight"), other.network.get_parameter("weight"))
    assert torch.equal(saved.average.get_parameter("bias"), other.average.get_parameter("bias"))
    for mine, theirs in zip(saved.network.parameters(), other.network.parameters(), strict=True):
        for key in ("step", "exp_avg", "exp_avg_sq"):
            assert torch.equal(saved.optimizer.state[mine][key], other.optimizer.state[theirs][key])


def test_a_weight_that_no_loss_reaches_has_no_memory_and_the_run_goes_on_all_the_same(tmp_path: Path) -> None:
    def weights(reached: bool) -> Weights:
        network, average = (nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 1, 1)) for _ in range(2))
        optimizer = torch.optim.AdamW(network.parameters(), fused=True)
        torch.autograd.backward(network[: 1 + reached](torch.rand(1, 3, 8, 8)).sum())
        cast("Any", optimizer).step()
        return Weights(network, average, optimizer)

    saved, other = weights(reached=False), weights(reached=False)
    load_weights(folder := save_checkpoint(tmp_path, saved, ABOUT), other)
    assert len(other.optimizer.state) == 2
    load_network(folder / "model.safetensors", other.network)
    whole, alone = save_checkpoint(tmp_path / "whole", weights(reached=True), ABOUT), _weights(1)
    (folder / "optimizer.safetensors").write_bytes((whole / "optimizer.safetensors").read_bytes())
    (folder / "model.safetensors").write_bytes(save(alone.network.state_dict()))
    (folder / "ema.safetensors").write_bytes(save(alone.average.state_dict()))
    with pytest.raises(InputError, match=r"optimizer\.safetensors: belongs to another network"):
        load_weights(folder, alone)


def test_only_safetensors_and_json_are_written(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path, _weights(1), ABOUT)
    assert sorted(file.name for file in folder.iterdir()) == [
        "checkpoint.json", "ema.safetensors", "model.safetensors", "optimizer.safetensors",
    ]  # fmt: skip
    assert read_about(folder) == ABOUT
    assert json.loads((folder / "checkpoint.json").read_text())["format"] == 1


def test_the_last_two_and_the_best_are_kept(tmp_path: Path) -> None:
    weights = _weights(1)
    for step in (10, 20, 30, 40):
        save_checkpoint(tmp_path, weights, replace(ABOUT, step=step, best_step=10, best_loss=0.5))
    assert _names(tmp_path) == ["step_00000010", "step_00000030", "step_00000040"]
    assert newest_checkpoint(tmp_path) == tmp_path / "checkpoints" / "step_00000040"


def test_what_a_killed_process_left_half_written_is_never_taken(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, _weights(1), replace(ABOUT, step=10))
    (tmp_path / "checkpoints" / ".step_00000020.partial").mkdir()
    assert newest_checkpoint(tmp_path) == tmp_path / "checkpoints" / "step_00000010"
    assert newest_checkpoint(tmp_path / "nowhere") is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is no checkpoint"),
        ("{", "is no JSON, or damaged or cut off; delete that checkpoint"),
        ("[" * 100_000, "is no JSON, or damaged or cut off; delete that checkpoint"),
        ("[]", "is no JSON object; delete that checkpoint"),
        ('{"format": 1}', "lacks best_loss, best_step, commit"),
        ("damaged", "is damaged at step; delete that checkpoint"),
        ("unknown", "has unknown seed; delete that checkpoint"),
        ("format 2", "has format 2, this cleanplate reads 1"),
    ],
)
def test_a_folder_that_is_no_checkpoint_is_named(tmp_path: Path, content: str | None, said: str) -> None:
    folder = save_checkpoint(tmp_path, _weights(1), ABOUT)
    path = folder / "checkpoint.json"
    text = path.read_text()
    path.unlink()
    if content is not None:
        changes: dict[str, Any] = {"format 2": {"format": 2}, "damaged": {"step": "1"}, "unknown": {"seed": 1}}
        path.write_text(json.dumps(json.loads(text) | changes[content]) if content in changes else content)
    with pytest.raises(InputError, match=said) as caught:
        read_about(folder)
    assert str(folder) in str(caught.value)


def test_a_checkpoint_whose_encoder_was_padded_otherwise_is_refused(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path, _weights(1), replace(ABOUT, recipe={"model": {"pretrained": True}}))
    with pytest.raises(InputError, match="its encoder was padded otherwise"):
        read_about(folder)


def test_damaged_or_foreign_weights_are_named(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path, _weights(1), ABOUT)
    with pytest.raises(InputError, match="belongs to another network"):
        load_network(folder / "model.safetensors", nn.Conv2d(3, 5, 3))
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(InputError, match=r"model\.safetensors: cannot be read"):
        load_network(path, nn.Conv2d(3, 4, 3))
    path.unlink()
    with pytest.raises(InputError, match=r"model\.safetensors: cannot be read"):
        load_weights(folder, _weights(1))


def test_a_disk_that_is_full_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").write_text("a file where the folder belongs")
    with pytest.raises(InputError, match=r"cannot be written .* give another --out"):
        save_checkpoint(tmp_path, _weights(1), ABOUT)
