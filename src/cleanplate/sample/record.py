"""The record that training sees: one plate, one shot of it, and the exact truth about both."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image


@dataclass(frozen=True, eq=False)
class View:
    """Where the camera of a sample stands and how it looks; pixels are square, there is no distortion.

    Attributes:
        focal_px: focal length in pixels of the sample's pictures.
        centre_px: x, y of the optical axis in pixels; (w / 2, h / 2) is the middle of a picture.
        pose: (4, 4) camera to world in metres; the camera's axes are x right, y up, z backward.
    """

    focal_px: float
    centre_px: tuple[float, float]
    pose: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sample:
    """A plate and a shot of the same scene with what is true about them; all arrays share (h, w).

    Attributes:
        key: unique name in its data set.
        scene: the empty scene's name.
        people: names of everybody in the shot.
        plate, shot: (h, w, 3) sRGB in [0, 1].
        alpha: (h, w) coverage of the foreground in [0, 1].
        plate_depth_m, shot_depth_m: (h, w) metres along the optical axis; 0 = unknown (sky).
        shadow: (h, w, 3) at least 0: light on the empty scene in the shot / in the plate; 1 = unchanged.
        instances: (h, w) uint8: 0 = no foreground, k + 1 = `instance_names[k]` is the nearest foreground there.
        instance_names, instance_kinds: who or what, and "person", "animal", "object" or, of what a camera effect has
            drawn, "something".
        view: the camera.
        tags: what is special about the shot: "empty", "lamp", "daylight", "screen", "curtain", "removed", "moved".
    """

    key: str
    scene: str
    people: tuple[str, ...]
    plate: Image
    shot: Image
    alpha: Image
    plate_depth_m: Image
    shot_depth_m: Image
    shadow: Image | None = None
    instances: NDArray[np.uint8] | None = None
    instance_names: tuple[str, ...] = ()
    instance_kinds: tuple[str, ...] = ()
    view: View | None = None
    tags: tuple[str, ...] = ()
