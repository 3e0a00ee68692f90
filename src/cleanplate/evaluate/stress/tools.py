"""The matting programs that can be put under stress: ours, classical ones, other people's networks, any command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError, UsageError
from cleanplate.evaluate.stress.command import command_matte
from cleanplate.evaluate.stress.pairs import Codes
from cleanplate.evaluate.stress.peers import mediapipe_matte, rembg_matte
from cleanplate.imaging import Image
from cleanplate.runtime.plate import Plate
from cleanplate.runtime.session import Session

KNN_LOOKS = 5
"""How often KNN is shown the plate: with fewer looks it takes everything for foreground. MOG2 is shown it once, because
looks that are all the same make it believe that the camera has no noise."""


@dataclass(frozen=True)
class Tool:
    """A matting program.

    Attributes:
        name: of its curve and its file.
        about: what it is, for the page: one phrase.
        matte: plate and shot, both (h, w, 3) uint8 sRGB, to alpha (h, w) in [0, 1].
        weights: "sha256:..." of what it has learnt, as far as anybody knows: two of one name may differ in it.
    """

    name: str
    about: str
    matte: Callable[[Codes, Codes], Image]
    weights: str | None = None


class _Subtractor(Protocol):
    """The part of OpenCV's background subtractors that is used."""

    def apply(self, image: Codes, fgmask: None, learningRate: float) -> NDArray[np.generic]:  # noqa: N803 - OpenCV's
        """Learn from a picture (0 = nothing) and tell its foreground (255) from background (0) and shadow (127)."""
        ...


def make_tool(words: str, *, model: Path | None = None, timeout_s: float = 300, name: str | None = None) -> Tool:
    """A tool by the name of a built-in one, or by a command.

    Args:
        words: a key of BUILT_IN, or a command with {image} and {out}, and {plate} if it wants one.
        model: the file of one of `cleanplate`, `undoctored`, `rembg`, `mediapipe`; what it comes with unless given.
        timeout_s: how long a command may take for one picture.
        name: for its curve instead of its own.

    Raises:
        UsageError: no such tool, a time that is not above 0, a command without its placeholders, a package that is not
            installed, or a model for a tool without one. ModelError, ToolError: a model that cannot be loaded.
    """
    if not timeout_s > 0:  # nor is NaN
        raise UsageError(f"--timeout {timeout_s:g}: give a number of seconds above 0")
    if words in BUILT_IN:
        tool = BUILT_IN[words](model)
    elif model is not None:
        raise UsageError(
            "--model is for --tool cleanplate, undoctored, rembg and mediapipe; write a command's into the command"
        )
    elif "{" not in words:
        raise UsageError(f"--tool {words}: is none of {', '.join(BUILT_IN)}, and no command with {{image}} and {{out}}")
    else:
        program, matte = command_matte(words, timeout_s)
        tool = Tool(program, f"`{words}`", matte)
    return tool if name is None else replace(tool, name=name)


def difference_matte(plate: Codes, shot: Codes) -> Image:
    """The largest difference of the three colours, cut at the threshold that Otsu's method finds in this picture.

    Source: N. Otsu, A Threshold Selection Method from Gray-Level Histograms, 1979.
    """
    apart = np.asarray(cv2.absdiff(plate, shot).max(-1), np.uint8)
    found = cv2.threshold(apart, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]
    return np.asarray(found, np.float32)


def subtractor_matte(make: Callable[[], _Subtractor], num_looks: int) -> Callable[[Codes, Codes], Image]:
    """A background subtractor that is new for every pair: shown the plate `num_looks` times, then the shot.

    What it takes for a shadow is background.
    """

    def matte(plate: Codes, shot: Codes) -> Image:
        subtractor = make()
        for look in range(num_looks):
            subtractor.apply(plate, None, 1 / (look + 1))
        return (subtractor.apply(shot, None, 0) == 255).astype(np.float32)

    return matte


def _ours(name: str, *, doctor: bool) -> Callable[[Path | None], Tool]:
    def make(model: Path | None) -> Tool:
        session = Session(model)
        contract = session.contract
        opened: list[tuple[Codes, Plate]] = []

        def matte(plate: Codes, shot: Codes) -> Image:
            # Most axes leave the plate as it is, and opening one costs as much as a matte.
            if not (opened and np.array_equal(opened[0][0], plate)):
                opened[:] = [(plate, Plate.open(plate, session, doctor=doctor))]
            return opened[0][1].matte(shot).alpha

        how = "as `cleanplate run`" if doctor else "as `cleanplate run --doctor off`"
        return Tool(name, f"this project's model {contract.title}, {how}", matte, contract.weights)

    return make


def _without_model(name: str, about: str, matte: Callable[[Codes, Codes], Image]) -> Callable[[Path | None], Tool]:
    def make(model: Path | None) -> Tool:
        if model is not None:
            raise UsageError(f"--tool {name} has no model: leave --model out")
        return Tool(name, about, matte)

    return make


def _of_package(
    name: str, about: str, load: Callable[[Path | None], Callable[[Codes], Image]]
) -> Callable[[Path | None], Tool]:
    """A network that never sees the plate."""

    def make(model: Path | None) -> Tool:
        if model is not None and not model.is_file():
            raise InputError(f"{model}: is missing; name the model file of {name}")
        of_shot = load(model)
        said = about if model is None else f"{about}; weights {model.name}"
        weights = None if model is None else f"sha256:{sha256(model.read_bytes()).hexdigest()}"
        return Tool(name, said, lambda plate, shot: of_shot(shot), weights)  # noqa: ARG005 - it does not look at the plate

    return make


BUILT_IN: Mapping[str, Callable[[Path | None], Tool]] = {
    "cleanplate": _ours("cleanplate", doctor=True),
    "undoctored": _ours("undoctored", doctor=False),
    "difference": _without_model("difference", "largest colour difference, cut at Otsu's threshold", difference_matte),
    "mog2": _without_model(
        "mog2",
        "OpenCV's MOG2 with its own settings, shown the plate once; what it calls shadow is background",
        subtractor_matte(cv2.createBackgroundSubtractorMOG2, 1),
    ),
    "knn": _without_model(
        "knn",
        f"OpenCV's KNN with its own settings, shown the plate {KNN_LOOKS} times; what it calls shadow is background",
        subtractor_matte(cv2.createBackgroundSubtractorKNN, KNN_LOOKS),
    ),
    "rembg": _of_package("rembg", "U2Net by the package rembg; never sees the plate", rembg_matte),
    "mediapipe": _of_package("mediapipe", "MediaPipe's selfie segmenter; never sees the plate", mediapipe_matte),
}
"""Tools that need no command; each is made with a model file or None."""
