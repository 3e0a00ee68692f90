"""Somebody else's depth network: any ONNX file that makes one map out of one picture."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from cleanplate.errors import ModelError
from cleanplate.imaging import Image
from cleanplate.imaging.resize import resize
from cleanplate.runtime.model_file import read_model_file
from cleanplate.runtime.session import Port, load_engine, one_line

SEES = ("0..1", "0..255", "imagenet")
"""What a teacher's input is: sRGB in that range, or in 0..1 less ImageNet's mean, over its deviation."""

_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
_MULTIPLE_PX = 32
_ONE_CHANNEL = "one channel, (1, 1, h, w), (1, h, w) or (1, h, w, 1)"


@dataclass(frozen=True)
class TeacherCall:
    """Which network, and how it is asked.

    Attributes:
        model: the ONNX file.
        gives: "disparity", larger is nearer, or "depth", larger is farther.
        sees: one of `SEES`.
        size_hw: what it is fed where it takes any size; None: the picture's own, rounded up to multiples of 32.
        output: which of its outputs; None where it has one.
    """

    model: Path
    gives: str
    sees: str = "0..1"
    size_hw: tuple[int, int] | None = None
    output: str | None = None


class Teacher:
    """A depth network ready to run, on one thread, so that its sums come out the same everywhere.

    Raises:
        ModelError: missing, damaged, or not one picture in and one map out.
    """

    def __init__(self, call: TeacherCall) -> None:
        self.call, self.path = call, call.model
        self.sha256 = read_model_file(call.model).sha256
        self._engine = load_engine(str(call.model), 1, call.model)
        self._input = _only_input(self._engine.get_inputs(), self.path)
        self._output = _chosen_output(self._engine.get_outputs(), call.output, self.path)
        self._channels_last = self._input.shape[1] != 3 and self._input.shape[3] == 3
        sides = self._input.shape[1:3] if self._channels_last else self._input.shape[2:4]
        self._fixed = [side if isinstance(side, int) else None for side in sides]
        if call.size_hw is not None and any(
            fixed not in {None, side} for fixed, side in zip(self._fixed, call.size_hw, strict=True)
        ):
            raise ModelError(f"{self.path}: takes pictures of {_said(sides)} (h x w) only; leave --teacher-size out")

    def look(self, rgb: Image) -> Image:
        """What the teacher gives for a picture (h, w, 3) in [0, 1]: (h, w) float32, on whatever scale it has.

        Raises:
            ModelError: it fails, or gives another shape or values that are not finite.
        """
        size_hw = rgb.shape[0], rgb.shape[1]
        fed_hw = self._fed(size_hw)
        fed = _in_range(resize(rgb, fed_hw), self.call.sees)
        fed = fed[None] if self._channels_last else fed.transpose(2, 0, 1)[None]
        fed = np.ascontiguousarray(fed.astype(_TYPES[self._input.type]))
        try:
            (result,) = self._engine.run([self._output.name], {self._input.name: cast("Image", fed)})
        except Exception as error:  # onnxruntime's exceptions share no base of their own
            raise ModelError(
                f"{self.path}: the teacher fails on {fed_hw[1]} x {fed_hw[0]} pixels ({one_line(error)}); give it "
                "another --teacher-size, or export it again"
            ) from error
        values = _as_map(np.asarray(result, np.float32))
        if values is None:
            raise ModelError(
                f"{self.path}: its {self._output.name} has shape {tuple(result.shape)}; a teacher gives {_ONE_CHANNEL}"
            )
        if not np.isfinite(values).all():
            raise ModelError(
                f"{self.path}: its {self._output.name} holds NaN or infinite values; try another --teacher-sees"
            )
        return resize(np.ascontiguousarray(values), size_hw)

    def _fed(self, size_hw: tuple[int, int]) -> tuple[int, int]:
        rounded = [-(-side // _MULTIPLE_PX) * _MULTIPLE_PX for side in size_hw]
        height, width = (
            fixed or wanted for fixed, wanted in zip(self._fixed, self.call.size_hw or rounded, strict=True)
        )
        return height, width


def _only_input(ports: Sequence[Port], path: Path) -> Port:
    if len(ports) != 1:
        names = ", ".join(port.name for port in ports)
        raise ModelError(f"{path}: takes {len(ports)} inputs ({names}); a teacher takes one picture")
    port = ports[0]
    shape = list(port.shape)
    coloured = len(shape) == 4 and (3 in {shape[1], shape[3]} or not isinstance(shape[1], int))
    if port.type not in _TYPES or not coloured:
        raise ModelError(
            f"{path}: its {port.name} is {port.type} {_said(shape)}; a teacher takes one RGB picture, float "
            "(1, 3, h, w) or (1, h, w, 3)"
        )
    if isinstance(shape[0], int) and shape[0] != 1:
        raise ModelError(f"{path}: takes {shape[0]} pictures at a time; export it for one, or for any number")
    return port


def _chosen_output(ports: Sequence[Port], wanted: str | None, path: Path) -> Port:
    names = ", ".join(port.name for port in ports)
    if wanted is None and len(ports) != 1:
        raise ModelError(f"{path}: gives {len(ports)} outputs ({names}); say which with --teacher-output")
    found = [port for port in ports if wanted in {None, port.name}]
    if not found:
        raise ModelError(f"{path}: has no output {wanted}; it gives {names}")
    shape = list(found[0].shape or ())  # none where the graph does not say
    may_be = (
        not shape
        or (len(shape) == 3 and _may_be_one(shape[0]))
        or (len(shape) == 4 and _may_be_one(shape[0]) and (_may_be_one(shape[1]) or shape[3] == 1))
    )
    if found[0].type not in _TYPES or not may_be:
        raise ModelError(
            f"{path}: its {found[0].name} is {found[0].type} {_said(shape)}; a teacher gives {_ONE_CHANNEL} of floats"
        )
    return found[0]


def _may_be_one(side: int | str | None) -> bool:
    return side == 1 or not isinstance(side, int)


def _as_map(result: Image) -> Image | None:
    if result.ndim == 4 and result.shape[:2] == (1, 1):
        return result[0, 0]
    if result.ndim == 4 and result.shape[0] == result.shape[3] == 1:
        return result[0, ..., 0]
    return result[0] if result.ndim == 3 and result.shape[0] == 1 else None


def _in_range(rgb: Image, sees: str) -> Image:
    if sees == "0..255":
        return rgb * np.float32(255)
    return (rgb - _MEAN) / _DEVIATION if sees == "imagenet" else rgb


def _said(shape: Iterable[int | str | None]) -> str:
    return f"({', '.join('?' if side is None else str(side) for side in shape)})"
