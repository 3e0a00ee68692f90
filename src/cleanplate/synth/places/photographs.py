"""Photographed surfaces and light from the pack, recoloured and laid anew so that no two rooms share one."""

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging.colour import srgb_to_linear
from cleanplate.synth import textures
from cleanplate.synth.geometry.vectors import Floats
from cleanplate.synth.pack import Arrays, Pack

LEAST_STOP, NUM_STOPS = -8.0, 16.0
"""Panoramas hold log2 of radiance: grey level 0 is 2^-8, 255 is 2^8."""

_LINEAR: Floats = srgb_to_linear(np.arange(256, dtype=np.float32) / np.float32(255)).astype(np.float32)
_LARGE = {"wall", "floor", "ceiling", "ground", "rug"}
"""Uses that keep all 256 x 256 pixels; the others have 128 x 128."""


class Photographs:
    """Surfaces, views and skies of a pack; all randomness is the generator's."""

    def __init__(self, pack: Pack) -> None:
        skies = pack.arrays("skies")
        self._outdoors = np.flatnonzero(skies["outdoors"])
        self._skies = _Album(skies)
        self._large, self._small = (_Subjects(pack.arrays("textures"), half) for half in (False, True))

    def texture(self, rng: np.random.Generator, use: str) -> Floats:
        """A surface that repeats: (h, w, 3) linear albedo.

        `use` is "wall", "floor", "ceiling", "ground", "rug" (256 px a side), "wood", "material", "upholstery" or
        "garment" (128 px).
        """
        out = _USES[use](self._large if use in _LARGE else self._small, rng)
        return np.clip(out, 0.01, 0.93).astype(np.float32, copy=False)

    def picture(self, rng: np.random.Generator) -> Floats:
        """Something to frame or to show on a screen: (128, 128, 3) linear, a photograph or a view."""
        if rng.random() < 0.3:
            return self._small.detail(rng, "picture")
        stored = self._skies.picture(int(rng.integers(self._skies.count)))
        return np.clip(_seen(rng, stored, (128, 128)) * 0.5, 0.01, 0.95).astype(np.float32)

    def view(self, rng: np.random.Generator) -> Floats:
        """What is seen through a window: (96, 128, 3) linear radiance, mean 1, at most 8."""
        seen = _seen(rng, self._skies.picture(int(rng.choice(self._outdoors))), (96, 128))
        return np.clip(seen / max(float(seen.mean()), 1e-3), 0, 8).astype(np.float32)

    def sky(self, rng: np.random.Generator) -> Floats:
        """A panorama of the open: (128, 256, 3) linear radiance, mean near 1; the top row is overhead."""
        stored = self._skies.picture(int(rng.choice(self._outdoors)))
        small = cv2.resize(_radiance(stored), (256, 128), interpolation=cv2.INTER_AREA)
        turned = np.roll(small, int(rng.integers(256)), 1)
        return np.ascontiguousarray(turned[:, ::-1] if rng.random() < 0.5 else turned).astype(np.float32)


class _Album:
    """Pictures stored end to end in one array of bytes."""

    def __init__(self, arrays: Arrays) -> None:
        self._data: NDArray[np.uint8] = arrays["picture"]
        self._ends = np.cumsum(arrays["num_picture"])
        self.count = len(self._ends)

    def picture(self, number: int, how: int = cv2.IMREAD_COLOR) -> NDArray[np.uint8]:
        """(h, w, 3) RGB as stored, or smaller or grey, as OpenCV's reading flag says."""
        first = int(self._ends[number - 1]) if number else 0
        stored = np.asarray(cv2.imdecode(self._data[first : int(self._ends[number])], how), np.uint8)
        return stored[..., ::-1] if stored.ndim == 3 else stored


class _Subjects:
    """Photographs of surfaces by what they show, n = 256 pixels a side or `half` of that."""

    def __init__(self, arrays: Arrays, half: bool) -> None:
        self._album = _Album(arrays)
        self._by_subject = {str(what): np.flatnonzero(arrays["shows"] == what) for what in np.unique(arrays["shows"])}
        self._grey = cv2.IMREAD_REDUCED_GRAYSCALE_2 if half else cv2.IMREAD_GRAYSCALE
        self._colour = cv2.IMREAD_REDUCED_COLOR_2 if half else cv2.IMREAD_COLOR

    def detail(self, rng: np.random.Generator, what: str) -> Floats:
        """A photograph as it is, (n, n, 3) linear, sometimes mirrored."""
        stored = self._album.picture(int(rng.choice(self._by_subject[what])), self._colour)
        return _LINEAR[stored[:, ::-1] if rng.random() < 0.5 and what != "picture" else stored]

    def relief(self, rng: np.random.Generator, what: str) -> Floats:
        """A photograph's light and dark, (n, n, 1) linear."""
        return _LINEAR[self._album.picture(int(rng.choice(self._by_subject[what])), self._grey)][..., None]


