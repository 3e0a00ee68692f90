"""A loaded model: the one file that knows onnxruntime."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self, cast

import numpy as np

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read at import: else it leaves files at home and calls its makers
import onnxruntime  # pyright: ignore[reportMissingTypeStubs] - it has none; Engine is what is used of it

from cleanplate.contract import INPUTS, OUTPUTS, Contract, input_names, network_size, output_names
from cleanplate.errors import ModelError, UsageError
from cleanplate.imaging import Image, Pixels
from cleanplate.imaging.files import word_of
from cleanplate.imaging.resize import resize
from cleanplate.runtime.model_file import read_model_file

SHIPPED_MODEL = Path(__file__).parent / "weights" / "shipped.onnx"
"""The model that comes with the package."""

FAST_MODEL = SHIPPED_MODEL.with_name("shipped_int8.onnx")
"""The same in 8 bits: less work, and almost the same matte (docs/model_card.md)."""

THREADS_VARIABLE = "CLEANPLATE_THREADS"

_onnxruntime = cast("Any", onnxruntime)
_MOST_THREADS = 1024
_FATAL = 4  # onnxruntime's level for "say nothing": what goes wrong is raised as well


class Port(Protocol):
    """An input or output of a graph as onnxruntime describes it; a dynamic side is a name or None."""

    name: str
    type: str
    shape: Sequence[int | str | None]


class Engine(Protocol):
    """The part of `onnxruntime.InferenceSession` that is used."""

    def get_inputs(self) -> list[Port]:
        """What it takes."""
        ...

    def get_outputs(self) -> list[Port]:
        """What it gives."""
        ...

    def run(self, names: Sequence[str], feeds: Mapping[str, Image]) -> list[Image]:
        """The outputs of these names; raises whatever onnxruntime likes."""
        ...


@dataclass(frozen=True, eq=False)
class SeenPlate:
    """A plate as a session's model takes it, looked at once for any number of shots.

    `size_hw` is the network's size; `feeds` are its inputs but for the shot: the plate (1, 3, h, w) and what the model
    saw in it.
    """

    size_hw: tuple[int, int]
    feeds: Mapping[str, Image]

    @property
    def picture(self) -> Image:
        """The plate (h, w, 3) at the network's size."""
        return self.feeds["plate"][0].transpose(1, 2, 0)


class Session:
    """A model ready to run.

    Pickling it, as for another process, keeps its file's name, not the model; unpickling opens that file again, and
    raises ModelError where it now holds another model.

    Args:
        model: an ONNX file made by `cleanplate export`; None takes the one that comes with the package.
        num_threads: threads for one run; None takes the environment variable CLEANPLATE_THREADS or, where that is not
            set, lets onnxruntime use every physical core: a person waits for one picture at a time, and whoever runs
            many processes side by side sets the variable to 1.

    Raises:
        ModelError: missing, damaged, foreign, or not what its contract says.
        InputError: `model` is no file's name.
        UsageError: `num_threads` or CLEANPLATE_THREADS is not a whole number of at least 1.

    """

    contract: Contract

    def __init__(self, model: str | os.PathLike[str] | None = None, num_threads: int | None = None) -> None:
        self.path = SHIPPED_MODEL if model is None else Path(word_of(model, "model", "an ONNX file's name"))
        if model is None and not self.path.exists():
            raise ModelError(f"{self.path}: this installation comes without a model; name one with --model")
        file = read_model_file(self.path)
        self.contract = file.contract
        self._absolute, self._num_threads = self.path.absolute(), num_threads
        self._engine = load_engine(file.data, num_threads, self.path)
        taken, given = self._engine.get_inputs(), self._engine.get_outputs()
        of_plate = input_names(self.contract.num_features)[len(INPUTS) :]
        self._of_shot = output_names(self.contract.num_features)[len(OUTPUTS) :]
        found = {port.name: port.shape[1] for port in taken if len(port.shape) == 4}
        channels = [found.get(name) for name in of_plate]
        _check_ports(taken, dict.fromkeys(INPUTS, 3) | dict(zip(of_plate, channels, strict=True)), self.path)
        _check_ports(given, dict.fromkeys(OUTPUTS, 1) | dict(zip(self._of_shot, channels, strict=True)), self.path)
        self._of_plate = {name: int(count) for name, count in zip(of_plate, channels, strict=True) if count is not None}

    def __reduce__(self) -> tuple[Any, ...]:
        """How it is pickled."""
        return _opened_again, (self._absolute, self._num_threads, self.contract.weights)

    def __copy__(self) -> Self:
        """Itself: nothing about it changes."""
        return self

    def __deepcopy__(self, memo: object) -> Self:
        """Itself: nothing about it changes."""
        return self

    def see(self, plate: Image, share: float = 1.0) -> SeenPlate:
        """Look at a plate once, for any number of shots.

        Args:
            plate: (h, w, 3) float32 in [0, 1]; its size decides the network's (`contract.network_size`).
            share: factor on that size: below 1 the plate is seen smaller than the model asks for, above 1 larger.

        Raises:
            ModelError: as `run`.

        """
        size_hw = network_size((plate.shape[0], plate.shape[1]), self.contract, share)
        picture = _to_nchw(resize(plate, size_hw))
        blank = {
            name: np.zeros((1, channels, *(side >> index for side in size_hw)), np.float32)
            for index, (name, channels) in enumerate(self._of_plate.items(), 1)
        }
        seen = self._results(self._of_shot, {"plate": picture, "shot": picture, **blank}) if blank else []
        return SeenPlate(size_hw, {"plate": picture, **dict(zip(blank, seen, strict=True))})

    def feeds(self, plate: Image | SeenPlate, shot: Pixels) -> dict[str, Image]:
        """What the model is given to `run` with these: every input by its name."""
        seen = plate if isinstance(plate, SeenPlate) else self.see(plate)
        return {**seen.feeds, "shot": _to_nchw(resize(shot, seen.size_hw))}

    def run(self, plate: Image | SeenPlate, shot: Pixels) -> tuple[Image, Image, Image]:
        """Run the network once.

        Args:
            plate: what `see` made of it or, for a single shot, the picture as `see` takes it.
            shot: (h', w', 3) of the same aspect ratio.

        Returns:
            alpha in [0, 1], disparity of the foreground layer, disparity of the plate: each (h, w) float32 at the
            network's size; the two disparities share one unknown scale and shift, larger = nearer.

        Raises:
            ModelError: the model fails, or gives values that are not finite or of another size.

        """
        feeds = self.feeds(plate, shot)
        size_hw = feeds["shot"].shape[2:]
        results = self._results(OUTPUTS, feeds)
        for name, result in zip(OUTPUTS, results, strict=True):
            if result.shape != (1, 1, *size_hw):
                raise ModelError(f"{self.path}: its {name} has shape {result.shape}, not {(1, 1, *size_hw)}")
        alpha, disparity, plate_disparity = (result[0, 0] for result in results)
        return np.clip(alpha, 0, 1), disparity, plate_disparity

    def _results(self, names: Sequence[str], feeds: Mapping[str, Image]) -> list[Image]:
        """Some outputs, all finite."""
        try:
            results = self._engine.run(names, feeds)
        except Exception as error:  # onnxruntime's exceptions share no base of their own
            size_hw = feeds["shot"].shape[2:]
            raise ModelError(
                f"{self.path}: the model fails on a picture of {size_hw[1]} x {size_hw[0]} pixels ({one_line(error)}); "
                "give another model, or export it again"
            ) from error
        for name, result in zip(names, results, strict=True):
            if not np.isfinite(result).all():
                raise ModelError(f"{self.path}: its {name} holds NaN or infinite values; give another model")
        return results


