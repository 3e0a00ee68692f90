"""A second look at a shot, closer by, where the first found something: of alpha a mean of both counts.

The network sees a shot at one small size, and who stands far away is a few of its pixels. In a part of the shot they
are more of them; and two looks err differently (docs/decisions/0015-a-closer-look.md).
"""

from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image, Pixels
from cleanplate.imaging.resize import resize
from cleanplate.plate.geometry import Reach
from cleanplate.runtime.refine import refine_alpha

_Value = TypeVar("_Value", bound=np.generic)

_FOUND = 0.5
_AROUND = 1.25
"""How many times as large as what was found a part is at least."""

_RIM = 1 / 30
"""And so much of the picture's side more."""

_SMALLEST, _LARGEST, _STEPS = 8, 13, 16
"""Parts have so many sixteenths of the picture's sides; where it would take more, all of it is looked at again."""

_LARGER = 1.25
"""So much larger than at first: a part is larger by itself."""

_BLURRED, _LESS = 2.5, 0.4
"""Where the network sees a pixel of the shot as more than so many a side, the second look counts so much, else half."""


class Part(NamedTuple):
    """A rectangle of a picture, in pixels."""

    top: int
    left: int
    bottom: int
    right: int

    def of(self, picture: NDArray[_Value]) -> NDArray[_Value]:
        """It alone of a picture (h, w) or (h, w, 3): a view where that is all of it, else a copy."""
        return np.ascontiguousarray(picture[self.top : self.bottom, self.left : self.right])

    def share(self, picture: Image) -> float:
        """At how many times the network's usual size it is looked at, of that picture."""
        return _LARGER if tuple(self) == (0, 0, *picture.shape[:2]) else 1.0


def part_to_look_at(alpha: Image, size_hw: tuple[int, int]) -> Part | None:
    """The part of a shot to look at again, of the shot's aspect ratio, if not all of it; None where nothing is found.

    Parts come in few sizes and places: who moves a little in a clip, or stands in one of many shots of a room, does so
    in the same part.

    Args:
        alpha: (h', w') float32 in [0, 1], as the network gave it for the whole shot.
        size_hw: the shot's size.

    >>> alpha = np.zeros((64, 64), np.float32)
    >>> alpha[40:50, 20:30] = 1
    >>> part_to_look_at(alpha, (640, 640))
    Part(top=280, left=80, bottom=600, right=400)

    """
    found = alpha >= _FOUND
    if not found.any():
        return None
    spans = [np.flatnonzero(found.any(axis=1 - axis))[[0, -1]] for axis in (0, 1)]
    shares = [(last + 1 - first) / side for (first, last), side in zip(spans, found.shape, strict=True)]
    steps = max(_SMALLEST, int(np.ceil((_AROUND * max(shares) + _RIM) * _STEPS)))
    if steps > _LARGEST:
        return Part(0, 0, *size_hw)
    middles = [(first + last + 1) / (2 * side) for (first, last), side in zip(spans, found.shape, strict=True)]
    top, left = (_first(middle, steps, side) for middle, side in zip(middles, size_hw, strict=True))
    height, width = (steps * side // _STEPS for side in size_hw)
    return Part(top, left, top + height, left + width)


def _first(middle: float, steps: int, side: int) -> int:
    """Where `steps` sixteenths of a side begin that lie around a place in [0, 1], to half a sixteenth, and inside."""
    return min(max(round(2 * _STEPS * middle) - steps, 0), 2 * (_STEPS - steps)) * side // (2 * _STEPS)


@dataclass(frozen=True)
class CloserLook:
    """What was found in a part of a shot: alpha (h', w') float32 of the network's size.

    `seen`: shot and plate (h', w', 3) in it, as the network saw them.
    """

    part: Part
    alpha: Image
    seen: tuple[Image, Image]

    def added(self, whole: Image, shot: Pixels, plate: Image, reach: Reach | None) -> Image:
        """The alpha of the whole shot, in the part a mean with what was found there.

        Both count the same, but of a small shot the second less: where one is sure of something and the other of
        nothing, as is not seldom in its few pixels, the first is right more often (docs/log.md).

        Args:
            whole: (h, w) float32 in [0, 1], as the first look has it; it is written into.
            shot: (h, w, 3) sRGB.
            plate: (h, w, 3), as `refine_alpha` takes it.
            reach: of a plate that was moved, at any size; what is found beyond it is not to be believed.

        """
        first = self.part.of(whole)
        again = refine_alpha(self.part.of(shot), self.part.of(plate), self.alpha, self.seen)
        if reach is not None:
            beyond = resize(reach.beyond.astype(np.float32), (whole.shape[0], whole.shape[1]))
            again = np.where(self.part.of(beyond) > 0, first, again)
        much = np.float32(_LESS if len(self.alpha) > _BLURRED * len(first) else 0.5)
        whole[self.part.top : self.part.bottom, self.part.left : self.part.right] = (1 - much) * first + much * again
        return whole
