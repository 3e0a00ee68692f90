"""Whether a camera still stands where it stood: a look at each frame that costs next to nothing."""

import numpy as np

from cleanplate.imaging import Image, Pixels
from cleanplate.imaging.resize import resize
from cleanplate.plate.geometry import motion_px
from cleanplate.plate.refine import Steps
from cleanplate.plate.register import work_size
from cleanplate.plate.structure import blur, grey, slopes

_LOOK_PX = 320
_DRIFT_PX = 0.09
"""At _LOOK_PX: a third of a pixel of a picture 1280 wide."""

_BRIGHTER = 0.015
"""Of sRGB values: from here on the light is another."""

_LOST = 0.6
"""Fewer than this share of the places that fitted before: the camera was knocked further than a small step can tell."""

_MOST_PLACES = 8_000


class Watch:
    """Compares frames with the mended plate at some thousand places with texture; of a plate without, the light alone.

    Args:
        mended: (h, w, 3) the plate as it was mended for `shot`.
        shot: (h', w', 3) the shot that was examined, of any size: what of a later frame differs from this one is drift.

    """

    def __init__(self, mended: Image, shot: Pixels) -> None:
        self._size_hw = work_size((shot.shape[0], shot.shape[1]), _LOOK_PX)
        self._plate, seen = self._seen(mended), self._seen(shot)
        self._steps = Steps(self._plate, _textured(self._plate))
        self._then = self._steps.towards(seen)
        self._light = self._brighter(seen)

    def holds(self, shot: Pixels) -> bool:
        """Whether a shot (h', w', 3) of the same size still has the position and the light of the first."""
        seen = self._seen(shot)
        now = self._steps.towards(seen)
        if self._then is None or now is None:
            return abs(self._brighter(seen) - self._light) < _BRIGHTER
        drift = motion_px(now.matrix @ np.linalg.inv(self._then.matrix), self._size_hw)
        brighter = max(abs(now.offset - self._then.offset), abs(now.gain - self._then.gain) / 2)
        return drift < _DRIFT_PX and brighter < _BRIGHTER and now.share > _LOST * self._then.share

    def _brighter(self, seen: Image) -> float:
        """By how much half of a picture is brighter than the plate."""
        return float(np.median(seen - self._plate))

    def _seen(self, rgb: Pixels) -> Image:
        return blur(grey(resize(rgb, self._size_hw)), 0.7)


def _textured(luma: Image) -> Image:
    """The places with the steepest slopes, spread over the picture."""
    across, down = slopes(luma)
    slope = np.hypot(across, down)
    local = slope / (blur(slope, max(luma.shape) / 10) + np.float32(0.01))
    rank = min(_MOST_PLACES, local.size)
    return (local >= max(float(np.partition(local.ravel(), -rank)[-rank]), 0.3)).astype(np.float32)
