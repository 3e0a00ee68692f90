"""What a large picture's cells hold: means of light, one channel after the other to spare memory."""

import cv2
import numpy as np

from cleanplate.imaging import Image
from cleanplate.imaging.colour import srgb_to_linear
from cleanplate.imaging.resize import resize

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
    mean, variance = (np.empty((*size_hw, 3), np.float32) for _ in range(2))
    for channel in range(3):
        code = np.asarray(cv2.extractChannel(rgb, channel), np.float32)
        code *= _CODES
        code += 0.5
        light = np.take(_LIGHT, code.astype(np.uint16))
        mean[..., channel] = resize(light, size_hw)
        variance[..., channel] = resize(np.square(light, out=light), size_hw)
    variance -= mean * mean
    return mean, np.maximum(variance, 0, out=variance)
