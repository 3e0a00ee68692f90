from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from cleanplate.train.export import export
from cleanplate.train.storage import in_half_precision


def _model(*arrays: NDArray[np.float32]) -> onnx.ModelProto:
    """x times each of the arrays in turn."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    values = [numpy_helper.from_array(array, f"w{k}") for k, array in enumerate(arrays)]
    names = ["x", *(f"y{k}" for k in range(len(arrays)))]
    nodes = [helper.make_node("Mul", [names[k], f"w{k}"], [names[k + 1]]) for k in range(len(arrays))]
    ends = [helper.make_tensor_value_info(name, kind, [None]) for name in (names[0], names[-1])]
    return helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:], values))


def test_large_weights_take_half_of_the_bytes_and_nothing_else_changes() -> None:
    rng = np.random.default_rng(0)
    large, small = rng.normal(size=(40, 40)).astype(np.float32), rng.normal(size=40).astype(np.float32)
    model = _model(large, small)
    before = model.SerializeToString()
    halved = in_half_precision(model)
    assert model.SerializeToString() == before
    cast("Any", onnx).checker.check_model(halved)
    assert halved.ByteSize() < 0.6 * model.ByteSize()
    kept = {x.name: numpy_helper.to_array(x) for x in halved.graph.initializer}
    assert np.array_equal(kept["w1"], small)
    assert np.abs(kept["w0.half"].astype(np.float32) / large - 1).max() < 2**-11
    x = rng.normal(size=40).astype(np.float32)
    (truth,), (got,) = (cast("Any", ReferenceEvaluator(m)).run(None, {"x": x}) for m in (model, halved))
    np.testing.assert_allclose(got, truth, rtol=1e-3)


@pytest.mark.slow
def test_a_model_is_kept_in_half_precision(pretrained_run: Path, tmp_path: Path) -> None:
    export(pretrained_run, tmp_path / "model.onnx")
    model = onnx.ModelProto.FromString((tmp_path / "model.onnx").read_bytes())
    sizes = {x.name: (x.data_type, int(np.prod(x.dims))) for x in model.graph.initializer}
    kinds = {
        kind
        for kind, size in sizes.values()
        if size > 1024 and kind in {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16}
    }
    assert kinds == {onnx.TensorProto.FLOAT16}
    assert (tmp_path / "model.onnx").stat().st_size < 2.5 * sum(size for _, size in sizes.values())
