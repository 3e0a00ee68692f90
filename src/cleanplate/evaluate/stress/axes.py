"""The ten axes: one thing each that comes between a plate and its shot, in five levels of a physical unit.

An axis is a pure function of a pair, a value and a random generator. What is drawn (a direction, a sign, noise) is
drawn alike for every level of a pair, so that along an axis only the strength changes. The truth is never touched.
Factors of light act on linear light, sizes are pixels of a picture whose long side is 512.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PilImage

from cleanplate.evaluate.stress.pairs import LONG_SIDE_PX, Codes, Pair, shown
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_float, to_uint
from cleanplate.imaging.colour import linear_to_srgb, srgb_to_linear
from cleanplate.imaging.compositing import recover_foreground

VERSION = 1
"""Of the ten functions and their values: results of different versions cannot be compared."""

NUM_LEVELS = 5

_SHADOW_BLUR_PX = 6.0
_COLOUR_REACH_PX = 16.0

Change = Callable[[Pair, float, np.random.Generator], tuple[Image, Image]]
"""Gives plate and shot, with their margin, for a value and what is drawn; values outside [0, 1] are clipped later."""


@dataclass(frozen=True)
class Axis:
    """One way of making it harder.

    Attributes:
        name: what the page calls it.
        unit: of the values, as it is written behind one.
        values: one for each level from 1 to NUM_LEVELS, weakest first.
        says: what happens, in one sentence.
        change: the function.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    says: str
    change: Change

    def written(self, level: int) -> str:
        """The value of a level from 1 on, with its unit.

        >>> AXES[0].written(5)
        '16 px'
        """
        value = f"{self.values[level - 1]:g}"
        return f"{self.unit} {value}" if self.unit == "quality" else f"{value} {self.unit}"

    def applied(self, pair: Pair, level: int, seed: int) -> tuple[Codes, Codes]:
        """Plate and shot as a tool gets them at a level; level 0 is the pair as it is.

        Raises:
            ValueError: there is no such level.
        """
        if not 0 <= level <= NUM_LEVELS:
            raise ValueError(f"levels go from 0 to {NUM_LEVELS}, got {level}")
        if level == 0:
            return shown(pair.plate), shown(pair.shot)
        rng = np.random.default_rng([seed, crc32(self.name.encode()), crc32(pair.name.encode())])
        plate, shot = self.change(pair, self.values[level - 1], rng)
        return shown(plate), shown(shot)


def shifted(pair: Pair, pixels: float, rng: np.random.Generator) -> tuple[Image, Image]:
    """The plate moved by so many pixels in a direction drawn from the whole circle."""
    angle = rng.uniform(0, 2 * np.pi)
    move = np.array([[1, 0, pixels * np.cos(angle)], [0, 1, pixels * np.sin(angle)]])
    return _warped(pair.plate, move), pair.shot


def rotated(pair: Pair, degrees: float, rng: np.random.Generator) -> tuple[Image, Image]:
    """The plate turned about its middle, to either side."""
    return _warped(pair.plate, cv2.getRotationMatrix2D(_middle(pair.plate), degrees * _sign(rng), 1)), pair.shot


def zoomed(pair: Pair, percent: float, rng: np.random.Generator) -> tuple[Image, Image]:
    """The plate enlarged about its middle by the factor 1 + percent / 100, or shrunk by it."""
    factor = (1 + percent / 100) ** _sign(rng)
    return _warped(pair.plate, cv2.getRotationMatrix2D(_middle(pair.plate), 0, factor)), pair.shot


def exposed(pair: Pair, stops: float, rng: np.random.Generator) -> tuple[Image, Image]:
    """The shot's light times 2 to the power of plus or minus so many stops; what leaves the range is cut off."""
    return pair.plate, _lit(pair.shot, np.float32(2 ** (stops * _sign(rng))))


def balanced(pair: Pair, percent: float, rng: np.random.Generator) -> tuple[Image, Image]:
    """The shot's red light times 1 + percent / 100 and its blue light divided by it, or the other way round."""
    factor = (1 + percent / 100) ** _sign(rng)
    return pair.plate, _lit(pair.shot, np.array([factor, 1, 1 / factor], np.float32))


def noisy(pair: Pair, sigma: float, rng: np.random.Generator) -> tuple[Image, Image]:
    """Gaussian noise of sigma / 255 added to every coded value of both, each with its own."""

    def with_noise(picture: Image) -> Image:
        noise = rng.standard_normal(picture.shape, np.float32)
        return np.asarray(picture + noise * np.float32(sigma / 255), np.float32)

    return with_noise(pair.plate), with_noise(pair.shot)


def compressed(pair: Pair, quality: float, rng: np.random.Generator) -> tuple[Image, Image]:  # noqa: ARG001 - a Change
    """Both written as JPEG of this quality (IJG scale, colours at half the resolution) and read again."""

    def round_trip(picture: Image) -> Image:
        data = io.BytesIO()
        PilImage.fromarray(to_uint(picture, 8)).save(data, "JPEG", quality=round(quality), subsampling="4:2:0")
        return to_float(np.asarray(PilImage.open(data)))

    return round_trip(pair.plate), round_trip(pair.shot)


