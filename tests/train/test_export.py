from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

from cleanplate.errors import InputError
from cleanplate.models.network import Network
from cleanplate.runtime.session import Session
from cleanplate.train import export as export_module
from cleanplate.train.checkpoint import About, Weights, save_checkpoint
from cleanplate.train.export import ModelGraph, export
from cleanplate.train.optimiser import make_optimizer
from cleanplate.train.recipe import Recipe


@pytest.fixture
def run(recipe: Recipe, tmp_path: Path) -> Path:
    torch.default_generator.manual_seed(0)
    network, average = Network(recipe.model.widths), Network(recipe.model.widths)
    optimizer = make_optimizer(network, recipe.optim)
    maps = network(torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32))
    torch.autograd.backward([x.sum() for x in maps])
    cast("Any", optimizer).step()
    about = About(7, recipe.model_dump(mode="json"), "sha256:abc", "sha256:def", "c0ffee")
    save_checkpoint(tmp_path / "run", Weights(network, average, optimizer), about)
    return tmp_path / "run"


@pytest.mark.slow
def test_the_model_file_gives_what_the_averaged_weights_give_at_any_size(run: Path, recipe: Recipe) -> None:
    contract = export(run, run / "model.onnx")
    assert (contract.name, contract.version, contract.licence) == ("tiny", "1", "Apache-2.0")
    assert (contract.training_data, contract.commit) == ("sha256:abc", "c0ffee")
    assert (contract.short_side_px, contract.multiple_px) == (32, 8)
    session = Session(run / "model.onnx", num_threads=1)
    assert session.contract == contract
    network = Network(recipe.model.widths)
    export_module.load_network(run / "checkpoints" / "step_00000007" / "ema.safetensors", network)
    plate, shot = np.random.default_rng(5).random((2, 32, 72, 3), dtype=np.float32)
    with torch.no_grad():
        expected = ModelGraph(network).eval()(*(torch.as_tensor(x).permute(2, 0, 1)[None] for x in (plate, shot)))
    for truth, got in zip(expected, session.run(plate, shot), strict=True):
        assert np.abs(truth[0, 0].numpy() - got).max() < 1e-4
    other = session.run(shot, plate)
    assert np.abs(other[1] - session.run(plate, shot)[1]).max() > 1e-3


@pytest.mark.slow
def test_the_same_checkpoint_gives_the_same_bytes_without_a_path_of_this_machine(run: Path) -> None:
    export(run / "checkpoints" / "step_00000007", run / "a.onnx")
    export(run, run / "b.onnx")
    data = (run / "a.onnx").read_bytes()
    assert data == (run / "b.onnx").read_bytes()
    assert b"site-packages" not in data
    assert b"network.py" not in data


@pytest.mark.slow
def test_a_model_that_differs_from_torch_is_not_written(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = ModelGraph.forward
    calls: list[int] = []

    def treacherous(self: ModelGraph, plate: torch.Tensor, shot: torch.Tensor) -> tuple[torch.Tensor, ...]:
        calls.append(1)
        return tuple(x + (0.01 if torch.compiler.is_exporting() else 0.0) for x in honest(self, plate, shot))

    monkeypatch.setattr(ModelGraph, "forward", treacherous)
    with pytest.raises(InputError, match=r"model\.onnx: not written: alpha differs from torch by 0\.01"):
        export(run, run / "model.onnx")
    assert calls
    assert sorted(path.name for path in run.iterdir()) == ["checkpoints"]


def test_a_folder_without_a_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no checkpoint"):
        export(tmp_path, tmp_path / "model.onnx")
