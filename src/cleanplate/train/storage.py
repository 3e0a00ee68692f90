"""How a model file keeps its weights: half of the bytes, and float32 as soon as it is loaded."""

import numpy as np
import onnx
from onnx import numpy_helper

HALVED = ".half"
"""Ends the names of weights that are kept so."""

_SMALL = 1024
"""Weights of so many numbers or fewer (biases, the first layers, the heads) stay as they are."""


def in_half_precision(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph with its large weights kept in 16 bits; everything is computed in float32, as before.

    A cast stands before each; onnxruntime carries them out once, when it loads the file. Weights are rounded to 11
    significant bits. The same graph gives the same bytes.
    """
    halved = onnx.ModelProto()
    halved.CopyFrom(model)
    casts: list[onnx.NodeProto] = []
    for weights in halved.graph.initializer:
        array = numpy_helper.to_array(weights)
        if array.dtype == np.float32 and array.size > _SMALL:
            name = weights.name
            weights.CopyFrom(numpy_helper.from_array(array.astype(np.float16), f"{name}{HALVED}"))
            casts.append(onnx.helper.make_node("Cast", [weights.name], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *halved.graph.node]
    del halved.graph.node[:]
    halved.graph.node.extend(nodes)
    return halved
