"""What comes between scene and viewer in either picture anew: rain and snow, and the clock that a camera writes."""

import cv2
import numpy as np

from cleanplate.imaging import Image
from cleanplate.synth.camera.planes import gaussian, mixed, size_of

_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX)
_WORDS = ("CAM", "CAMERA", "ENTRANCE", "HALL", "NORTH", "LOBBY", "CH")


def rained(plate: Image, shot: Image, rng: np.random.Generator) -> tuple[Image, Image]:
    """Rain or snow before everything in the shot, and in the plate too, other drops, every other time."""
    h, w = size_of(shot)
    length = rng.uniform(0.0, 0.09) * h  # snow is short
    slant, thickness = rng.normal(0, 0.25), 1 if length > 6 else int(rng.integers(1, 4))
    count = int(rng.uniform(0.0005, 0.005) * h * w / max(2.0, 0.3 * length))
    cover, light = np.float32(rng.uniform(0.1, 0.6)), np.float32(rng.uniform(0.5, 1.0))
    sigma_px = float(rng.uniform(0.4, 0.9))

    def drops(picture: Image) -> Image:
        drawn = np.zeros((h, w), np.uint8)
        starts = rng.random((count, 2)) * (w, h)
        ends = starts + np.array([[slant, 1.0]]) * (length * rng.uniform(0.5, 1.0, (count, 1)))
        lines = np.stack([starts, ends], 1).astype(np.int32)
        cv2.polylines(drawn, list(lines), isClosed=False, color=255, thickness=thickness, lineType=cv2.LINE_AA)
        return _over(picture, gaussian(np.asarray(drawn * (cover / 255), np.float32), sigma_px), light)

    return drops(plate) if rng.random() < 0.5 else plate, drops(shot)


def captioned(plate: Image, shot: Image, rng: np.random.Generator) -> tuple[Image, Image]:
    """The camera's clock, which says another time in the shot than in the plate, and now and then its name."""
    h, w = size_of(shot)
    font, scale = int(rng.choice(_FONTS)), float(rng.uniform(0.0011, 0.0032) * h)
    thickness = max(1, round(scale * rng.uniform(1, 2)))
    light, cover = np.float32(rng.choice([1.0, 0.9, 0.05])), np.float32(rng.uniform(0.6, 1.0))
    outlined = rng.random() < 0.4
    rows = rng.permutation([0.07, 0.97]) * h
    where = [(rng.uniform(0.01, 0.6) * w, row) for row in rows]
    named = f"{rng.choice(_WORDS)} {rng.integers(1, 33):02d}" if rng.random() < 0.5 else ""
    date = f"{rng.integers(1998, 2030)}{rng.choice(['-', '/'])}{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}"
    date = date if rng.random() < 0.7 else ""

    def written(picture: Image) -> Image:
        hour, minute, second, hundredth = rng.integers(0, (24, 60, 60, 100))
        clock = f"{date} {hour:02d}:{minute:02d}:{second:02d}" + (f".{hundredth:02d}" if named else "")
        letters = np.zeros((h, w), np.uint8)
        for text, (x, y) in zip((clock, named), where, strict=True):
            cv2.putText(letters, text, (int(x), int(y)), font, scale, 255, thickness, cv2.LINE_AA)
        if outlined:
            around = np.asarray(cv2.dilate(letters, np.ones((3, 3), np.uint8)), np.float32)
            picture = _over(picture, around * (cover / 255), 1 - light)
        return _over(picture, np.asarray(letters * (cover / 255), np.float32), light)

    return written(plate), written(shot)


def _over(picture: Image, cover: Image, light: np.float32) -> Image:
    """A picture (h, w, 3) behind grey of this light that covers this much (h, w)."""
    return mixed(picture, np.full_like(picture, light), cover)
