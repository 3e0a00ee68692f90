"""What a foreground is laid over: a picture, a colour, or the plate out of focus."""

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ImageColor

from cleanplate.errors import UsageError
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import as_picture
from cleanplate.imaging.files import file_identity, read_picture, word_of
from cleanplate.imaging.resize import resize

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_BLUR = "blur"
_BLUR_AT_PX, _BLUR_SIGMA_PX = 256, 5.0
"""The blur is 2 % of the shorter side wide, and made on a picture so small that it costs nothing."""


@dataclass(frozen=True, eq=False)
class Backdrop:
    """A backdrop of no size yet; `read_backdrop` makes it, `fitted` lays it out.

    Attributes:
        picture: (h, w, 3) sRGB in [0, 1] of any size, or None.
        colour: sRGB in [0, 1], or None. Where both are None, the plate is blurred.

    """

    picture: Image | None = None
    colour: tuple[float, float, float] | None = None

    def fitted(self, size_hw: tuple[int, int], plate: Image | None) -> Image:
        """The backdrop (*size_hw, 3) float32 in [0, 1]; `plate` (h, w, 3) is what may have to be blurred.

        A picture is scaled, its aspect ratio kept, until it covers the whole, and cut off evenly on both sides.

        Raises:
            UsageError: the plate is to be blurred and there is none.

        """
        if self.picture is not None:
            return _covering(self.picture, size_hw)
        if self.colour is not None:
            return np.broadcast_to(np.array(self.colour, np.float32), (*size_hw, 3)).copy()
        if plate is None:
            raise UsageError("backdrop blur: there is no plate to blur; name a picture or a colour")
        scale = min(1.0, _BLUR_AT_PX / min(size_hw))
        small = resize(plate, (max(1, round(size_hw[0] * scale)), max(1, round(size_hw[1] * scale))))
        return resize(np.asarray(cv2.GaussianBlur(small, (0, 0), _BLUR_SIGMA_PX), np.float32), size_hw)


def read_backdrop(choice: str | os.PathLike[str] | NDArray[Any]) -> Backdrop:
    """What a user named: "blur", a colour (#rrggbb or a CSS name), a picture file, or a picture as an array.

    A word that is a colour's name is the colour: write ./red, or give a Path, for a file of that name. A picture's
    transparency is ignored.

    Raises:
        InputError: the picture cannot be used, or it is neither a word nor an array.
        UsageError: a word that is neither a colour nor a file.

    >>> read_backdrop("#ff0000").colour
    (1.0, 0.0, 0.0)
    """
    if isinstance(choice, np.ndarray):
        return Backdrop(as_picture(choice, "backdrop").rgb)
    word = word_of(choice, "backdrop")
    if not word:
        raise UsageError("backdrop: is empty; give a file, a colour (#rrggbb or a CSS name) or blur")
    if not isinstance(choice, str):
        return Backdrop(read_picture(Path(word)).rgb)
    if word.lower() == _BLUR:
        return Backdrop()
    if _HEX.fullmatch(word) or word.lower() in ImageColor.colormap:
        red, green, blue, *_ = ImageColor.getrgb(word)
        return Backdrop(colour=(red / 255, green / 255, blue / 255))
    if file_identity(Path(word)) is None and not Path(word).suffix:
        raise UsageError(
            f"backdrop {word}: is no file, no colour (#rrggbb or a CSS name) and not blur; name one of them"
        )
    return Backdrop(read_picture(Path(word)).rgb)


def _covering(picture: Image, size_hw: tuple[int, int]) -> Image:
    """What is far outside is cut off before the rest is scaled: of a panorama little is left to scale."""
    scale = max(size_hw[0] / picture.shape[0], size_hw[1] / picture.shape[1])
    # as much off on both sides: half a pixel of a small picture would be many of the shot's
    tall, wide = (math.ceil(w / scale) + 2 for w in size_hw)
    near = _middle(picture, tall + (picture.shape[0] - tall) % 2, wide + (picture.shape[1] - wide) % 2)
    scaled = (max(size_hw[0], round(near.shape[0] * scale)), max(size_hw[1], round(near.shape[1] * scale)))
    return _middle(resize(near, scaled), *size_hw)


def _middle(picture: Image, height: int, width: int) -> Image:
    """The middle of a picture, at most so large."""
    top, left = max(0, picture.shape[0] - height) // 2, max(0, picture.shape[1] - width) // 2
    return np.ascontiguousarray(picture[top : top + height, left : left + width])
