"""A model file becomes a checkpoint that training can begin with: `cleanplate train --start MODEL.onnx`."""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from cleanplate.errors import InputError
from cleanplate.models import lite0
from cleanplate.models.fused import Fused, add_alone, take_apart
from cleanplate.models.network import PATCH_PX, Layers, Network
from cleanplate.runtime.model_file import ModelFile, read_model_file
from cleanplate.train.averaging import batch_norms
from cleanplate.train.checkpoint import About, save_average
from cleanplate.train.data import Batch, Camera, DegradedSamples, collate
from cleanplate.train.matte import MatteAndDepth, network_of_shape
from cleanplate.train.recipe import Model, Recipe
from cleanplate.train.runs import find_checkpoint, newest_checkpoint
from cleanplate.train.sets import Samples
from cleanplate.train.storage import HALVED

_PREFIX = "network."
"""What the exporter puts before the names of weights (`export.ModelGraph`)."""

_NUM_SAMPLES = 32
"""Of which batch norms have their statistics."""


def begin_with(start: Path, recipe: Recipe, samples: Samples, out: Path) -> Path:
    """The checkpoint that a run in `out` begins with: that of `start` or, of a model file, OUT/start made from it.

    A run that already has checkpoints keeps the one made before. Of several processes each makes its own, all alike.

    Raises:
        InputError: neither a checkpoint, nor a run, nor a model file that can be trained on. ModelError: a damaged one.

    """
    if start.suffix != ".onnx":
        return find_checkpoint(start)
    rank = os.environ.get("RANK", "0")  # what torchrun calls this process
    file, folder = read_model_file(start), out / ("start" if rank == "0" else f"start_{rank}")
    if not folder.exists() or newest_checkpoint(out) is None:
        seen = DegradedSamples(samples, Camera(recipe.effects, recipe.run.size_hw), recipe.run.seed)
        revive(file, recipe, collate([seen[position] for position in range(_NUM_SAMPLES)]), folder)
        try:
            MatteAndDepth(recipe, folder).network()
        except InputError:
            shutil.rmtree(folder)
            raise InputError(
                f"{start}: holds another network than the recipe's; give the recipe the table `model` that it was "
                "trained by"
            ) from None
    return folder


def revive(file: ModelFile, recipe: Recipe, batch: Batch, folder: Path) -> None:
    """Write a checkpoint with the weights of a model file.

    A model file holds no batch norms: they have become part of the convolutions before them. Here they are put back
    with the statistics that their inputs have on a batch, and with the slopes and offsets that undo them: the network
    computes what the model computes, and what it computes while it learns is near to that.

    Args:
        file: made by `cleanplate export`, in float32.
        recipe: of the training that is to begin; of it the checkpoint has all but the network's shape.
        batch: what the network will see, some dozens of pairs.
        folder: for the checkpoint, which knows the model's training data, not its steps nor its validation data.

    Raises:
        ModelError: the file is no model of ours. InputError: its weights are not such as `cleanplate export` writes
            today, or the folder cannot be written.

    """
    contract = file.contract
    model, network = network_of(file)
    _settle(network, batch)
    about = About(
        0,
        recipe.model_copy(update={"model": model}).model_dump(mode="json"),
        contract.training_data,
        "",
        contract.commit,
    )
    save_average(folder, network, about)


def network_of(file: ModelFile) -> tuple[Model, Network]:
    """The network of a model file, and its shape as a recipe has it; its batch norms do nothing but add.

    Raises:
        ModelError, InputError: as `revive`.

    """
    contract = file.contract
    if contract.precision != "float32":
        raise InputError(f"{file.path}: computes in {contract.precision}; training begins with a float32 model")
    try:
        weights = dict(_weights(onnx.ModelProto.FromString(file.data).graph))
        model = _shape(weights)
        network = network_of_shape(model).eval()
        _fill(network, weights)
    except (KeyError, IndexError, RuntimeError, ValueError):
        raise InputError(
            f"{file.path}: its weights are not such as this cleanplate exports; "
            f"use the one that wrote it (commit {contract.commit})"
        ) from None
    return model, network


def _weights(graph: onnx.GraphProto) -> Iterator[tuple[str, Tensor]]:
    """Weights and biases of the convolutions by their names in the network that was exported."""
    stored = {each.name.removesuffix(HALVED): each for each in graph.initializer}
    for node in graph.node:
        if node.op_type == "Conv":
            name = node.input[1].removeprefix(_PREFIX).removesuffix(".weight")
            for kind, source in zip(("weight", "bias"), node.input[1:], strict=False):
                values = numpy_helper.to_array(stored[source])
                yield f"{name}.{kind}", torch.as_tensor(values.astype(np.float32))


def _shape(weights: Mapping[str, Tensor]) -> Model:
    """The network's shape, as the recipe has it."""
    ups = [weights[f"network.up.{level}.match.0.weight"] for level in range(_count(weights, "up"))]
    pretrained = any(name.startswith(f"network.{lite0.PREFIX}") for name in weights)
    of_depth = weights.get("depth_heads.2.weight")
    return Model(
        widths=(*(len(up) for up in reversed(ups)), ups[0].shape[1]),
        context=_count(weights, "context"),
        pretrained=pretrained,
        own_levels=_count(weights, "down") + 1 if pretrained else None,
        layers=cast("Layers", len(weights["heads.2.weight"]) - PATCH_PX**2 if of_depth is None else len(of_depth)),
        depth_rises=_count(weights, "depth_up"),
    )


def _count(weights: Mapping[str, Tensor], part: str) -> int:
    return len({name.split(".")[2] for name in weights if name.startswith(f"network.{part}.")})


@torch.no_grad()
def _fill(network: Network, weights: Mapping[str, Tensor]) -> None:
    """Give a network the weights; its batch norms then do nothing but add what had become the convolution's bias."""
    together, left = Fused(network), dict(weights)
    modules: dict[str, nn.Module] = dict(cast("Iterator[tuple[str, nn.Module]]", together.named_modules()))
    for name, conv in modules.items():
        if isinstance(conv, nn.Conv2d):
            conv.weight.copy_(left.pop(f"{name}.weight"))
            bias = left.pop(f"{name}.bias", torch.zeros(conv.out_channels))  # the exporter leaves zeros out
            if conv.bias is not None:
                conv.bias.copy_(bias)
                continue
            parent, _, index = name.rpartition(".")
            add_alone(cast("nn.BatchNorm2d", modules[f"{parent}.{int(index) + 1}"]), bias)
    if left:
        raise KeyError(*left)
    take_apart(together, network)


@torch.no_grad()
def _settle(network: Network, batch: Batch) -> None:
    """Give every batch norm the statistics of what it is given; what it makes of it stays the same."""

    def settle(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        norm = cast("nn.BatchNorm2d", norm)
        bias, mean, variance = (cast("Tensor", values) for values in (norm.bias, norm.running_mean, norm.running_var))
        slope = norm.weight / (variance + norm.eps).sqrt()
        now = inputs[0].mean((0, 2, 3))
        bias += slope * (now - mean)
        mean.copy_(now)
        variance.copy_(inputs[0].var((0, 2, 3), unbiased=False))
        norm.weight.copy_(slope * (variance + norm.eps).sqrt())

    hooks = [norm.register_forward_pre_hook(settle) for norm in batch_norms(network)]
    network(batch.plate, batch.shot)
    for hook in hooks:
        hook.remove()
