"""A shot on its way to the network: read, laid over what stands behind where it is transparent, and made small."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image, Pixels
from cleanplate.imaging.arrays import Picture, as_picture
from cleanplate.imaging.compositing import composite
from cleanplate.imaging.files import read_picture, word_of
from cleanplate.imaging.resize import resize

PictureSource = str | os.PathLike[str] | NDArray[Any]
"""A picture file, or an array as `imaging.arrays.as_picture` takes it."""


@dataclass(frozen=True, eq=False)
class ReadyShot:
    """What `begin` of a plate takes, made ahead of it by `ready` of the same plate.

    `pixels` (h, w, 3) is the shot, sRGB, opaque; `small` (h', w', 3) float32 the same at the network's size; `behind`
    (h, w, 3) the plate at the shot's size, or what stands for it. `notices` are sentences a user should read.
    """

    name: str
    pixels: Pixels
    small: Image
    behind: Image
    notices: tuple[str, ...] = ()

    @property
    def size_hw(self) -> tuple[int, int]:
        """The shot's size."""
        return self.pixels.shape[0], self.pixels.shape[1]


def made_ready(
    picture: Picture, name: str, behind: Image, small_hw: tuple[int, int], notices: tuple[str, ...] = ()
) -> ReadyShot:
    """A picture as it is worked on: where it is transparent, `behind`, of its size, shows through."""
    opaque = picture.alpha is None or float(picture.alpha.min()) >= 1
    pixels = picture.pixels if picture.alpha is None or opaque else composite(picture.rgb, picture.alpha, behind)
    return ReadyShot(name, pixels, resize(pixels, small_hw), behind, notices)


def read_source(source: PictureSource | Picture, what: str) -> tuple[Picture, str]:
    """A picture, and how an error names it: by its file, anything else by `what`.

    Raises:
        InputError: it is neither a file's name nor an array, or cannot be used.

    """
    if isinstance(source, Picture):
        return source, what
    if isinstance(source, np.ndarray):
        return as_picture(source, what), what
    path = Path(word_of(source, what))
    return read_picture(path), str(path)
