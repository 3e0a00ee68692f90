"""How a pose turns the parts of a body: frames of trunk, limbs and head.

A frame is a (3, 3) rotation from the part's own axes (x to the figure's left, y back, z up) to the world's. The pelvis
is the origin, and somebody upright looks toward -y.
"""

from dataclasses import dataclass

import numpy as np

from cleanplate.synth.geometry.vectors import Floats, axis_turn, vector
from cleanplate.synth.people.looks import Looks
from cleanplate.synth.people.poses import Pose

UPRIGHT: Floats = np.eye(3, dtype=np.float32)
"""The frame of what is not turned."""


@dataclass(frozen=True, eq=False)
class HeadFrame:
    """Where the head is.

    Attributes:
        centre: (3,) metres. axes: (3, 3) rotation. scale: small people have relatively large heads.
    """

    centre: Floats
    axes: Floats
    scale: float


def limb_frames(angles: tuple[float, ...], side: int, parent: Floats, *, knee: bool) -> tuple[Floats, Floats]:
    """Frames of a limb's upper and lower part.

    The limb hangs along -z of its frame and bends forward (an elbow) or back (a knee). `angles` are the pose's forward,
    out, bend and twist in degrees; `side` is the sign of x: -1 for the figure's right.
    """
    forward, out, bend, twist = angles
    upper = parent @ axis_turn(1, -side * out) @ axis_turn(0, -forward) @ axis_turn(2, -side * twist)
    return upper, upper @ axis_turn(0, bend if knee else -bend)


def trunk_frame(pose: Pose) -> Floats:
    """The frame of chest and shoulders."""
    return axis_turn(2, pose.trunk[2]) @ axis_turn(0, pose.trunk[0]) @ axis_turn(1, pose.trunk[1])


def head_frame(looks: Looks, pose: Pose) -> HeadFrame:
    """Where the pose puts the head."""
    trunk, scale = trunk_frame(pose), looks.scale**0.45
    axes = trunk @ axis_turn(2, pose.head[2]) @ axis_turn(0, pose.head[0]) @ axis_turn(1, pose.head[1])
    centre = trunk @ vector(0, 0, 0.53 * looks.scale) + axes @ vector(0, -0.025, 0.13 * scale)
    return HeadFrame(centre, axes, scale)
