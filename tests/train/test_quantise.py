"""A model in 8 bits is small, the same every time, and close to what torch gives at any size."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from cleanplate.cli.main import main
from cleanplate.contract import network_size
from cleanplate.errors import InputError
from cleanplate.models.network import Network
from cleanplate.runtime.session import Session
from cleanplate.train import export as export_module
from cleanplate.train.checkpoint import load_network
from cleanplate.train.export import INT8, ModelGraph, Tolerance, difference, export
from cleanplate.train.quantise import calibration_pairs, delicate_convolutions
from cleanplate.train.recipe import Recipe


@pytest.mark.slow
def test_the_model_in_8_bits_is_close_to_torch_at_any_size(run: Path, data: Path, recipe: Recipe) -> None:
    contract = export(run, run / "model.onnx", data / "train")
    assert contract.precision == "int8"
    session = Session(run / "model.onnx", num_threads=1)
    assert session.contract == contract
    network = Network(recipe.model.widths)
    load_network(run / "checkpoints" / "step_00000007" / "ema.safetensors", network)
    graph = ModelGraph(network).eval()
    (pair, *_) = calibration_pairs(data / "validation", contract, recipe.effects)
    for columns in (32, 48, 64):
        part = pair._replace(plate=pair.plate[:, :columns], shot=pair.shot[:, :columns])
        for turned in (part, part._replace(plate=part.plate.swapaxes(0, 1), shot=part.shot.swapaxes(0, 1))):
            off = difference(graph, session, turned, mean=True)
            assert 0 < off.pop("alpha") < INT8.alpha
            assert max(off.values()) < INT8.disparity


@pytest.mark.slow
def test_only_convolutions_but_no_output_are_in_8_bits_and_the_bytes_are_the_same(run: Path, data: Path) -> None:
    export(run, run / "a.onnx", data / "train")
    export(run, run / "b.onnx", data / "train")
    assert (run / "a.onnx").read_bytes() == (run / "b.onnx").read_bytes()
    graph = onnx.ModelProto.FromString((run / "a.onnx").read_bytes()).graph
    stored = {tensor.name: tensor.data_type for tensor in graph.initializer}
    made_by = {output: node for node in graph.node for output in node.output}
    for node in (node for node in graph.node if node.op_type == "Conv"):
        weights = made_by[node.input[1]].input[0] if node.input[1] in made_by else node.input[1]
        last = "heads.2." in weights
        assert stored[weights] == (onnx.TensorProto.FLOAT if last else onnx.TensorProto.INT8), weights
    # an activation is part of the convolution before it, whose 256 steps are those of what it leaves
    assert not {"Relu", "Clip"} & {node.op_type for node in graph.node}
    assert [p.type.tensor_type.elem_type for p in (*graph.input, *graph.output)] == [onnx.TensorProto.FLOAT] * 5


def test_the_first_layers_of_the_pretrained_encoder_stay_as_they_are() -> None:
    def convolution(name: str, weights: str) -> onnx.NodeProto:
        return onnx.helper.make_node("Conv", ["x", weights], ["y"], name=name)

    names = ["stem.0.weight", "lite0.stem.weight", "lite0.blocks.1.expand.weight", "lite0.blocks.11.expand.weight"]
    nodes = [convolution(str(index), f"network.{name}") for index, name in enumerate(names)]
    model = onnx.helper.make_model(onnx.helper.make_graph(nodes, "g", [], []))
    assert delicate_convolutions(model) == ["1", "2"]


@pytest.mark.slow
def test_a_model_that_loses_too_much_in_8_bits_is_not_written(
    run: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_module, "INT8", Tolerance(0.0, 0.1, mean=True))
    with pytest.raises(InputError, match=r"model\.onnx: not written: alpha differs from torch by"):
        export(run, run / "model.onnx", data / "train")
    assert sorted(path.name for path in run.iterdir()) == ["checkpoints"]


def test_the_pairs_are_the_same_every_time_and_as_large_as_the_network_wants(data: Path, recipe: Recipe) -> None:
    contract = Session().contract
    first, again = (calibration_pairs(data / "train", contract, recipe.effects, 3) for _ in range(2))
    assert all(
        np.array_equal(a.shot, b.shot) and np.array_equal(a.plate, b.plate) for a, b in zip(first, again, strict=True)
    )
    assert {picture.shape for pair in first for picture in pair} == {(*network_size((32, 64), contract), 3)}


@pytest.mark.parametrize(
    ("options", "advice"), [(["--int8"], "add --calibrate DIR"), (["--calibrate", "data"], "is for --int8")]
)
def test_int8_and_calibrate_go_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], advice: str
) -> None:
    assert main(["export", str(tmp_path), "--out", str(tmp_path / "m.onnx"), *options]) == 2
    error = capsys.readouterr().err
    assert advice in error
    assert error.count("\n") == 1


@pytest.mark.slow
def test_calibrating_with_what_is_no_data_set_is_one_line(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = run / "nowhere"
    words = ["export", str(run), "--out", str(run / "m.onnx"), "--int8", "--calibrate", str(nowhere)]
    assert main(words) == 1
    assert str(nowhere) in capsys.readouterr().err
    assert not (run / "m.onnx").exists()