def _wall(photos: _Subjects, rng: np.random.Generator) -> Floats:
    """Paint on plaster mostly; also wallpaper, bricks, boards and stone."""
    kind = rng.choice(5, p=[0.62, 0.13, 0.1, 0.08, 0.07])
    pale = (0.65, 0.97) if rng.random() < 0.6 else (0.2, 0.8)
    tone = textures.natural(rng, (0, 0.12) if rng.random() < 0.7 else (0.05, 0.4), pale)
    if kind == 0:
        return _painted(photos.relief(rng, "plaster"), tone, 0.006 * 10 ** rng.uniform(0, 1))
    if kind == 1:
        return _tinted(photos.detail(rng, "wallpaper"), tone)
    if kind == 2:
        return _painted(photos.relief(rng, "brick"), tone, 0.12 * rng.uniform(0.4, 1.4))
    if kind == 3:
        return (
            photos.detail(rng, "boards") if rng.random() < 0.4 else _painted(photos.relief(rng, "boards"), tone, 0.06)
        )
    return _slabs(rng, _tinted(photos.detail(rng, "stone"), tone))


def _floor(photos: _Subjects, rng: np.random.Generator) -> Floats:
    """Planks, carpet, stone tiles or something smooth."""
    kind = rng.choice(5, p=[0.38, 0.22, 0.2, 0.08, 0.12])
    if kind == 0:
        return _planks(rng, _wood(photos, rng))
    if kind == 1:
        tone = textures.natural(rng, (0, 0.45), (0.15, 0.7))
        return _painted(photos.relief(rng, "carpet"), tone, rng.uniform(0.05, 0.16))
    stone = _tinted(photos.detail(rng, "stone"), textures.natural(rng, (0, 0.2), (0.3, 0.9)))
    if kind == 2:
        return _slabs(rng, stone)
    if kind == 3:
        return _tinted(photos.detail(rng, "tiles"), textures.natural(rng, (0, 0.25), (0.3, 0.9)))
    return stone


def _ceiling(photos: _Subjects, rng: np.random.Generator) -> Floats:
    tone = textures.colour(rng, (0, 0.05), (0.75, 0.97))
    plain = _painted(photos.relief(rng, "plaster"), tone, float(rng.choice([0.008, 0.02])))
    return _slabs(rng, plain) if rng.random() < 0.25 else plain


def _ground(photos: _Subjects, rng: np.random.Generator) -> Floats:
    ground = photos.detail(rng, "ground" if rng.random() < 0.7 else "stone")
    if float(np.ptp(ground[::8, ::8].mean((0, 1)))) < 0.01:  # grass and gravel of scikit-image are grey
        hue = (0.2, 0.32) if rng.random() < 0.6 else (0.06, 0.12)
        return _painted(ground[..., :1], textures.colour(rng, (0.1, 0.55), (0.3, 0.6), hue), 0.25)
    return ground * np.float32(rng.uniform(0.7, 1.2))


def _rug(photos: _Subjects, rng: np.random.Generator) -> Floats:
    return _tinted(photos.detail(rng, "rug"), textures.natural(rng, (0.0, 0.5), (0.2, 0.7)))


def _wood(photos: _Subjects, rng: np.random.Generator) -> Floats:
    """Wood as photographed, lighter, darker or stained; sometimes painted so that the grain shows through."""
    if rng.random() < 0.15:
        tone = textures.natural(rng, (0, 0.3), (0.3, 0.95))
        return _painted(photos.relief(rng, "wood"), tone, rng.uniform(0.02, 0.08))
    grain = photos.detail(rng, "wood")
    stain = np.exp(rng.normal(0, 0.25) + rng.normal(0, 0.06, 3) * np.array([1, 0.5, 1.5]))
    return np.clip(grain * stain.astype(np.float32), 0, 0.85)


def _material(photos: _Subjects, rng: np.random.Generator) -> Floats:
    """Wood, paint, plastic, metal or stone for a piece of furniture."""
    kind = rng.choice(4, p=[0.5, 0.35, 0.1, 0.05])
    if kind == 0:
        return _wood(photos, rng)
    if kind == 1:
        tone = textures.natural(rng, (0, 0.5 if rng.random() < 0.3 else 0.2), (0.08, 0.95))
        return _painted(photos.relief(rng, "plaster"), tone, 0.008)
    if kind == 2:
        return _painted(photos.relief(rng, "wood"), textures.colour(rng, (0, 0.08), (0.3, 0.8)), 0.02)
    return photos.detail(rng, "stone")


def _upholstery(photos: _Subjects, rng: np.random.Generator) -> Floats:
    if rng.random() < 0.15:
        return _tinted(photos.detail(rng, "print"), textures.natural(rng, (0, 0.4), (0.3, 0.9)))
    value = (0.06, 0.4) if rng.random() < 0.45 else (0.3, 0.85)
    tone = textures.natural(rng, (0, 0.3) if rng.random() < 0.7 else (0.2, 0.65), value)
    return _painted(photos.relief(rng, "fabric"), tone, rng.uniform(0.02, 0.13))