def shadowed(pair: Pair, percent: float, rng: np.random.Generator) -> tuple[Image, Image]:
    """The shot's scene darkened by so many percent where the foreground throws a shadow.

    The shadow is alpha laid over to one side about its lowest row: a point t above that row throws it at t times a
    drawn 0.4 to 0.8 beside and t times a drawn 0.4 to 0.7 above; then it is blurred (Gaussian, 6 px).
    """
    rows = np.flatnonzero((pair.alpha > 0.5).any(1))
    foot = float(rows[-1]) if rows.size else 0.0
    lean, length = rng.uniform(0.4, 0.8) * _sign(rng), rng.uniform(0.4, 0.7)
    laid_over = np.array([[1, -lean, lean * foot], [0, length, foot * (1 - length)]])
    size_wh = pair.alpha.shape[1], pair.alpha.shape[0]
    shadow = cv2.GaussianBlur(cv2.warpAffine(pair.alpha, laid_over, size_wh), (0, 0), _SHADOW_BLUR_PX)
    # Behind the foreground's edge the plate says what stands there, elsewhere the shot itself.
    behind = np.where(pair.alpha[..., None] > 0, pair.plate, pair.shot)
    darker = _lit(behind, (1 - np.float32(percent / 100) * np.asarray(shadow, np.float32))[..., None])
    return pair.plate, np.asarray(pair.shot - (1 - pair.alpha[..., None]) * (behind - darker), np.float32)


def drifted(pair: Pair, stops: float, rng: np.random.Generator) -> tuple[Image, Image]:
    """The shot's light times 2^(stops * sin(p)), one wave over 512 px whose direction and phase are drawn."""
    angle, phase = rng.uniform(0, 2 * np.pi, 2)
    y, x = np.indices(pair.alpha.shape, np.float32)
    wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * (2 * np.pi / LONG_SIDE_PX) + phase)
    return pair.plate, _lit(pair.shot, np.exp2(stops * wave).astype(np.float32)[..., None])


def camouflaged(pair: Pair, percent: float, rng: np.random.Generator) -> tuple[Image, Image]:  # noqa: ARG001 - a Change
    """The foreground's colours moved by so many percent of the way to those of the plate behind it.

    Colours are means over a Gaussian of 16 px inside the foreground, so at 100 % its patterns and shading stay, and
    nothing but them tells it from the plate.
    """
    weight = _blurred(pair.alpha)[..., None] + np.float32(1e-6)

    def mean_colour(picture: Image) -> Image:
        return np.asarray(_blurred(picture * pair.alpha[..., None]) / weight, np.float32)

    way = mean_colour(pair.plate) - mean_colour(recover_foreground(pair.shot, pair.plate, pair.alpha))
    return pair.plate, np.asarray(pair.shot + pair.alpha[..., None] * np.float32(percent / 100) * way, np.float32)


AXES = (
    Axis("plate shift", "px", (1, 2, 4, 8, 16), "The plate is moved, in any direction.", shifted),
    Axis("rotation", "deg", (0.25, 0.5, 1, 2, 4), "The plate is turned about its middle.", rotated),
    Axis("zoom", "%", (0.5, 1, 2, 4, 8), "The plate is enlarged or shrunk about its middle.", zoomed),
    Axis("exposure", "EV", (0.1, 0.2, 0.4, 0.8, 1.6), "The shot is lighter or darker by so many stops.", exposed),
    Axis(
        "white balance",
        "%",
        (2, 4, 8, 16, 32),
        "The shot has more red and less blue light, or less and more.",
        balanced,
    ),
    Axis("noise", "/ 255", (2, 4, 8, 16, 32), "Both have Gaussian noise of this deviation, each its own.", noisy),
    Axis(
        "JPEG", "quality", (90, 70, 50, 30, 10), "Both went through JPEG, colours at half the resolution.", compressed
    ),
    Axis(
        "shadow", "%", (15, 30, 45, 60, 75), "The foreground throws a shadow that takes away so much light.", shadowed
    ),
    Axis(
        "light drift",
        "EV",
        (0.1, 0.2, 0.4, 0.8, 1.6),
        "The shot's light swings by so many stops over the picture.",
        drifted,
    ),
    Axis(
        "camouflage",
        "%",
        (20, 40, 60, 80, 100),
        "The foreground's colours are moved to the plate's behind it.",
        camouflaged,
    ),
)
"""All ten, in the order of the page."""


def _sign(rng: np.random.Generator) -> int:
    return 1 if rng.random() < 0.5 else -1


def _middle(picture: Image) -> tuple[float, float]:
    return (picture.shape[1] - 1) / 2, (picture.shape[0] - 1) / 2


def _warped(picture: Image, matrix: NDArray[np.floating] | cv2.typing.MatLike) -> Image:
    size_wh = picture.shape[1], picture.shape[0]
    moved = cv2.warpAffine(picture, matrix, size_wh, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)


def _lit(picture: Image, factor: NDArray[np.float32] | np.float32) -> Image:
    """The picture with its linear light times a factor, of any shape that fits."""
    return linear_to_srgb(srgb_to_linear(picture) * factor)


def _blurred(array: Image) -> Image:
    return np.asarray(cv2.GaussianBlur(array, (0, 0), _COLOUR_REACH_PX), np.float32)
