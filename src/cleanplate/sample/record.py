"""The record that training sees: one plate, one shot of it, and the exact truth about both."""

from dataclasses import dataclass

from cleanplate.imaging import Image


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
    """

    key: str
    scene: str
    people: tuple[str, ...]
    plate: Image
    shot: Image
    alpha: Image
    plate_depth_m: Image
    shot_depth_m: Image
