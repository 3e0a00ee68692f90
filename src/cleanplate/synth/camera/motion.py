"""What moves while the picture is taken; front and alpha always go through the same filter.

So alpha stays what the foreground covers.
"""

import cv2
import numpy as np

from cleanplate.imaging import Image
from cleanplate.synth.camera.layers import Layers
from cleanplate.synth.camera.planes import plus, size_of, smooth_field, times


def move_foreground(layers: Layers, rng: np.random.Generator, reach_px: float) -> int:
    """Smear the foreground along a line, all of it or parts; return by how many pixels at most."""
    kernel = streak(rng, reach_px)
    parts = None
    if rng.random() < 0.6:  # an arm moves, the rest stands
        parts = np.clip(smooth_field(rng, 4, size_of(layers.alpha)) * 2 + np.float32(rng.uniform(-1, 1)), 0, 1)
    _blend(layers, _filtered(layers.front, kernel), _filtered(layers.alpha, kernel), parts)
    return kernel.shape[0] // 2


def interlace(layers: Layers, rng: np.random.Generator, reach_px: float) -> int:
    """Two fields of a moving foreground in one frame, as a comb or as a double image; return the shift in pixels."""
    shift = float(np.clip(rng.normal(0, reach_px / 2), -reach_px, reach_px))
    front, alpha = (_shifted(layer, shift, 0.0) for layer in (layers.front, layers.alpha))
    field = np.full(size_of(alpha), 0.5, np.float32)
    if rng.random() < 0.5:
        field[0::2], field[1::2] = 0, 1
    _blend(layers, front, alpha, field)
    return int(np.ceil(abs(shift)))


def ghost(layers: Layers, rng: np.random.Generator, shot: Image) -> Image:
    """The shot with a share of the frame before in it: the foreground a few pixels away, over the same scene."""
    dx, dy = rng.normal(0, 5), rng.normal(0, 1.5)
    front, alpha = (_shifted(layer, dx, dy) for layer in (layers.front, layers.alpha))
    before = np.asarray(cv2.add(front, times(layers.back, 1 - alpha)), np.float32)
    share = float(rng.uniform(0.08, 0.3))
    return np.asarray(cv2.addWeighted(shot, 1 - share, before, share, 0), np.float32)


def streak(rng: np.random.Generator, reach_px: float) -> Image:
    """A filter that smears along a line of random direction, mostly flat, at most `reach_px` long."""
    length = float(reach_px * rng.uniform(0.25, 1.0))
    angle = rng.normal(0, 0.6)
    half = int(np.ceil(length / 2)) + 1
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    for along in np.linspace(-length / 2, length / 2, 4 * half + 1):
        x, y = half + along * np.cos(angle), half + along * np.sin(angle)
        column, row = int(x), int(y)
        right, down = x - column, y - row
        kernel[row : row + 2, column : column + 2] += np.outer([1 - down, down], [1 - right, right]).astype(np.float32)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _filtered(layer: Image, kernel: Image) -> Image:
    return np.asarray(cv2.filter2D(layer, -1, kernel, borderType=cv2.BORDER_REPLICATE), np.float32)


def _shifted(layer: Image, dx: float, dy: float) -> Image:
    matrix = np.array([[1, 0, dx], [0, 1, dy]])
    h, w = size_of(layer)
    return np.asarray(cv2.warpAffine(layer, matrix, (w, h), borderMode=cv2.BORDER_REPLICATE), np.float32)


def _blend(layers: Layers, front: Image, alpha: Image, share: Image | None) -> None:
    """Take other front and alpha, everywhere or to a share."""
    if share is not None:
        front = np.asarray(cv2.add(layers.front, times(plus(front, -1, layers.front), share)), np.float32)
        alpha = np.asarray(layers.alpha + (alpha - layers.alpha) * share, np.float32)
    layers.front, layers.alpha = front, alpha
