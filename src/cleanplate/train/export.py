"""A checkpoint becomes a model: the averaged weights as ONNX, with their contract, checked through the runtime."""

import logging
import warnings
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from cleanplate.contract import INPUTS, METADATA_KEY, OUTPUTS, Contract, network_size
from cleanplate.errors import InputError
from cleanplate.imaging.files import replace_file
from cleanplate.models.network import Network
from cleanplate.runtime.session import Session
from cleanplate.train.checkpoint import About, load_network, newest_checkpoint, read_about
from cleanplate.train.matte import MatteAndDepth
from cleanplate.train.recipe import Recipe, recipe_from_json

_OPSET = 18
_TOLERANCE = 1e-4
_CHECKED_HW = ((192, 256), (352, 192))


class ModelGraph(nn.Module):
    """What the model file computes: alpha in 0..1, disparity, plate disparity."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, plate: Tensor, shot: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(1, 3, h, w) twice -> three maps (1, 1, h, w)."""
        maps = self.network(plate, shot)
        return maps.alpha_logit.sigmoid(), maps.disparity, maps.plate_disparity


def export(checkpoint: Path, out: Path) -> Contract:
    """Write the averaged weights of a checkpoint (or of a run's newest) as a model file, and return its contract.

    The file appears only after onnxruntime gave what torch gives, at two sizes.

    Raises:
        InputError: no checkpoint, or one that is damaged; the two disagree.

    """
    folder = checkpoint if (checkpoint / "checkpoint.json").exists() else newest_checkpoint(checkpoint) or checkpoint
    about = read_about(folder)
    recipe = recipe_from_json(Recipe, about.recipe, str(folder))
    network = MatteAndDepth(recipe).network()
    load_network(folder / "ema.safetensors", network)
    graph = ModelGraph(network).eval()
    contract = make_contract(recipe, about)
    model = to_onnx(graph, recipe.multiple_px)
    onnx.helper.set_model_props(model, {METADATA_KEY: contract.to_json()})
    with replace_file(out) as temporary:
        temporary.write_bytes(model.SerializeToString(deterministic=True))
        _check(temporary, graph, out)
    return contract


def make_contract(recipe: Recipe, about: About) -> Contract:
    """What the model of this run promises."""
    return Contract(
        name=recipe.run.name,
        version=recipe.run.version,
        licence=recipe.export.licence,
        training_data=about.training_data,
        commit=about.commit,
        short_side_px=recipe.export.short_side_px,
        multiple_px=recipe.multiple_px,
    )


def to_onnx(graph: ModelGraph, multiple_px: int) -> onnx.ModelProto:
    """Trace the graph with free height and width; the same weights give the same bytes."""
    # Two tensors: the tracer would take one that is given twice for one input.
    plate, shot = torch.zeros(2, 1, 3, 2 * multiple_px, 3 * multiple_px).clone().unbind()
    sides = {
        2: multiple_px * torch.export.Dim("h", min=1, max=256),
        3: multiple_px * torch.export.Dim("w", min=1, max=256),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about torch's own internals
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = cast("Any", torch.onnx).export(
            graph, (plate, shot), input_names=INPUTS, output_names=OUTPUTS, opset_version=_OPSET,
            dynamo=True, dynamic_shapes=(sides, sides), verbose=False,
        )  # fmt: skip
    if program is None:
        raise InputError("torch's exporter gave nothing")
    model = program.model_proto
    for part in (
        model,
        model.graph,
        *model.graph.node,
        *model.graph.value_info,
        *model.graph.input,
        *model.graph.output,
    ):
        del part.metadata_props[:]  # stack traces with this machine's paths
    return model


def _check(path: Path, graph: ModelGraph, out: Path) -> None:
    session = Session(path, num_threads=1)
    rng = np.random.default_rng(0)
    for size_hw in (network_size(some_hw, session.contract) for some_hw in _CHECKED_HW):
        plate, shot = rng.random((2, *size_hw, 3), dtype=np.float32)
        with torch.no_grad():
            expected = graph(*(torch.as_tensor(x).permute(2, 0, 1)[None] for x in (plate, shot)))
        for name, truth, got in zip(OUTPUTS, expected, session.run(plate, shot), strict=True):
            difference = float(np.abs(truth[0, 0].numpy() - got).max())
            if not difference < _TOLERANCE:
                raise InputError(f"{out}: not written: {name} differs from torch by {difference:.2g} at {size_hw}")
