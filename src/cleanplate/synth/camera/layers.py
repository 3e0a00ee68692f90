"""A shot taken apart into the foreground and what is behind it, so that each can be changed by itself."""

from dataclasses import dataclass

import cv2
import numpy as np

from cleanplate.imaging import Image
from cleanplate.sample.record import Sample
from cleanplate.synth.camera.planes import grey, mixed, size_of, times


@dataclass
class Layers:
    """Plate and shot while the scene is being changed: shot = front + (1 - alpha) * back, everywhere and always.

    Attributes:
        plate: (h, w, 3) the empty scene.
        back: (h, w, 3) the scene of the shot without its foreground, shadows included.
        front: (h, w, 3) foreground times alpha.
        alpha: (h, w) coverage.
        plate_depth_m, shot_depth_m: (h, w).
        outline: (h, w) coverage of who casts a shadow: alpha, or of whoever has left.

    """

    plate: Image
    back: Image
    front: Image
    alpha: Image
    plate_depth_m: Image
    shot_depth_m: Image
    outline: Image

    def shot(self) -> Image:
        """The picture of both layers."""
        return np.asarray(cv2.add(self.front, times(self.back, 1 - self.alpha)), np.float32)


def split(sample: Sample, outline: Image) -> Layers:
    """Layers of a pair whose pictures differ, beside the foreground, in light alone.

    What is behind the foreground is the plate, in the light that falls beside it: a shadow goes on under the feet.
    """
    plate, shot, alpha = sample.plate, sample.shot, sample.alpha
    beside = alpha <= 0
    weight = beside.astype(np.float32)
    side = 2 * (min(size_of(alpha)) // 24) + 3
    light, reference = (
        np.asarray(cv2.blur(grey(picture) * weight, (side, side)), np.float32) for picture in (shot, plate)
    )
    ratio = np.asarray((light + 1e-3) / (reference + 1e-3), np.float32)
    back = times(plate, np.clip(ratio, 0.2, 3))
    cv2.copyTo(shot, beside.view(np.uint8), back)
    front = np.asarray(cv2.subtract(shot, times(back, 1 - alpha)), np.float32)
    return Layers(plate, back, front, alpha, sample.plate_depth_m, sample.shot_depth_m, outline)


def come_before(layers: Layers, looks: Image, cover: Image) -> None:
    """Bring something of unknown depth before all that is in the shot: its looks (h, w, 3) and coverage (h, w)."""
    before = layers.alpha >= 0.5
    layers.front = mixed(layers.front, looks, cover)
    layers.alpha = np.asarray(cover + layers.alpha * (1 - cover), np.float32)
    covered = (cover >= 0.5) | ((layers.alpha >= 0.5) & ~before)
    layers.shot_depth_m = np.where(covered, np.float32(0), layers.shot_depth_m)


def follow_coverage(layers: Layers, before: Image, reach_px: int) -> None:
    """Bring the shot's depth to an alpha that was smeared by up to `reach_px`; `before` is the alpha it had.

    Where alpha rose over one half, the nearest foreground depth around, unknown where some around is; where it fell
    below, the plate's. No depth is ever blended.
    """
    was, now = before >= 0.5, layers.alpha >= 0.5
    lost, won = was & ~now, now & ~was
    if not (lost.any() or won.any()):
        return
    known = was & (layers.shot_depth_m > 0)
    far = np.where(known, layers.shot_depth_m, np.float32(np.inf))
    around = np.ones((2 * reach_px + 1,) * 2, np.uint8)
    near = cv2.erode(far, around, borderValue=float("inf"))
    near[cv2.dilate((was & ~known).view(np.uint8), around) > 0] = 0
    depth = np.where(lost, layers.plate_depth_m, layers.shot_depth_m)
    layers.shot_depth_m = np.asarray(np.where(won & np.isfinite(near), near, depth), np.float32)
