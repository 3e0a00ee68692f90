"""Bring a plate into a shot's light, by what of both is the same surface."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.imaging.arrays import strips
from cleanplate.imaging.colour import linear_to_srgb, srgb_to_linear
from cleanplate.plate.structure import blur

_DARK = 0.004
"""Linear light below which a ratio of two pixels says nothing."""

WHITE = 0.98
"""From here on a sensor tells nothing."""

_TUKEY = 4.0
_KNOTS = 9
_PAYS = 0.0012
"""A more complex light must lower the difference by this, on pixels it was not fitted on, ..."""

_PAYS_SHARE = {"gain": 0.06, "field": 0.15, "curve": 0.2}
"""... and by this share of it; a curve can also imitate a blur, and must do better."""

_CUT = {"gain": 0.3, "field": 0.08, "curve": 0.08}
"""From this difference of sRGB values on, a pixel counts as foreground, however much it differs; while the exposure is
not known yet, everything differs much."""

_LIKE = 0.15
"""Largest difference of sRGB values that a tone curve is fitted on."""

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Light:
    """How a shot's light differs from its plate's; applied in this order, each None where it does not pay.

    `gain` (3,) factors of linear light (exposure and white balance); `field` (6, 3) logarithm of a low-frequency
    factor: the coefficients of 1, x, y, x x, x y, y y with x and y from -1 to 1 over the picture; `curve` (9, 3) what
    sRGB values 0, 1/8, ... 1 become (tone).
    """

    gain: _Floats | None = None
    field: _Floats | None = None
    curve: _Floats | None = None

    @property
    def is_same(self) -> bool:
        """Whether nothing changes."""
        return self.gain is None and self.field is None and self.curve is None

    def on(self, rgb: Image) -> Image:
        """A picture (h, w, 3) sRGB in this light; what leaves [0, 1] is clipped, as by a camera."""
        if self.is_same:
            return rgb
        result = np.empty_like(rgb)
        height, width = rgb.shape[:2]
        x, y = _axes(height, width)
        for rows in strips(height, width):
            part = rgb[rows]
            if self.gain is not None or self.field is not None:
                factor = np.ones(3, np.float32) if self.gain is None else self.gain.astype(np.float32)
                if self.field is not None:
                    factor = factor * np.exp(_basis(x, y[rows]) @ self.field.astype(np.float32))
                part = linear_to_srgb(np.clip(srgb_to_linear(part) * factor, 0, 1))
            if self.curve is not None:
                part = _toned(part, self.curve)
            result[rows] = np.clip(part, 0, 1)
        return result

    @property
    def exposure_ev(self) -> float:
        """By how many stops the shot is brighter, the colours' mean, in the middle of the picture."""
        logs = np.zeros(3) if self.gain is None else np.log(self.gain)
        return float(np.mean(logs + (0 if self.field is None else self.field[0])) / np.log(2))


def fit_light(plate: Image, shot: Image, weight: Image) -> Light:
    """The simplest light that explains how the shot's background differs from the plate's.

    A gain, then a low-frequency field, then a tone curve are each taken only where they clearly lower the difference
    on blocks of pixels that they were not fitted on. Clipped pixels do not take part; what fits no common light
    (foreground, its shadow) is left out by iterated reweighting.

    Args:
        plate: (h, w, 3) sRGB in [0, 1], registered; a few hundred pixels wide is enough.
        shot: (h, w, 3).
        weight: (h, w) in [0, 1]: how surely a pixel shows one surface in both.

    """
    rows, columns = np.indices(weight.shape, np.intp) >> 3
    blocks = (rows + columns) % 2 == 0
    fitted, held = weight * blocks, weight * ~blocks
    light = Light()
    for part, cut in _CUT.items():
        candidate = _with(light, part, plate, shot, fitted)
        before, after = (_difference(state.on(plate), shot, held, cut) for state in (light, candidate))
        if after < before - max(_PAYS, _PAYS_SHARE[part] * before):
            light = candidate
    final = Light()
    for part in _CUT:
        if getattr(light, part) is not None:
            final = _with(final, part, plate, shot, weight)
    return final


def _with(light: Light, part: str, plate: Image, shot: Image, weight: Image) -> Light:
    if part == "gain":
        return replace(light, gain=_fit_gain(light.on(plate), shot, weight))
    if part == "field":
        return replace(light, field=_fit_field(light.on(plate), shot, weight))
    return replace(light, curve=_fit_curve(light.on(plate), shot, weight))


def _difference(plate: Image, shot: Image, weight: Image, cut: float) -> float:
    """The mean difference of sRGB values; what differs more than `cut` counts as much as that."""
    apart = np.minimum(np.abs(plate - shot).mean(axis=2), cut)
    return float((apart * weight).sum() / max(float(weight.sum()), 1e-6))