def _garment(photos: _Subjects, rng: np.random.Generator) -> Floats:
    """Woven cloth in any colour, plain, striped, checked or printed."""
    weave = photos.relief(rng, "fabric" if rng.random() < 0.8 else "print")
    relative = weave / np.maximum(weave.mean(), np.float32(1e-3)) - 1
    return textures.cloth(rng) * (1 + np.clip(relative, -0.6, 0.6) * np.float32(rng.uniform(0.15, 0.6)))


_USES = {
    "wall": _wall,
    "floor": _floor,
    "ceiling": _ceiling,
    "ground": _ground,
    "rug": _rug,
    "wood": _wood,
    "material": _material,
    "upholstery": _upholstery,
    "garment": _garment,
}


def _painted(relief: Floats, srgb: Floats, deviation: float) -> Floats:
    """One sRGB colour (3,) on a relief (h, w, 1), whose light and dark deviate by this fraction of the colour."""
    relative = relief / max(float(relief.mean()), 1e-3) - 1
    strength = deviation / max(float(relative.std()), 1e-4)
    shade = np.clip(1 + relative * np.float32(strength), 0.2, 1.9)
    return (srgb_to_linear(srgb) * shade).astype(np.float32)


def _tinted(linear: Floats, srgb: Floats) -> Floats:
    """A photograph (h, w, 3) whose mean is moved most of the way to an sRGB colour (3,)."""
    gain = srgb_to_linear(srgb) / np.maximum(linear.mean((0, 1)), 0.02)
    return np.clip(linear * np.clip(gain, 0.2, 5) ** 0.8, 0, 0.93).astype(np.float32)


def _planks(rng: np.random.Generator, grain: Floats) -> Floats:
    """Boards cut from one photograph of wood (n, n, 3), laid side by side with joints."""
    n = len(grain)
    boards = int(rng.choice([2, 4, 8]))
    board = np.arange(n) * boards // n
    half = (np.arange(n)[None] + rng.integers(0, n, boards)[board][:, None]) % n // (n // 2)
    rows = (np.arange(n)[:, None] + rng.integers(0, n, (boards, 2))[board[:, None], half]) % n
    columns = (np.arange(n)[None] + rng.integers(0, n, (boards, 2))[board[:, None], half]) % n
    shade = rng.uniform(0.8, 1.15, (boards, 2)).astype(np.float32)[board[:, None], half]
    joint = np.zeros((n, n), bool)
    joint[np.flatnonzero(np.diff(board, prepend=-1))] = True
    joint[:, 1:] |= np.diff(half, axis=1) != 0
    return grain[rows, columns] * (shade * np.where(joint, np.float32(rng.uniform(0.4, 0.8)), 1))[..., None]


def _slabs(rng: np.random.Generator, stone: Floats) -> Floats:
    """Slabs or tiles cut from one photograph (n, n, 3), with joints."""
    n = len(stone)
    count = int(rng.choice([2, 4, 8]))
    index = np.arange(n) * count // n
    shift = rng.integers(0, n, (2, count, count))
    rows = (np.arange(n)[:, None] + shift[0][index[:, None], index[None]]) % n
    columns = (np.arange(n)[None] + shift[1][index[:, None], index[None]]) % n
    shade = rng.uniform(0.92, 1.06, (count, count)).astype(np.float32)[index[:, None], index[None]]
    width = int(rng.integers(1, 4))
    edge = np.arange(n) % (n // count) < width
    joint = np.where(edge[:, None] | edge[None], np.float32(rng.uniform(0.5, 1.25)), np.float32(1))
    return stone[rows, columns] * (shade * joint)[..., None]


def _radiance(levels: NDArray[np.uint8]) -> Floats:
    """Linear radiance (h, w, 3) from a panorama's stored levels."""
    stops = np.arange(256, dtype=np.float32) / 255 * NUM_STOPS + LEAST_STOP
    return np.exp2(stops)[levels].astype(np.float32)


def _seen(rng: np.random.Generator, levels: NDArray[np.uint8], size_hw: tuple[int, int]) -> Floats:
    """A part of a panorama around the horizon, 35-90 degrees wide, as (h, w, 3) linear radiance."""
    rows, columns = int(levels.shape[0]), int(levels.shape[1])
    width = int(columns * rng.uniform(35, 90) / 360)
    height = width * size_hw[0] // size_hw[1]
    left = int(rng.integers(columns))
    top = min(max(int(rows * rng.uniform(0.44, 0.54) - height / 2), 0), rows - height)
    part = levels[top : top + height, np.arange(left, left + width) % columns]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    return cv2.resize(_radiance(part), size_hw[::-1], interpolation=cv2.INTER_LINEAR).astype(np.float32)
