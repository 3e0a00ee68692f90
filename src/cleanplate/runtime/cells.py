"""What a large picture's cells hold: means of light, some rows after the others to spare memory."""

import numpy as np

from cleanplate.imaging import Image
from cleanplate.imaging.colour import srgb_to_linear
from cleanplate.imaging.resize import resize

_ROWS = 64
_CODES = 4096
_LIGHT = srgb_to_linear(np.linspace(0, 1, _CODES + 1, dtype=np.float32))


def cell_light(rgb: Image, size_hw: tuple[int, int]) -> tuple[Image, Image]:
    """Mean and variance of the linear light in every cell of a picture.

    Args:
        rgb: (h, w, 3) float32 sRGB in [0, 1].
        size_hw: how many cells, at most one a pixel.

    Returns:
        Mean and variance, each (*size_hw, 3) float32, at least 0. sRGB is rounded to 12 bits on the way.

    """
    narrow = (rgb.shape[0], size_hw[1], 3)
    mean, variance = np.empty(narrow, np.float32), np.empty(narrow, np.float32)
    for top in range(0, rgb.shape[0], _ROWS):
        rows = slice(top, top + _ROWS)
        code = rgb[rows] * np.float32(_CODES)
        code += np.float32(0.5)
        light = np.take(_LIGHT, code.astype(np.uint16))
        mean[rows] = resize(light, (len(light), size_hw[1]))
        variance[rows] = resize(np.square(light, out=light), (len(light), size_hw[1]))
    mean, variance = resize(mean, size_hw), resize(variance, size_hw)
    variance -= mean * mean
    return mean, np.maximum(variance, 0, out=variance)