def _logs(plate: Image, shot: Image, weight: Image) -> tuple[_Floats, _Floats]:
    """Logarithm of shot over plate (h, w, 3) and what each is worth."""
    light_plate, light_shot = srgb_to_linear(plate), srgb_to_linear(shot)
    ratio = np.log((light_shot + _DARK) / (light_plate + _DARK)).astype(np.float64)
    seen = (plate < WHITE) & (shot < WHITE)
    bright = np.minimum(light_plate, light_shot)
    worth = weight[..., None] * seen * (bright / (bright + np.float32(5 * _DARK)))
    return ratio, worth.astype(np.float64)


def _fit_gain(plate: Image, shot: Image, weight: Image) -> _Floats:
    ratio, worth = _logs(plate, shot, weight)
    middle = np.array([_mode(ratio[..., channel].ravel(), worth[..., channel].ravel()) for channel in range(3)])
    for spread in (0.3, 0.15, 0.1):
        common = _common(ratio - middle, worth, spread)
        total = common.sum(axis=(0, 1))
        middle = np.where(total > 1e-3, (common * ratio).sum(axis=(0, 1)) / np.maximum(total, 1e-9), middle)
    return np.exp(np.clip(middle, -4, 4))


def _fit_field(plate: Image, shot: Image, weight: Image) -> _Floats:
    ratio, worth = _logs(plate, shot, weight)
    basis = _basis(*_axes(*shot.shape[:2])).astype(np.float64)
    field = np.zeros((6, 3))
    for spread in (0.15, 0.12, 0.1, 0.08):
        common = _common(ratio - basis @ field, worth, spread)
        for channel in range(3):
            weighted = basis * common[..., channel, None]
            normal = np.tensordot(weighted, basis, axes=((0, 1), (0, 1)))
            right = np.tensordot(weighted, ratio[..., channel], axes=((0, 1), (0, 1)))
            # where half of the picture is hidden, the field goes on level instead of running away
            prior = 0.01 * max(float(common[..., channel].sum()), 1e-3) * np.eye(6)
            field[:, channel] = np.linalg.solve(normal + prior, right)
    return np.clip(field, -2, 2)


def _fit_curve(plate: Image, shot: Image, weight: Image) -> _Floats:
    """A monotone curve through weighted medians, pulled to the identity where there are few pixels."""
    knots = np.linspace(0, 1, _KNOTS)
    alike = weight * (np.abs(plate - shot).max(axis=2) < _LIKE)
    curve = np.empty((_KNOTS, 3))
    for channel in range(3):
        values, wanted = plate[..., channel].ravel(), shot[..., channel].ravel()
        worth = alike.ravel() * (values < WHITE) * (wanted < WHITE)
        rise = np.zeros(_KNOTS)
        for index, knot in enumerate(knots):
            near = worth * np.maximum(0, 1 - np.abs(values - knot) * (_KNOTS - 1))
            total = float(near.sum())
            if total > 1:
                rise[index] = _median(wanted - values, near) * total / (total + 0.002 * worth.size)
        curve[:, channel] = np.maximum.accumulate(np.clip(knots + rise, 0, 1))
    return curve


def _common(rest: _Floats, worth: _Floats, spread: float) -> _Floats:
    """Weights (h, w, 3): a pixel must fit in all of its colours."""
    farthest = np.max(np.abs(rest) * (worth > 0), axis=2, keepdims=True)
    return worth * np.clip(1 - (farthest / (_TUKEY * spread)) ** 2, 0, 1) ** 2


def _mode(values: _Floats, worth: _Floats) -> float:
    """Where values are densest: more than half may be foreground."""
    counts, edges = np.histogram(values, bins=161, range=(-4.025, 4.025), weights=worth)
    smooth = blur(counts.astype(np.float32)[None], 2.0)[0]
    top = int(np.argmax(smooth))
    return float((edges[top] + edges[top + 1]) / 2) if smooth[top] > 0 else 0.0


def _median(values: Image, worth: Image) -> float:
    some = worth > 0
    values, worth = values[some], worth[some]
    order = np.argsort(values)
    total = np.cumsum(worth[order], dtype=np.float64)
    return float(values[order[np.searchsorted(total, total[-1] / 2)]])


def _toned(rgb: Image, curve: _Floats) -> Image:
    knots = np.linspace(0, 1, _KNOTS)
    toned = [np.interp(rgb[..., channel], knots, curve[:, channel]) for channel in range(3)]
    return np.stack(toned, axis=-1).astype(np.float32)


def _axes(height: int, width: int) -> tuple[Image, Image]:
    return np.linspace(-1, 1, width, dtype=np.float32)[None], np.linspace(-1, 1, height, dtype=np.float32)[:, None]


def _basis(x: Image, y: Image) -> Image:
    one = np.ones(np.broadcast_shapes(x.shape, y.shape), np.float32)
    return np.stack([one, one * x, one * y, one * x * x, x * y, one * y * y], axis=-1)
