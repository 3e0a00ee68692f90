"""A plate's disparity becomes metres: by distances measured with a tape, or by a depth map of the plate."""

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError, UsageError
from cleanplate.imaging import Image
from cleanplate.imaging.depthfile import FARTHEST_M, digest_of
from cleanplate.plate.intrinsics import Intrinsics
from cleanplate.plate.lines import Floats, least_logarithms, least_squares, steadiest_line

NEAREST_M = 0.001
"""Shorter distances, in metres, are refused: no lens is so near to what it sees."""

FAR_TO_NEAR = 5.0
"""With one anchor, and a disparity whose zero means nothing, a plate's farthest surface is taken to be so many times as
far as its nearest. About that of rendered rooms: docs/formats.md, "Depth of a shot"."""

_SAME_DEPTH = 0.02
"""Anchors nearer to each other than this share of the plate's disparity cannot tell a scale, nor can a depth map whose
depths differ by no more."""

_WORTH_TELLING, _MAX_RESIDUAL = 0.1, 0.5
_MAX_PIXELS = 65_536


@dataclass(frozen=True)
class Anchor:
    """The distance in metres from the lens to the plate's surface at pixel `x` (from the left), `y` (from the top)."""

    x: int
    y: int
    distance_m: float

    def __str__(self) -> str:
        return f"{self.x},{self.y}={self.distance_m:g}"


@dataclass(frozen=True, eq=False)
class DepthScale:
    """What turns a plate's disparity into depth: `inverse_depth = scale * disparity + shift`.

    Attributes:
        scale: greater than 0, in 1/m per disparity.
        shift: in 1/m.
        anchors: what it was fitted to; empty where that was a depth map.
        residuals: for each anchor, larger / smaller - 1 of fitted and measured depth; for a map their median alone.
        map_m: (h, w) known depth of the plate in metres, which is used instead (0 = unknown); None without a map.
        map_digest: of the map as it was given, by `imaging.depthfile.digest_of`; "" without a map.
        notices: sentences a user should read.
    """

    scale: float
    shift: float
    anchors: tuple[Anchor, ...] = ()
    residuals: tuple[float, ...] = ()
    map_m: Image | None = None
    notices: tuple[str, ...] = ()
    map_digest: str = ""

    def depth_m(self, disparity: Image) -> Image:
        """Metres along the optical axis (h, w) float32 of a disparity (h, w); 0 where it is over 1 km or infinite.

        >>> DepthScale(0.5, 0.0).depth_m(np.float32([[1.0, 0.25, -1.0]])).tolist()
        [[2.0, 8.0, 0.0]]
        """
        inverse_depth = disparity * np.float32(self.scale) + np.float32(self.shift)
        known = inverse_depth >= 1 / FARTHEST_M
        return np.divide(1, inverse_depth, out=np.zeros_like(inverse_depth), where=known)

    def room_m(self, plate_disparity: Image) -> Image:
        """`depth_m` of the plate's own disparity, but the depth of the nearest pixel of `map_m` where it knows one."""
        depth_m = self.depth_m(plate_disparity)
        if self.map_m is None:
            return depth_m
        rows, columns = (_nearest(*sides) for sides in zip(depth_m.shape, self.map_m.shape, strict=True))
        measured = self.map_m[np.ix_(rows, columns)]
        return np.where(measured > 0, measured, depth_m)


def parse_anchor(word: str) -> Anchor:
    """The anchor that `X,Y=METRES` says.

    Raises:
        UsageError: it is not of that form; pixel and distance are checked by `check_anchors`.

    >>> parse_anchor("412,300=2.4")
    Anchor(x=412, y=300, distance_m=2.4)
    """
    place, _, distance = word.partition("=")
    x, _, y = place.partition(",")
    try:
        return Anchor(int(x), int(y), float(distance))
    except ValueError:
        raise UsageError(
            f"{word!r} is no anchor; give X,Y=METRES, a pixel of the plate and its distance from the lens: 412,300=2.4"
        ) from None


