"""Crop, mirror, lens and a nudged camera: one resampling of each picture, whatever of it strikes."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.sample.record import Sample
from cleanplate.synth.camera.effects import Effects
from cleanplate.synth.camera.planes import size_of

_TYPICAL_FOCAL = 0.85
"""Focal length over width where a sample does not say: 61 degrees across."""

_FARTHEST_PX = 8
"""Parallax of what is very near is cut off here: a plate that is off by more cannot be used."""

_Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class _Lens:
    """Radial distortion about the middle of the source: positions move out by `bend` times the squared radius.

    A barrel is shrunk so that its corners stay in the picture.
    """

    bend: float
    size_hw: tuple[int, int]

    def bent(self, x: Image, y: Image) -> tuple[Image, Image]:
        height, width = self.size_hw
        middle_x, middle_y, half = (width - 1) / 2, (height - 1) / 2, np.hypot(width, height) / 2
        middle_x, middle_y = np.float32(middle_x), np.float32(middle_y)
        x, y = np.subtract(x, middle_x), np.subtract(y, middle_y)
        fit = 1 / max(1.0, 1 + self.bend)
        scale = (x * x + y * y) * np.float32(self.bend * fit / half**2) + np.float32(fit)
        return np.asarray(x * scale + middle_x, np.float32), np.asarray(y * scale + middle_y, np.float32)


def framed(sample: Sample, rng: np.random.Generator, effects: Effects, size_hw: tuple[int, int]) -> Sample:
    """Everything of a sample in one frame of `size_hw`; only the plate's picture is nudged.

    Depth is taken from single pixels, never blended. Who and what came stays said, but for what a crop cuts away as far
    as the sample tells (`instances`); the layers beside alpha and depth are left out.
    """
    window = _window(sample.alpha, rng, effects, size_hw)
    factor = max(1, int(min(window[2] / size_hw[0], window[3] / size_hw[1])))
    if factor > 1:
        sample, window = _shrunk(sample, factor), tuple(value / factor for value in window)
    to_source = _to_source(window, size_hw, mirrored=rng.random() < effects.flip_p)
    lens = _drawn_lens(rng, effects, size_of(sample.alpha))
    x, y = _positions(to_source, size_hw, lens)
    plate_depth_m = _nearest(sample.plate_depth_m, x, y)
    width = sample.alpha.shape[1]
    focal_px = (sample.view.focal_px / factor if sample.view else _TYPICAL_FOCAL * width) / abs(to_source[0, 0])
    nudge, shifts = _nudge(rng, effects, size_hw), _parallax(rng, effects, plate_depth_m, float(focal_px))
    if nudge is None and shifts is None:
        plate = _warped(sample.plate, x, y, cv2.INTER_LINEAR)
    else:
        turned = to_source if nudge is None else to_source @ nudge
        plate = _warped(sample.plate, *_positions(turned, size_hw, lens, shifts), cv2.INTER_CUBIC)
    return replace(
        _without_cut_away(sample, x, y, factor),
        plate=plate,
        shot=_warped(sample.shot, x, y, cv2.INTER_LINEAR),
        alpha=_warped(sample.alpha, x, y, cv2.INTER_LINEAR),
        plate_depth_m=plate_depth_m,
        shot_depth_m=_nearest(sample.shot_depth_m, x, y),
        shadow=None,
        instances=None,
        view=None,
    )


def _without_cut_away(sample: Sample, x: Image, y: Image, factor: int) -> Sample:
    """The sample with the names and kinds of those alone of whom anything lies in the frame, if it tells who is where.

    `x`, `y` (h, w): source positions that the frame shows, in pixels that are `factor` x `factor` of `instances`.
    """
    if sample.instances is None:
        return sample
    rows, columns = (
        slice(max(0, round(float(at.min()))) * factor, (round(float(at.max())) + 1) * factor) for at in (y, x)
    )
    seen = np.unique(sample.instances[rows, columns])
    kept = [k for k in range(len(sample.instance_names)) if k + 1 in seen]
    names, kinds = (tuple(said[k] for k in kept) for said in (sample.instance_names, sample.instance_kinds))
    return replace(sample, instance_names=names, instance_kinds=kinds)


def _window(alpha: Image, rng: np.random.Generator, effects: Effects, size_hw: tuple[int, int]) -> tuple[float, ...]:
    """Top, left, height and width of the crop; drawn so that some of the foreground is inside, four times in five."""
    h, w = size_of(alpha)
    scale = 1.0 if rng.random() < effects.whole_p else 1 - effects.crop * rng.random()
    height = min(scale * h, scale * w * size_hw[0] / size_hw[1])
    width = height * size_hw[1] / size_hw[0]
    top, left = (h - height) * rng.random(), (w - width) * rng.random()
    inside = np.flatnonzero(alpha > 0.5) if scale < 1 and rng.random() < 0.8 else ()
    if len(inside):
        row, column = divmod(int(inside[rng.integers(len(inside))]), w)
        top = float(np.clip(row - rng.uniform(0.1, 0.9) * height, 0, h - height))
        left = float(np.clip(column - rng.uniform(0.1, 0.9) * width, 0, w - width))
    return top, left, height, width


def _shrunk(sample: Sample, factor: int) -> Sample:
    """By averaging `factor` x `factor` pixels (of depth, the middle one), so that fine detail does not alias."""
    rows, columns = (side // factor for side in size_of(sample.alpha))

    def averaged(array: Image) -> Image:
        whole = array[: rows * factor, : columns * factor]
        return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)

    def picked(depth_m: Image) -> Image:
        return np.ascontiguousarray(depth_m[factor // 2 :: factor, factor // 2 :: factor][:rows, :columns])

    return replace(
        sample,
        plate=averaged(sample.plate),
        shot=averaged(sample.shot),
        alpha=averaged(sample.alpha),
        plate_depth_m=picked(sample.plate_depth_m),
        shot_depth_m=picked(sample.shot_depth_m),
    )


def _to_source(window: tuple[float, ...], size_hw: tuple[int, int], *, mirrored: bool) -> _Matrix:
    """Output pixel centres to source pixel centres (3x3, homogeneous)."""
    top, left, height, width = window
    zoom_x, zoom_y = width / size_hw[1], height / size_hw[0]
    start_x, step_x = (left + width - 0.5 * zoom_x - 0.5, -zoom_x) if mirrored else (left + 0.5 * zoom_x - 0.5, zoom_x)
    return np.array([[step_x, 0, start_x], [0, zoom_y, top + 0.5 * zoom_y - 0.5], [0, 0, 1]])


def _drawn_lens(rng: np.random.Generator, effects: Effects, size_hw: tuple[int, int]) -> _Lens | None:
    if rng.random() >= effects.distortion_p or effects.distortion_sd == 0:
        return None
    bend = abs(rng.normal(0, effects.distortion_sd)) * (1 if rng.random() < 0.8 else -0.5)
    return _Lens(float(np.clip(bend, -0.25, 0.5)), size_hw)


def _nudge(rng: np.random.Generator, effects: Effects, size_hw: tuple[int, int]) -> _Matrix | None:
    """Where the pixels of a camera that was turned look, in those of one that was not (3x3); None where it was not."""
    if rng.random() >= effects.nudge_p:
        return None
    # Mostly by less than the deviation, now and then by several times as much.
    force = float(np.exp(rng.normal(-0.2, 0.5)))
    turn, zoom = rng.normal(0, effects.turn_deg) * force, 1 + rng.normal(0, effects.zoom_sd) * force
    nudge = np.eye(3)
    nudge[:2] = cv2.getRotationMatrix2D(((size_hw[1] - 1) / 2, (size_hw[0] - 1) / 2), turn, zoom)
    nudge[:2, 2] += rng.normal(0, effects.shift_px, 2) * force
    return nudge


def _parallax(
    rng: np.random.Generator, effects: Effects, plate_depth_m: Image, focal_px: float
) -> tuple[Image, Image] | None:
    """By how many pixels, across and down, each pixel of a camera that was moved looks elsewhere."""
    if rng.random() >= effects.parallax_p or effects.parallax_m == 0:
        return None
    known = plate_depth_m > 0
    inverse = np.where(known, 1 / np.where(known, plate_depth_m, np.float32(1)), np.float32(0))
    # Whoever moves a camera aims it again: what is at the usual distance stays where it was.
    inverse -= np.median(inverse[::4, ::4])
    across, down = (np.float32(focal_px * metres) for metres in rng.normal(0, effects.parallax_m, 2))
    return np.clip(inverse * across, -_FARTHEST_PX, _FARTHEST_PX), np.clip(inverse * down, -_FARTHEST_PX, _FARTHEST_PX)


def _positions(
    to_source: _Matrix, size_hw: tuple[int, int], lens: _Lens | None, shifts: tuple[Image, Image] | None = None
) -> tuple[Image, Image]:
    """Source x and y (h, w) of every output pixel, first displaced by `shifts` (x and y, in output pixels)."""
    matrix = to_source.astype(np.float32)
    columns, rows = np.arange(size_hw[1], dtype=np.float32)[None], np.arange(size_hw[0], dtype=np.float32)[:, None]
    x = columns * matrix[0, 0] + (rows * matrix[0, 1] + matrix[0, 2])
    y = columns * matrix[1, 0] + (rows * matrix[1, 1] + matrix[1, 2])
    if shifts is not None:
        x += shifts[0] * matrix[0, 0]
        y += shifts[1] * matrix[1, 1]
    return (x, y) if lens is None else lens.bent(x, y)


def _warped(array: Image, x: Image, y: Image, method: int) -> Image:
    return np.asarray(cv2.remap(array, x, y, method, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _nearest(depth_m: Image, x: Image, y: Image) -> Image:
    return _warped(depth_m, x, y, cv2.INTER_NEAREST)
