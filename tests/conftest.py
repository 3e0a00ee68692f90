"""What every test shares: how hard the property tests look (`make test-long` loads the long profile), tiny models."""

import hashlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import settings

os.environ.setdefault("CLEANPLATE_THREADS", "1")
os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")

settings.register_profile("quick", max_examples=40, deadline=None, derandomize=True)
settings.register_profile("long", max_examples=1000, deadline=None)
settings.load_profile("quick")

ModelMaker = Callable[..., Path]

CONTRACT: dict[str, Any] = {
    "format": 3,
    "name": "difference",
    "version": "0.0.1",
    "licence": "Apache-2.0",
    "training_data": "sha256:none",
    "commit": "0000000",
    "short_side_px": 32,
    "multiple_px": 8,
    "precision": "float32",
    "without_plate": False,
    "input_range": [0.0, 1.0],
    "inputs": ["plate", "shot"],
    "outputs": ["alpha", "disparity", "plate_disparity"],
}


@pytest.fixture(autouse=True)
def same_weights_every_time() -> None:
    """A network that a test builds starts from the same weights in every run and in every order of the tests."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


@pytest.fixture(scope="session")
def make_model(tmp_path_factory: pytest.TempPathFactory) -> ModelMaker:
    """Write a tiny ONNX model whose results can be told by hand, and return its path.

    With d the mean over the colours of |shot - plate|: alpha = clip(gain * d, 0, 1), disparity = drift(mean of shot's
    colours), plate_disparity = drift(mean of the plate's), where drift(x) = (1 + D) x + D and D = `drift` * (mean of d
    over the picture): the scale and shift that every run of a real network has of its own. `leak` times d is added to
    plate_disparity: what hides the plate disturbs its prediction. `broken` breaks a promise of the contract;
    `contract` changes entries of it, or is the text to write.
    """

    def make(
        *,
        gain: float = 4.0,
        drift: float = 0.0,
        leak: float = 0.0,
        contract: dict[str, Any] | str | None = None,
        without_contract: bool = False,
        size: tuple[int | str, int | str] = ("h", "w"),
        broken: str = "",
    ) -> Path:
        path = tmp_path_factory.mktemp("model") / "difference.onnx"
        told = None if without_contract else contract or {}
        path.write_bytes(_difference_model((gain, drift, leak), told, size, broken))
        return path

    return make


@pytest.fixture(scope="session")
def difference_model(make_model: ModelMaker) -> Path:
    """The model of `make_model` as it comes."""
    return make_model()


def _difference_model(
    strengths: tuple[float, float, float],
    contract: dict[str, Any] | str | None,
    size: tuple[int | str, ...],
    broken: str,
) -> bytes:
    import onnx  # noqa: PLC0415 - only tests that need a model pay for it

    helper = cast("Any", onnx.helper)
    kind = onnx.TensorProto.FLOAT
    numbers = dict(zip(("gain", "drift", "leak"), strengths, strict=True))
    numbers |= {"zero": 0.0, "one": 1.0, "unused": 0.0}
    steps: list[tuple[str, list[str], str]] = [
        ("Sub", ["shot", "plate"], "signed"),
        ("Abs", ["signed"], "absolute"),
        ("ReduceMean", ["absolute", "channel"], "d"),
        ("Mul", ["d", "gain"], "steep"),
        ("Clip", ["steep", "zero", "one"], "alpha"),
        ("ReduceMean", ["d", "all"], "mean_d"),
        ("Mul", ["mean_d", "drift"], "shift"),
        ("Add", ["shift", "one"], "scale"),
        ("ReduceMean", ["shot", "channel"], "grey_shot"),
        ("Mul", ["grey_shot", "scale"], "scaled_shot"),
        ("Add", ["scaled_shot", "shift"], "disparity"),
        ("ReduceMean", ["plate", "channel"], "grey_plate"),
        ("Mul", ["grey_plate", "scale"], "scaled_plate"),
        ("Mul", ["d", "leak"], "leaked"),
        ("Add", ["scaled_plate", "leaked"], "disturbed_plate"),
        ("Add", ["disturbed_plate", "shift"], "plate_disparity"),
    ]
    if broken == "NaN":
        steps[-1] = ("Log", ["signed_plate"], "plate_disparity")
        steps.insert(-1, ("Sub", ["grey_plate", "two"], "signed_plate"))
        numbers["two"] = 2.0
    if broken == "alpha":
        steps[4] = ("Identity", ["steep"], "alpha")
    if broken == "operator":
        steps[0] = ("Sup", ["shot", "plate"], "signed")
    if broken == "channels":
        steps[-1] = ("Identity", ["plate"], "plate_disparity")
    outputs = ["alpha", "disparity", "something_else" if broken == "names" else "plate_disparity"]
    if broken == "names":
        steps[-1] = ("Add", ["disturbed_plate", "shift"], "something_else")
    graph = helper.make_graph(
        [helper.make_node(operator, inputs, [output]) for operator, inputs, output in steps],
        "difference",
        [helper.make_tensor_value_info(name, kind, [1, 3, *size]) for name in ("plate", "shot")],
        [helper.make_tensor_value_info(name, kind, None) for name in outputs],
        [
            *(helper.make_tensor(name, kind, [], [value]) for name, value in numbers.items()),
            helper.make_tensor("channel", onnx.TensorProto.INT64, [1], [1]),
            helper.make_tensor("all", onnx.TensorProto.INT64, [4], [0, 1, 2, 3]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10, producer_name="tests")
    if isinstance(contract, dict):
        weights = f"sha256:{hashlib.sha256(model.graph.SerializeToString()).hexdigest()}"
        contract = json.dumps({**CONTRACT, "weights": weights, **contract})
    if contract is not None:
        helper.set_model_props(model, {"cleanplate": contract})
    return model.SerializeToString()


@pytest.fixture(scope="session")
def make_teacher(tmp_path_factory: pytest.TempPathFactory) -> ModelMaker:
    """Write a tiny ONNX depth network whose values can be told by hand, and return its path.

    It gives gain * (mean of the input's colours) + shift. `takes` and `gives` are the shapes of input and output;
    `takes` says by its 3 where the colours are, and without one they come second.
    """

    def make(
        *,
        takes: Sequence[int | str] = (1, 3, "h", "w"),
        gives: Sequence[int | str] = (1, 1, "h", "w"),
        gain: float = 1.0,
        shift: float = 0.0,
        broken: str = "",
    ) -> Path:
        path = tmp_path_factory.mktemp("teacher") / "teacher.onnx"
        path.write_bytes(_teacher_model(takes, gives, (gain, shift), broken))
        return path

    return make


def _teacher_model(
    takes: Sequence[int | str], gives: Sequence[int | str], line: tuple[float, float], broken: str
) -> bytes:
    import onnx  # noqa: PLC0415 - only tests that need a model pay for it

    helper = cast("Any", onnx.helper)
    half = broken == "half"
    kind = onnx.TensorProto.FLOAT16 if half else onnx.TensorProto.FLOAT
    last = list(takes)[1] != 3 and list(takes)[3] == 3
    steps: list[tuple[str, list[str], str]] = [
        ("ReduceMean", ["picture", "colours"], "grey"),
        ("Mul", ["grey", "gain"], "steep"),
        ("Add", ["steep", "shift"], "map"),
    ]
    if broken == "NaN":
        steps[2:] = [("Sub", ["steep", "shift"], "below"), ("Log", ["below"], "map")]
    if broken == "colours":
        steps = [("Identity", ["picture"], "map")]
    if broken == "fixed inside":
        steps[2] = ("Add", ["steep", "squares"], "map")
    numbers = dict(zip(("gain", "shift"), line, strict=True))
    inputs = {"picture": list(takes), **({"other": [1]} if broken == "inputs" else {})}
    outputs = {"map": list(gives), **({"grey": ["a", "b", "c", "d"]} if broken == "outputs" else {})}
    squeezed = helper.make_tensor("squeezed", onnx.TensorProto.INT64, [1], [3 if last else 1])
    nodes = [helper.make_node(operator, names, [output]) for operator, names, output in steps]
    if len(gives) == 3 and not broken:
        nodes[-1] = helper.make_node("Add", ["steep", "shift"], ["whole"])
        nodes.append(helper.make_node("Squeeze", ["whole", "squeezed"], ["map"]))
    graph = helper.make_graph(
        nodes,
        "teacher",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, kind, shape or None) for name, shape in outputs.items()],
        [
            *(helper.make_tensor(name, kind, [], [value]) for name, value in numbers.items()),
            helper.make_tensor("colours", onnx.TensorProto.INT64, [1], [3 if last else 1]),
            squeezed,
            helper.make_tensor("squares", kind, [1, 1, 40, 40], [0.0] * 1600),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    return model.SerializeToString()
