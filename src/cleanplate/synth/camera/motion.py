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
        parts = np.clip(smooth_field(rng, (4, 4), size_of(layers.alpha)) * 2 + np.float32(rng.uniform(-1, 1)), 0, 1)
    _blend(layers, _filtered(layers.front, kernel), _filtered(layers.alpha, kernel), parts)
    return kernel.shape[0] // 2


def interlace(layers: Layers, rng: np.random.Generator, reach_px: float) -> int:
    """Two fields of a moving foreground in one frame, as a comb or as a double image; return the shift in pixels."""
    farthest = min(reach_px, layers.alpha.shape[1] // 8)
    shift = round(float(np.clip(rng.normal(0, reach_px / 2), -farthest, farthest))) or 1
    front, alpha = (_shifted(layer, shift, 0) for layer in (layers.front, layers.alpha))
    field = np.full(size_of(alpha), 0.5, np.float32)
    if rng.random() < 0.5:
        field[0::2], field[1::2] = 0, 1
    _blend(layers, front, alpha, field)
    return abs(shift)


def ghost(layers: Layers, rng: np.random.Generator, shot: Image) -> Image:
    """The shot with a share of the frame before in it: the foreground a few pixels away, over the same scene."""
    farthest = min(size_of(shot)) // 8
    right, down = (round(float(np.clip(rng.normal(0, px), -farthest, farthest))) for px in (5.0, 1.5))
    front, alpha = (_shifted(layer, right, down) for layer in (layers.front, layers.alpha))
    before = np.asarray(cv2.add(front, times(layers.back, 1 - alpha)), np.float32)
    share = float(rng.uniform(0.08, 0.3))
    return np.asarray(cv2.addWeighted(shot, 1 - share, before, share, 0), np.float32)


def streak(rng: np.random.Generator, reach_px: float) -> Image:
    """A filter that smears along a line of random direction, mostly flat, at most `reach_px` long."""
    half_length = float(reach_px * rng.uniform(0.25, 1.0)) / 2
    angle = rng.normal(0, 0.6)
    side = int(np.ceil(half_length)) + 1
    y, x = np.mgrid[-side : side + 1, -side : side + 1]
    along, beside = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    past = np.maximum(np.abs(along) - half_length, 0)
    kernel = np.clip(1 - np.hypot(past, beside), 0, 1)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _filtered(layer: Image, kernel: Image) -> Image:
    return np.asarray(cv2.filter2D(layer, -1, kernel, borderType=cv2.BORDER_REPLICATE), np.float32)


def _shifted(layer: Image, right: int, down: int) -> Image:
    """By whole pixels, fewer than there are; the border is repeated."""
    h, w = size_of(layer)
    kept = layer[max(0, -down) : h - max(0, down), max(0, -right) : w - max(0, right)]
    margins = max(0, down), max(0, -down), max(0, right), max(0, -right)
    return np.asarray(cv2.copyMakeBorder(kept, *margins, cv2.BORDER_REPLICATE), np.float32)


def _blend(layers: Layers, front: Image, alpha: Image, share: Image | None) -> None:
    """Take other front and alpha, everywhere or to a share."""
    if share is not None:
        front = np.asarray(cv2.add(layers.front, times(plus(front, -1, layers.front), share)), np.float32)
        alpha = np.asarray(layers.alpha + (alpha - layers.alpha) * share, np.float32)
    layers.front, layers.alpha = front, alpha