def check_anchors(anchors: Sequence[Anchor], size_hw: tuple[int, int], plate: str = "plate") -> tuple[Anchor, ...]:
    """The anchors without repeats, once they can be true.

    Raises:
        UsageError: they are no list, there is none, or one is no `Anchor`, names no whole pixel, lies outside a plate
            of `size_hw`, or has a distance of less than 1 mm or from 1 km on; or two distances for one pixel.

    """
    try:
        given = list(anchors)
    except TypeError:
        raise UsageError(f"{plate}: {anchors!r} is no list of anchors; give [Anchor(x, y, distance_m), ...]") from None
    found: dict[tuple[int, int], Anchor] = {}
    for anchor in (_plain(anchor, plate) for anchor in given):
        if not (0 <= anchor.x < size_hw[1] and 0 <= anchor.y < size_hw[0]):
            raise UsageError(
                f"{plate}: the anchor {anchor} lies outside its {size_hw[1]} x {size_hw[0]} pixels; count from 0 at "
                "its upper left corner"
            )
        if not NEAREST_M <= anchor.distance_m < FARTHEST_M:
            raise UsageError(
                f"{plate}: the anchor {anchor} needs a distance of at least {NEAREST_M:g} and below {FARTHEST_M:g} m"
            )
        other = found.setdefault((anchor.x, anchor.y), anchor)
        if other.distance_m != anchor.distance_m:
            apart = ratio_residual(other.distance_m, anchor.distance_m)
            raise UsageError(
                f"{plate}: the anchors {other} and {anchor} contradict each other: one pixel, two distances "
                f"{_percent(apart)} apart; leave one out"
            )
    if not found:
        raise UsageError(f"{plate}: no anchor is given; measure the distance of at least one surface")
    return tuple(found.values())


def _plain(anchor: Anchor, plate: str) -> Anchor:
    """The anchor in Python's own numbers, which files take."""
    try:
        return Anchor(operator.index(anchor.x), operator.index(anchor.y), float(anchor.distance_m))
    except (AttributeError, TypeError, ValueError):
        raise UsageError(
            f"{plate}: {anchor!r} is no anchor; give Anchor(x, y, distance_m), its pixel in whole numbers"
        ) from None


def fit_anchors(
    anchors: Sequence[Anchor], disparities: Sequence[float], plate_disparity: Image, intrinsics: Intrinsics, plate: str
) -> DepthScale:
    """The scale, and with two anchors or more the shift, that give the anchors their depth.

    One anchor: shift 0 (disparity 0 is infinity) where the plate's disparity is above 0 everywhere. Where it is not,
    its zero means nothing, and the plate's farthest surface is taken to be `FAR_TO_NEAR` times as far as its nearest.
    Two: exact. Three: least squares of relative errors. Four or more: of the lines through two of them the one that
    misses all by least in sum (`lines.steadiest_line`); a single wrong anchor does not move it.

    Args:
        anchors: as `check_anchors` gives them.
        disparities: the plate's at each.
        plate_disparity: (h, w), for its range.
        intrinsics: of the plate, at the size the anchors are counted in.
        plate: how sentences name it.

    Raises:
        InputError: the anchors lie at one depth as the model sees it, or contradict each other; says by how much.

    """
    depth_m = np.array([intrinsics.depth_m(anchor.x, anchor.y, anchor.distance_m) for anchor in anchors])
    x, y = np.array(disparities, np.float64), 1 / depth_m
    lo, hi = float(plate_disparity.min()), float(plate_disparity.max())
    if len(anchors) == 1:
        zero, assumption = _zero_of(lo, hi)
        scale = float(y[0] / max(x[0] - zero, 1e-3 * max(hi - lo, 1e-6)))
        told = f"{plate}: one anchor fixes only the scale, so {assumption}; give a second, much nearer or farther"
        return DepthScale(scale, -scale * zero, tuple(anchors), (0.0,), notices=(told,))
    _refuse_same_depth(anchors, x, hi - lo, plate)
    scale, shift = least_squares(x, y) if len(anchors) < 4 else steadiest_line(x, y)
    if scale <= 0:
        _refuse_swapped(anchors, x, y, hi - lo, plate)
    residuals = tuple(ratio_residual(float(fit), float(true)) for fit, true in zip(scale * x + shift, y, strict=True))
    typical, worst = float(np.median(residuals)), int(np.argmax(residuals))
    if typical > _MAX_RESIDUAL:
        raise InputError(
            f"{plate}: the anchors contradict each other, half of them by {_percent(typical)} or more "
            f"({anchors[worst]} the most); measure again, or leave out what the model sees wrongly"
        )
    notices = _told_of_far(DepthScale(scale, shift), plate_disparity, plate)
    if residuals[worst] > _WORTH_TELLING:
        notices += (
            f"{plate}: the anchors agree with the model's depth within {_percent(typical)} typically, {anchors[worst]} "
            f"only within {_percent(residuals[worst])}",
        )
    return DepthScale(scale, shift, tuple(anchors), residuals, notices=notices)


