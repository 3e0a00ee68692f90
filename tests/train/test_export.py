from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from cleanplate.errors import InputError
from cleanplate.models import lite0
from cleanplate.models.network import Network
from cleanplate.runtime.session import SeenPlate, Session
from cleanplate.train import export as export_module
from cleanplate.train.checkpoint import About
from cleanplate.train.export import ModelGraph, difference, export, make_contract, weights_of
from cleanplate.train.quantise import Pair, file_bytes
from cleanplate.train.recipe import Recipe


@pytest.mark.slow
def test_the_model_file_gives_what_the_averaged_weights_give_at_any_size(run: Path, recipe: Recipe) -> None:
    contract = export(run, run / "model.onnx")
    assert (contract.name, contract.version, contract.licence) == ("tiny", "1", "Apache-2.0")
    assert (contract.training_data, contract.commit) == ("sha256:abc", "c0ffee")
    assert (contract.short_side_px, contract.multiple_px) == (32, 8)
    assert (contract.precision, contract.without_plate) == ("float32", False)
    session = Session(run / "model.onnx", num_threads=1)
    assert session.contract == contract
    network = Network(recipe.model.widths)
    export_module.load_network(run / "checkpoints" / "step_00000007" / "ema.safetensors", network)
    graph = ModelGraph(network).eval()
    for size_hw in ((32, 32), (32, 64), (32, 72), (64, 32), (128, 32)):
        pair = Pair(*np.random.default_rng(5).random((2, *size_hw, 3), dtype=np.float32))
        assert max(difference(graph, session, pair, mean=False).values()) < 0.01  # weights are kept in 16 bits
    other = session.run(pair.shot, pair.plate)
    assert np.abs(other[1] - session.run(*pair)[1]).max() > 1e-3


@pytest.mark.slow
def test_the_graph_gives_to_the_last_digits_what_torch_gives_at_any_size(recipe: Recipe, tmp_path: Path) -> None:
    network = Network(recipe.model.widths)
    graph = ModelGraph(network).eval()
    model = export_module.to_onnx(graph, recipe.multiple_px)
    contract = make_contract(recipe, About(1, {}, "sha256:a", "sha256:b", "c"), model)
    (tmp_path / "model.onnx").write_bytes(file_bytes(model, contract))
    session = Session(tmp_path / "model.onnx", num_threads=1)
    for size_hw in ((32, 32), (32, 72), (64, 32), (128, 32)):
        pair = Pair(*np.random.default_rng(5).random((2, *size_hw, 3), dtype=np.float32))
        assert max(difference(graph, session, pair, mean=False).values()) < 1e-4


@pytest.mark.slow
def test_what_was_seen_in_the_plate_is_worked_out_once(pretrained_run: Path, tmp_path: Path) -> None:
    contract = export(pretrained_run, tmp_path / "model.onnx")
    assert contract.num_features == len(lite0.WIDTHS)
    kinds = {node.op_type for node in onnx.ModelProto.FromString((tmp_path / "model.onnx").read_bytes()).graph.node}
    assert "Conv" in kinds
    assert "Pad" not in kinds  # padding is part of the convolutions
    session = Session(tmp_path / "model.onnx", num_threads=1)
    plate, shot = np.random.default_rng(0).random((2, 64, 96, 3), dtype=np.float32)
    seen = session.see(plate)
    assert [x.shape[1] for name, x in seen.feeds.items() if name != "plate"] == list(lite0.WIDTHS)
    for ours, joint in zip(session.run(seen, shot), session.run(plate, shot), strict=True):
        assert np.array_equal(ours, joint)
    other = session.see(shot)
    mixed = SeenPlate(seen.size_hw, {**other.feeds, "plate": seen.feeds["plate"]})
    assert not np.allclose(session.run(mixed, shot)[0], session.run(seen, shot)[0])  # it is what was seen that counts


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

    def treacherous(
        self: ModelGraph, plate: torch.Tensor, shot: torch.Tensor, of_plate: list[torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, ...]:
        calls.append(1)
        return tuple(x + (0.01 if torch.compiler.is_exporting() else 0.0) for x in honest(self, plate, shot, of_plate))

    monkeypatch.setattr(ModelGraph, "forward", treacherous)
    with pytest.raises(InputError, match=r"model\.onnx: not written: alpha differs from torch by 0\.01"):
        export(run, run / "model.onnx")
    assert calls
    assert sorted(path.name for path in run.iterdir()) == ["checkpoints"]


def test_who_has_trained_without_plates_can_do_without(recipe: Recipe) -> None:
    about, model = About(1, {}, "sha256:a", "sha256:b", "c"), onnx.ModelProto()
    without = recipe.model_copy(update={"effects": replace(recipe.effects, no_plate_p=0.1)})
    assert make_contract(without, about, model).without_plate
    assert not make_contract(recipe, about, model).without_plate
    assert make_contract(recipe, about, model).weights == weights_of(model)


def test_a_set_that_was_trained_on_twice_is_named_once(recipe: Recipe) -> None:
    about = About(1, {}, "sha256:a+sha256:b+sha256:a", "sha256:c", "d")
    assert make_contract(recipe, about, onnx.ModelProto()).training_data == "sha256:a+sha256:b"


def test_a_folder_without_a_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no checkpoint"):
        export(tmp_path, tmp_path / "model.onnx")
