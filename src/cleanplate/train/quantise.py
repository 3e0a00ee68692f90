"""A float32 graph becomes one that computes in 8 bits, but for its first and last steps: smaller, twice as fast."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, cast

import numpy as np
import onnx

from cleanplate.contract import METADATA_KEY, OUTPUTS, Contract, network_size
from cleanplate.errors import InputError
from cleanplate.imaging import Image
from cleanplate.models import lite0
from cleanplate.runtime.session import Session
from cleanplate.sample.opening import open_samples
from cleanplate.synth.camera import Effects, degrade

_NUM_PAIRS = 32
_SEED = 0
_DELICATE = tuple(f"{lite0.PREFIX}{part}." for part in ("stem", "blocks.0", "blocks.1"))
"""In the names of weights that stay float32."""

_IN_8_BITS = ("Conv", "Relu", "Clip", "Add")
"""What computes in 8 bits. An activation belongs to the convolution before it: 256 steps for what it leaves, not for
what it cuts away."""

_PREPARED = {"onnx.quant.pre_process": "onnxruntime.quant"}
"""What the quantiser wants to read: batch norms are folded by torch's exporter already."""


class Pair(NamedTuple):
    """A plate and a shot as the network is fed them: (h, w, 3) float32 in [0, 1]."""

    plate: Image
    shot: Image


def calibration_pairs(folder: Path, contract: Contract, effects: Effects, num_pairs: int = _NUM_PAIRS) -> list[Pair]:
    """Draw pairs of a data set, seen through the camera effects, always the same ones.

    Raises:
        InputError: it is no data set, or an empty one.

    """
    samples = open_samples(folder)
    if not len(samples):
        raise InputError(f"{folder}: holds no samples; give a data set made by `cleanplate synth`")
    pairs: list[Pair] = []
    for number, index in enumerate(np.random.default_rng(_SEED).permutation(len(samples))[:num_pairs]):
        sample = samples[int(index)]
        size_hw = network_size((sample.alpha.shape[0], sample.alpha.shape[1]), contract)
        seen = degrade(sample, np.random.default_rng((_SEED, number)), effects, size_hw)
        pairs.append(Pair(seen.plate, seen.shot))
    return pairs


def quantise(model: onnx.ModelProto, contract: Contract, pairs: Sequence[Pair]) -> onnx.ModelProto:
    """Let a graph compute in 8 bits, but for the last convolution of each output and the encoder's first.

    Weights are symmetric, one scale a channel, and of 7 bits: products of 8 overflow on processors with AVX2 or AVX-512
    but no VNNI. Activations are unsigned, their ranges those seen on `pairs`. Inputs and outputs stay float32. The last
    convolution of an output is next to no work, and its 256 steps would be seen as bands; the first layers of the
    pretrained encoder have ranges so wide that everything after them would suffer. Biases, few as they are, stay
    float32: in 32-bit integers they would need a scale each. The same graph and pairs give the same bytes.

    Source: Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference,
    2018; https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
    """
    # Only now: runtime.session, which sets it up, has to be the first to load onnxruntime.
    from onnxruntime import quantization  # noqa: PLC0415  # pyright: ignore[reportMissingTypeStubs]

    tools = cast("Any", quantization)
    whole = last_convolutions(model) + delicate_convolutions(model)
    options = {"WeightSymmetric": True, "ActivationSymmetric": False, "QuantizeBias": False}
    prepared = onnx.ModelProto()
    prepared.CopyFrom(model)
    onnx.helper.set_model_props(prepared, _PREPARED)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        path.write_bytes(file_bytes(model, contract))
        session = Session(path, num_threads=1)
        tools.quantize_static(
            prepared, path, _Feeds(session, pairs), quant_format=tools.QuantFormat.QDQ,
            op_types_to_quantize=[*_IN_8_BITS], nodes_to_exclude=whole,
            activation_type=tools.QuantType.QUInt8, weight_type=tools.QuantType.QInt8, per_channel=True,
            reduce_range=True, extra_options=options,
        )  # fmt: skip
        quantised = onnx.ModelProto.FromString(path.read_bytes())
    del quantised.metadata_props[:]
    quantised.producer_name, quantised.producer_version = model.producer_name, model.producer_version
    return quantised


def file_bytes(model: onnx.ModelProto, contract: Contract) -> bytes:
    """The model file: the graph with its contract."""
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    onnx.helper.set_model_props(whole, {METADATA_KEY: contract.to_json()})
    return whole.SerializeToString(deterministic=True)


def last_convolutions(model: onnx.ModelProto) -> list[str]:
    """Names of the convolutions between which and the maps there is no other."""
    last: list[str] = []
    free = set[str](OUTPUTS)  # reaches one of the maps without a convolution
    for node in reversed(model.graph.node):  # a node comes after those whose outputs it takes
        if free.isdisjoint(node.output):
            continue
        if node.op_type == "Conv":
            last.append(node.name)
        else:
            free.update(node.input)
    return last


def delicate_convolutions(model: onnx.ModelProto) -> list[str]:
    """Names of the convolutions that lose too much in 8 bits."""
    convolutions = (node for node in model.graph.node if node.op_type == "Conv")
    return [node.name for node in convolutions if any(part in node.input[1] for part in _DELICATE)]


class _Feeds:
    """The pairs as the quantiser asks for them, one by one, then None; `session` runs the model as it is."""

    def __init__(self, session: Session, pairs: Sequence[Pair]) -> None:
        self._session, self._left = session, iter(pairs)

    def get_next(self) -> dict[str, Image] | None:
        pair = next(self._left, None)
        if pair is None:
            return None
        return self._session.feeds(pair.plate, pair.shot)