def fit_depth_map(map_m: Image, disparity: Image, plate: str) -> DepthScale:
    """The scale and shift that bring a disparity closest to a depth map of the plate; the map is kept as `map_m`.

    By `lines.least_logarithms` over all known pixels, so that parts of either that are wrong do not tilt the rest.

    Args:
        map_m: (h, w) metres along the optical axis, 0 where unknown.
        disparity: (h, w) the plate's.
        plate: how sentences name it.

    Raises:
        InputError: less than 1 % of the map (or 16 pixels) is known, it is one depth, or its near is the model's far.

    """
    known = np.flatnonzero(map_m.ravel() > 0)
    if known.size < max(16, map_m.size // 100):
        raise InputError(f"{plate}: its depth map knows only {known.size} pixels; give one that knows at least 1 %")
    known = known[:: -(-known.size // _MAX_PIXELS)]
    x, y = disparity.ravel()[known].astype(np.float64), 1 / map_m.ravel()[known].astype(np.float64)
    near_inverse, far_inverse = np.quantile(y, (0.98, 0.02))
    if near_inverse <= (1 + _SAME_DEPTH) * far_inverse:
        raise InputError(
            f"{plate}: its depth map shows one depth, {1 / far_inverse:.3g} m, and cannot tell how far from it "
            "somebody is; give one with something near and something far"
        )
    scale, shift = least_logarithms(x, y)
    if scale <= 0:
        raise InputError(
            f"{plate}: what is near in its depth map is far for the model; give metres along the optical axis, not "
            "disparity, of the very same framing"
        )
    ratio = np.maximum((scale * x + shift) / y, 1e-9)
    typical = float(np.median(np.maximum(ratio, 1 / ratio))) - 1
    told = f"{plate}: its depth map and the model's depth agree within {_percent(typical)} typically"
    notices = (told,) if typical > _WORTH_TELLING else ()
    return DepthScale(scale, shift, (), (typical,), map_m.astype(np.float32), notices, digest_of(map_m))


def relative_scale(plate_disparity: Image) -> tuple[DepthScale, str]:
    """Depth in units of the plate's nearest surface, for whoever has measured nothing; and what that assumes."""
    lo, hi = float(plate_disparity.min()), float(plate_disparity.max())
    zero, assumption = _zero_of(lo, hi)
    scale = 1 / max(hi - zero, 1e-6)
    return DepthScale(scale, -scale * zero), f"the plate's nearest surface is taken to be at 1 and {assumption}"


def ratio_residual(one: float, other: float) -> float:
    """How far apart two positive numbers are: the larger / the smaller - 1; infinite where one is not above 0.

    >>> ratio_residual(2.0, 2.5), ratio_residual(-1.0, 2.0)
    (0.25, inf)
    """
    return max(one, other) / min(one, other) - 1 if min(one, other) > 0 else math.inf


def _nearest(wanted: int, stored: int) -> NDArray[np.intp]:
    """For each of `wanted` pixels of a side the nearest of the `stored`."""
    return ((np.arange(wanted) + 0.5) * stored / wanted).astype(np.intp)


def _zero_of(lo: float, hi: float) -> tuple[float, str]:
    """The disparity taken for infinity, and the assumption as a sentence's part."""
    if lo > 0:
        return 0.0, "the model's disparity 0 is taken for infinitely far"
    span = max(hi - lo, 1e-6)
    return lo - span / (FAR_TO_NEAR - 1), (
        f"the plate's farthest surface is taken to be {FAR_TO_NEAR:g} times as far as its nearest"
    )


def _refuse_same_depth(anchors: Sequence[Anchor], x: Floats, span: float, plate: str) -> None:
    if np.ptp(x) <= _SAME_DEPTH * span or np.ptp(x) == 0:
        raise InputError(
            f"{plate}: the anchors {' and '.join(map(str, anchors))} lie at one depth as the model sees it; choose one "
            "near and one far"
        )


def _refuse_swapped(anchors: Sequence[Anchor], x: Floats, y: Floats, span: float, plate: str) -> None:
    closer = x[:, None] - x[None]  # by how much the first of two looks nearer, though it is said to be as far
    wrong = np.where(y[:, None] <= y[None], closer * y[None] / y[:, None], -1)
    near_at, far_at = (int(at) for at in np.unravel_index(np.argmax(wrong), wrong.shape))
    near, far = anchors[near_at], anchors[far_at]
    apart = f"{_percent(float(closer[near_at, far_at]) / span)} of the plate's range"
    raise InputError(
        f"{plate}: the anchors contradict what the model sees: {near.x},{near.y} is nearer than {far.x},{far.y} by "
        f"{apart}, yet given as {near.distance_m:g} m, the other as {far.distance_m:g}; measure again, or choose others"
    )


def _told_of_far(scale: DepthScale, plate_disparity: Image, plate: str) -> tuple[str, ...]:
    lost = float((scale.depth_m(plate_disparity) == 0).mean())
    if lost <= 0.01:
        return ()
    return (
        f"{plate}: by these anchors {_percent(lost)} of it is infinitely far and has no depth; measure a surface "
        "farther off",
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share < 100 else "more than 10000 %"
