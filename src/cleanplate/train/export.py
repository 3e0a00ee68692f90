"""A checkpoint becomes a model: the averaged weights as ONNX, with their contract, checked through the runtime."""

import hashlib
import logging
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from cleanplate.contract import OUTPUTS, Contract, input_names, network_size, output_names
from cleanplate.errors import InputError
from cleanplate.imaging.files import replace_file
from cleanplate.imaging.resize import resize
from cleanplate.models.fused import fused
from cleanplate.models.network import Network
from cleanplate.runtime.session import Session
from cleanplate.train.checkpoint import AVERAGE, About, load_network, read_about
from cleanplate.train.matte import MatteAndDepth
from cleanplate.train.quantise import Pair, calibration_pairs, file_bytes, quantise
from cleanplate.train.recipe import Recipe, recipe_from_json
from cleanplate.train.runs import find_checkpoint
from cleanplate.train.storage import in_half_precision

_OPSET = 18
_CHECKED_HW = ((192, 256), (352, 192))


class Tolerance(NamedTuple):
    """How far a model may be from torch: alpha, and disparity in standard deviations of it; greatest or mean of all."""

    alpha: float
    disparity: float
    mean: bool


FLOAT32 = Tolerance(1e-4, 1e-4, mean=False)
"""The graph, before its weights become smaller."""

HALF = Tolerance(0.01, 0.02, mean=False)
"""Twice and more what rounding the weights of the eighth model changes in noise, where it is greatest."""

INT8 = Tolerance(0.01, 0.1, mean=True)
"""Six and 3.5 times what the second model was off by on 24 rendered cameras; see the int8 model in docs/log.md."""


