"""A model file is a network again, which computes the same and can go on learning."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from cleanplate.cli.main import main
from cleanplate.errors import InputError
from cleanplate.models.network import Maps
from cleanplate.runtime.model_file import read_model_file
from cleanplate.runtime.session import Session
from cleanplate.train.checkpoint import AVERAGE, About, load_network, read_about, save_average
from cleanplate.train.data import Batch, collate
from cleanplate.train.export import export, weights_of
from cleanplate.train.matte import MatteAndDepth
from cleanplate.train.quantise import file_bytes
from cleanplate.train.recipe import Recipe, recipe_from_json
from cleanplate.train.revive import revive
from cleanplate.train.runs import find_checkpoint


@pytest.fixture
def batch(train: list[object]) -> Batch:
    return collate([train[index] for index in range(len(train))])  # pyright: ignore[reportArgumentType]


def _maps(folder: Path, batch: Batch, *, learning: bool = False) -> Maps:
    network = MatteAndDepth(recipe_from_json(Recipe, read_about(folder).recipe, "x")).network()
    load_network(folder / AVERAGE, network)
    with torch.no_grad():
        return network.train(learning)(batch.plate, batch.shot)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["run", "pretrained_run"])
def test_what_is_revived_computes_what_the_model_computes_and_nearly_so_while_it_learns(
    kind: str, request: pytest.FixtureRequest, recipe: Recipe, batch: Batch, tmp_path: Path
) -> None:
    run: Path = request.getfixturevalue(kind)
    model, folder = tmp_path / "model.onnx", tmp_path / "revived"
    export(run, model)
    revive(read_model_file(model), recipe, batch, folder)
    wanted = _maps(find_checkpoint(run), batch)
    for learning in (False, True):  # with the batch's own statistics, too
        for truth, maps in zip(wanted, _maps(folder, batch, learning=learning), strict=True):
            assert (maps - truth).abs().max() < 0.02 * truth.std()  # weights were kept in 16 bits
    about = read_about(folder)
    assert (about.training_data, about.validation_data, about.commit) == ("sha256:abc", "", "c0ffee")
    export(folder, tmp_path / "again.onnx")
    pair = np.random.default_rng(0).random((2, 64, 64, 3), dtype=np.float32)
    first_maps, second_maps = (Session(path, num_threads=1).run(*pair) for path in (model, tmp_path / "again.onnx"))
    for first, second in zip(first_maps, second_maps, strict=True):
        assert np.abs(first - second).max() < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("rises", [0, 2])
def test_a_model_of_one_layer_is_one_of_one_layer_again(
    rises: int, recipe: Recipe, batch: Batch, tmp_path: Path
) -> None:
    single = recipe.model_copy(update={"model": recipe.model.model_copy(update={"layers": 1, "depth_rises": rises})})
    about = About(0, single.model_dump(mode="json"), "sha256:abc", "", "c0ffee")
    save_average(tmp_path / "one", MatteAndDepth(single).network(), about)
    export(tmp_path / "one", tmp_path / "model.onnx")
    revive(read_model_file(tmp_path / "model.onnx"), recipe, batch, tmp_path / "revived")
    shape = read_about(tmp_path / "revived").recipe["model"]
    assert (shape["layers"], shape["depth_rises"]) == (1, rises)
    wanted, got = _maps(tmp_path / "one", batch), _maps(tmp_path / "revived", batch)
    for truth, maps in zip(wanted, got, strict=True):
        assert (maps - truth).abs().max() < 0.02 * truth.std()
    assert torch.equal(got.disparity, got.plate_disparity)


@pytest.mark.slow
def test_a_run_begins_with_a_model_file_and_goes_on(
    recipe_file: Path, data: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, out = tmp_path / "model.onnx", tmp_path / "out"
    export(run, model)
    still = ["--set", "optim.lr=1e-30", "--set", "optim.weight_decay=0", "--set", "run.validate_every=9"]
    words = ["train", str(recipe_file), "--data", str(data), "--out", str(out), "--start", str(model), *still]
    assert main([*words, "--set", "optim.steps=2"]) == 0
    about = read_about(find_checkpoint(out))
    assert about.training_data.startswith("sha256:abc+sha256:")
    begun, ended = (dict(_state(folder)) for folder in (out / "start", find_checkpoint(out)))
    assert all(torch.allclose(ended[name], values) for name, values in begun.items() if name.endswith(".weight"))
    assert main([*words, "--set", "optim.steps=2", "--resume"]) == 0
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"nothing")
    capsys.readouterr()
    words[words.index(str(model))], words[words.index(str(out))] = str(broken), str(tmp_path / "other")
    assert main(words) == 1
    assert str(broken) in capsys.readouterr().err
    words[words.index(str(broken))], wider = str(model), ["--set", "model.fusion=concat"]
    assert main([*words, *wider]) == 1
    assert f"{model}: holds another network than the recipe's" in capsys.readouterr().err
    assert not list((tmp_path / "other").iterdir())


def _state(folder: Path) -> dict[str, torch.Tensor]:
    network = MatteAndDepth(recipe_from_json(Recipe, read_about(folder).recipe, "x")).network()
    load_network(folder / AVERAGE, network)
    return network.state_dict()


@pytest.mark.slow
def test_a_model_in_8_bits_and_one_that_is_put_together_otherwise_are_refused(
    run: Path, data: Path, recipe: Recipe, batch: Batch, tmp_path: Path
) -> None:
    export(run, tmp_path / "int8.onnx", data / "train")
    with pytest.raises(InputError, match=r"int8\.onnx: computes in int8; training begins with a float32 model"):
        revive(read_model_file(tmp_path / "int8.onnx"), recipe, batch, tmp_path / "revived")
    contract = export(run, tmp_path / "model.onnx")
    model = onnx.ModelProto.FromString((tmp_path / "model.onnx").read_bytes())
    for node in model.graph.node:
        node.input[:] = [name.replace("heads", "tails") for name in node.input]
        node.output[:] = [name.replace("heads", "tails") for name in node.output]
    for weights in model.graph.initializer:
        weights.name = weights.name.replace("heads", "tails")
    contract = replace(contract, weights=weights_of(model))
    (tmp_path / "other.onnx").write_bytes(file_bytes(model, contract))
    with pytest.raises(InputError, match=r"other\.onnx: its weights are not such as this cleanplate exports; .*c0ffee"):
        revive(read_model_file(tmp_path / "other.onnx"), recipe, batch, tmp_path / "revived")
    assert not (tmp_path / "revived").exists()