def _opened_again(path: Path, num_threads: int | None, weights: str) -> Session:
    """A pickled session where it is unpickled: what was seen in a plate is of use to the same model alone."""
    session = Session(path, num_threads)
    if session.contract.weights != weights:
        raise ModelError(f"{path}: is another model than the one that was pickled; open the plate anew")
    return session


def open_session(model: str | os.PathLike[str] | Session | None) -> Session:
    """A session of a model file, of the shipped model (None), or the one that is given.

    Raises:
        ModelError, InputError, UsageError: as `Session`.

    """
    return model if isinstance(model, Session) else Session(model)


def load_engine(data: bytes | str, num_threads: int | None, path: Path) -> Engine:
    """A graph ready to run, of this project or any other.

    Args:
        data: an ONNX file's bytes, or its name where weights may lie in files beside it.
        num_threads: as `Session` takes it.
        path: how an error names it.

    Raises:
        ModelError: onnxruntime cannot load it.
        UsageError: `num_threads` or CLEANPLATE_THREADS is not a whole number of at least 1.

    """
    options = _onnxruntime.SessionOptions()
    options.intra_op_num_threads = _wanted_threads() if num_threads is None else _checked_threads(num_threads)
    options.log_severity_level = _FATAL
    try:
        engine = _onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base of their own
        raise ModelError(
            f"{path}: onnxruntime {_onnxruntime.__version__} cannot load this model ({one_line(error)}); "
            "update cleanplate, or export the model again"
        ) from error
    return cast("Engine", engine)


def _checked_threads(num_threads: object) -> int:
    if not (isinstance(num_threads, int) and 1 <= num_threads <= _MOST_THREADS):
        raise UsageError(f"num_threads is {num_threads!r}; give a whole number from 1 to {_MOST_THREADS}")
    return num_threads


def _wanted_threads() -> int:
    wanted = os.environ.get(THREADS_VARIABLE, "")
    if not wanted:
        return 0  # onnxruntime's word for "every physical core"
    if not (wanted.isdecimal() and int(wanted) >= 1):
        raise UsageError(f"{THREADS_VARIABLE} is {wanted!r}; set it to a whole number of at least 1")
    return int(wanted)


def _check_ports(ports: list[Port], channels: Mapping[str, int | str | None], path: Path) -> None:
    found = {port.name: port for port in ports}
    if found.keys() != channels.keys():
        told = f"{path}: its graph has {sorted(found)} where its contract has {sorted(channels)}"
        raise ModelError(f"{told}; give another model, or export it again")
    for port in ports:
        shape, wanted = list(port.shape), channels[port.name]
        fits = len(shape) == 4 and _may_be(shape[0], 1) and isinstance(wanted, int) and _may_be(shape[1], wanted)
        if port.type != "tensor(float)" or not fits:
            raise ModelError(
                f"{path}: its {port.name} is {port.type} {shape}, not float32 (1, {wanted}, h, w); export it again"
            )
        if isinstance(shape[2], int) or isinstance(shape[3], int):
            raise ModelError(f"{path}: its {port.name} has the fixed size {shape}; export it with dynamic h and w")


def _may_be(side: int | str | None, number: int) -> bool:
    return side == number or not isinstance(side, int)


def _to_nchw(rgb: Image) -> Image:
    return np.ascontiguousarray(rgb.transpose(2, 0, 1)[None])


def one_line(error: Exception) -> str:
    """What onnxruntime says, short enough for a sentence."""
    return " ".join(str(error).split())[:200]