class ModelGraph(nn.Module):
    """What the model file computes: alpha in 0..1, disparity, plate disparity, and what is seen in the shot."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = fused(network)

    def forward(self, plate: Tensor, shot: Tensor, of_plate: Sequence[Tensor] | None = None) -> tuple[Tensor, ...]:
        """(1, 3, h, w) twice, and what was seen in the plate -> three maps (1, 1, h, w), and what is seen in the shot.

        Without what was seen in the plate, it is looked at as well.
        """
        of_shot = self.network.look(shot)
        maps = self.network(plate, shot, of_plate, of_shot)
        return maps.alpha_logit.sigmoid(), maps.disparity, maps.plate_disparity, *of_shot


def export(checkpoint: Path, out: Path, calibrate: Path | None = None) -> Contract:
    """Write the averaged weights of a checkpoint (or of a run's newest) as a model file, and return its contract.

    The file appears only after onnxruntime, at two sizes, gave what torch gives. It computes in float32 and keeps its
    large weights in 16 bits; with `calibrate`, a data set, it computes in 8 bits, with ranges taken from pairs of that
    set. Inputs and outputs are float32 either way.

    Raises:
        InputError: `checkpoint` is none or damaged; `calibrate` is no data set; onnxruntime and torch disagree.

    """
    folder = find_checkpoint(checkpoint)
    about = read_about(folder)
    recipe = recipe_from_json(Recipe, about.recipe, str(folder))
    network = MatteAndDepth(recipe).network()
    load_network(folder / AVERAGE, network)
    graph = ModelGraph(network).eval()
    whole = to_onnx(graph, recipe.multiple_px)
    contract = make_contract(recipe, about, whole)
    with replace_file(out) as temporary:

        def write(model: onnx.ModelProto, contract: Contract, pairs: Iterable[Pair], tolerance: Tolerance) -> Contract:
            contract = replace(contract, weights=weights_of(model))
            temporary.write_bytes(file_bytes(model, contract))
            _check(Session(temporary, num_threads=1), graph, pairs, tolerance, out)
            return contract

        contract = write(whole, contract, _noise(), FLOAT32)
        if calibrate is None:
            return write(in_half_precision(whole), contract, _noise(), HALF)
        pairs = calibration_pairs(calibrate, contract, recipe.effects)
        return write(quantise(whole, contract, pairs), replace(contract, precision="int8"), pairs, INT8)


def make_contract(recipe: Recipe, about: About, model: onnx.ModelProto) -> Contract:
    """What the model of this run promises."""
    return Contract(
        name=recipe.run.name,
        version=recipe.run.version,
        licence=recipe.export.licence,
        training_data="+".join(dict.fromkeys(about.training_data.split("+"))),  # each set once
        commit=about.commit,
        weights=weights_of(model),
        short_side_px=recipe.export.short_side_px,
        multiple_px=recipe.multiple_px,
        without_plate=recipe.effects.no_plate_p > 0,
        inputs=input_names(recipe.num_features),
        outputs=output_names(recipe.num_features),
    )


def weights_of(model: onnx.ModelProto) -> str:
    """The fingerprint of a graph as `runtime.model_file.ModelFile.weights` finds it in the file."""
    return f"sha256:{hashlib.sha256(model.graph.SerializeToString(deterministic=True)).hexdigest()}"


def to_onnx(graph: ModelGraph, multiple_px: int) -> onnx.ModelProto:
    """Trace the graph with free height and width; the same weights give the same bytes."""
    # Two tensors: the tracer would take one that is given twice for one input.
    plate, shot = torch.zeros(2, 1, 3, 2 * multiple_px, 3 * multiple_px).clone().unbind()
    seen = [features.clone() for features in graph.network.look(plate)]
    rows, columns = (torch.export.Dim(name, min=1, max=256) for name in "hw")

    def sides(halvings: int) -> dict[int, Any]:
        step = multiple_px >> halvings
        return {2: step * rows if step > 1 else rows, 3: step * columns if step > 1 else columns}

    names = input_names(len(seen)), output_names(len(seen))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about torch's own internals
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = cast("Any", torch.onnx).export(
            graph, (plate, shot, seen), input_names=names[0], output_names=names[1], opset_version=_OPSET, dynamo=True,
            dynamic_shapes=(sides(0), sides(0), [sides(index + 1) for index in range(len(seen))]), verbose=False,
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


def _noise() -> Iterable[Pair]:
    rng = np.random.default_rng(0)
    return (Pair(*rng.random((2, *size_hw, 3), dtype=np.float32)) for size_hw in _CHECKED_HW)


def _check(session: Session, graph: ModelGraph, pairs: Iterable[Pair], tolerance: Tolerance, out: Path) -> None:
    """Raise InputError where the greatest difference, or the mean one of all pairs, is not within the tolerance."""
    offs: list[dict[str, float]] = []
    for pair in pairs:
        fed_hw = network_size((pair.plate.shape[0], pair.plate.shape[1]), session.contract)
        plate, shot = (resize(picture, fed_hw) for picture in pair)
        offs.append(difference(graph, session, Pair(plate, shot), mean=tolerance.mean))
    for name in OUTPUTS:
        values = [off[name] for off in offs]
        value = float(np.mean(values) if tolerance.mean else np.max(values))
        if not value < (tolerance.alpha if name == "alpha" else tolerance.disparity):
            raise InputError(f"{out}: not written: {name} differs from torch by {value:.2g}; export another checkpoint")


def difference(graph: ModelGraph, session: Session, pair: Pair, *, mean: bool) -> dict[str, float]:
    """How far a model is from torch on a pair of the network's size, for each output: greatest or mean.

    Disparities, whose scale is anybody's, are measured in standard deviations of what torch gives.
    """
    with torch.no_grad():
        truths = graph(*(torch.as_tensor(picture).permute(2, 0, 1)[None] for picture in pair))
    off: dict[str, float] = {}
    maps = (x[0, 0].numpy() for x in truths[: len(OUTPUTS)])
    for name, truth, got in zip(OUTPUTS, maps, session.run(*pair), strict=True):
        error = np.abs(truth - got) / (1.0 if name == "alpha" else max(float(truth.std()), 1e-3))
        off[name] = float(error.mean() if mean else error.max())
    return off
