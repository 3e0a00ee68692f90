"""The plate of a clip from the clip itself: what is seen, at every pixel, when nobody stands there."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_uint
from cleanplate.imaging.resize import resize
from cleanplate.imaging.streams import Clip
from cleanplate.runtime.session import SeenPlate, Session

_LOOKS = 45
"""Frames that are looked at, spread over the clip."""

_MEMORY_BYTES = 400_000_000
"""Of so many frames: fewer are looked at where they are large; up to twice as many are held."""

_FEWEST = 5

_ROUNDS = 2
"""How often the mattes are made anew with the plate that the last ones gave."""

_THERE = 0.1
"""From this alpha on a pixel may show somebody."""

_ENOUGH = 3
"""A pixel was seen where so many looks show nobody: a median of fewer is no median."""

_STRIP = 64


class AutoPlate(NamedTuple):
    """A plate (h, w, 3) sRGB in [0, 1], and where looks found nothing that comes or goes (h, w): else it is a guess."""

    rgb: Image
    seen: NDArray[np.bool_]

    @property
    def sentence(self) -> str:
        """How much of it was seen."""
        share = f"{100 * float(self.seen.mean()):.1f}"
        guess = "" if share == "100.0" else ", and the rest is a guess"
        return (
            f"the plate is made from the clip; in {share} % of it at least {_ENOUGH} frames "
            f"show nothing that comes or goes{guess}; whoever keeps still for most of the clip is part of the plate, "
            "and then --plate FILE is needed"
        )


def plate_of_clip(clip: Clip, session: Session) -> AutoPlate:
    """The temporal median over frames of a still camera, then over those pixels alone that show nobody.

    Whoever keeps still for most of the clip is in the first median, and stays: nothing tells them from a statue.

    Raises:
        InputError: the clip has fewer than five frames, or cannot be used.

    """
    looks = np.stack(_looks(clip))
    if len(looks) < _FEWEST:
        raise InputError(
            f"{clip.path}: --plate auto needs {_FEWEST} whole frames, and there are {len(looks)}; give --plate FILE"
        )
    empty = np.ones(looks.shape[:3], bool)
    rgb, seen = _median(looks, empty)
    for _ in range(_ROUNDS):
        plate = session.see(rgb)
        for look, there in zip(looks, empty, strict=True):
            there[:] = ~_covered(look, plate, session)
        rgb, seen = _median(looks, empty)
    return AutoPlate(rgb, seen)


def _looks(clip: Clip) -> list[NDArray[np.uint8]]:
    """Frames spread over the clip, 8 bits; how many it has is known only at its end, whatever its file says."""
    height, width = clip.info.size_hw
    most = max(_FEWEST, min(_LOOKS, _MEMORY_BYTES // (3 * height * width)))
    every = max(1, (clip.info.num_frames or 0) // most)
    while len(looks := _spread(clip, every, most)) < most and every > 1:  # there were fewer frames than it says
        every = max(1, every * len(looks) // most)
    return looks


def _spread(clip: Clip, first_every: int, most: int) -> list[NDArray[np.uint8]]:
    """Every so manieth frame, or fewer: less than twice as many as `most`."""
    looks: list[NDArray[np.uint8]] = []
    every = first_every
    for frame in clip.frames(every=first_every):
        if frame.index % every == 0 and not frame.bridged:
            looks.append(to_uint(frame.picture.pixels, 8))
        if len(looks) == 2 * most:
            looks, every = looks[::2], 2 * every
    return looks


def _covered(look: NDArray[np.uint8], plate: SeenPlate, session: Session) -> NDArray[np.bool_]:
    """Where a look (h, w, 3) may show somebody, with a margin of two of the network's pixels."""
    alpha, _, _ = session.run(plate, look)
    wide = np.asarray(cv2.dilate(alpha, np.ones((5, 5), np.uint8)), np.float32)
    return resize(wide, (look.shape[0], look.shape[1])) >= _THERE


def _median(looks: NDArray[np.uint8], empty: NDArray[np.bool_]) -> tuple[Image, NDArray[np.bool_]]:
    """Median (h, w, 3) of the looks (n, h, w, 3) where they are empty (n, h, w), and where there are enough of those.

    Elsewhere it is the median of all looks. In strips, because a median sorts copies.
    """
    _, height, width, _ = looks.shape
    rgb, seen = np.empty((height, width, 3), np.float32), empty.sum(axis=0) >= _ENOUGH
    for top in range(0, height, _STRIP):
        strip = slice(top, top + _STRIP)
        values = looks[:, strip].astype(np.float32)
        counts = empty[:, strip, :, None] | ~seen[None, strip, :, None]
        rgb[strip] = np.nanmedian(np.where(counts, values, np.nan), axis=0) / 255
    return rgb, seen
