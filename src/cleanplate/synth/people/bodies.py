"""Bodies: trunk, limbs, clothes and what is carried as solids, with the pelvis at the origin.

Lengths are those of somebody of 1.75 m, times the looks' scale.
"""

import numpy as np

from cleanplate.synth.geometry.implicit import Block, Ellipsoid, Solid, cone
from cleanplate.synth.geometry.vectors import Floats, axis_turn, vector
from cleanplate.synth.people.looks import Looks
from cleanplate.synth.people.poses import Pose
from cleanplate.synth.people.skeleton import UPRIGHT, limb_frames, trunk_frame


def body_solids(looks: Looks, pose: Pose) -> list[Solid]:
    """Trunk, limbs, skirt and coat: all but the head and what is carried."""
    trunk = trunk_frame(pose)
    solids = _trunk(looks, trunk)
    for i, side in enumerate((-1, 1)):
        solids += _arm(looks, pose.arms[i], side, trunk)
        solids += _leg(looks, pose.legs[i], side)
    return solids + _skirts(looks, pose)


def _trunk(looks: Looks, trunk: Floats) -> list[Solid]:
    """Chest, belly, hips, shoulders and neck."""
    s = looks.scale
    g = s * looks.girth
    wide = np.array([g, g, s])
    top, bottom = looks.loose_top_m, looks.loose_bottom_m
    lower = "skin" if looks.trouser == "none" and not looks.skirt_m else "bottom"
    left, right = trunk @ vector(-0.15 * s, 0, 0.45 * s), trunk @ vector(0.15 * s, 0, 0.45 * s)
    belly = trunk @ vector(0, -0.02 * (g / s - 1), 0.15 * s)
    return [
        Ellipsoid(trunk @ vector(0, 0, 0.34 * s), trunk, vector(0.16 * looks.chest, 0.11, 0.2) * wide + top, "top"),
        Ellipsoid(belly, trunk, vector(0.14, 0.11 * g / s, 0.17) * wide + top, "top"),
        Ellipsoid(vector(0, 0, 0), UPRIGHT, vector(0.155 * looks.hips, 0.12, 0.12) * wide + bottom, lower),
        cone(left, right, 0.06 * g + top, 0.06 * g + top, label="top"),
        cone(trunk @ vector(0, 0, 0.46 * s), trunk @ vector(0, -0.01, 0.58 * s), 0.052 * g, 0.048 * g, label="skin"),
    ]


def _arm(looks: Looks, angles: tuple[float, ...], side: int, trunk: Floats) -> list[Solid]:
    s, g, loose = looks.scale, looks.scale * looks.girth**0.7, looks.loose_top_m
    upper, lower = limb_frames(angles, side, trunk, knee=False)
    shoulder = trunk @ vector(side * 0.175 * s * looks.chest, 0, 0.44 * s)
    elbow = shoulder + upper @ vector(0, 0, -0.28 * s)
    wrist = elbow + lower @ vector(0, 0, -0.25 * s)
    covered, full = looks.sleeve != "none", looks.sleeve == "long"
    above, below = loose * covered, loose * full
    return [
        cone(shoulder, elbow, 0.052 * g + above, 0.042 * g + above, label="top" if covered else "skin"),
        cone(elbow, wrist, 0.041 * g + below, 0.029 * g + below, label="top" if full else "skin"),
        Ellipsoid(wrist + lower @ vector(0, 0, -0.08 * s), lower, vector(0.024, 0.042, 0.095) * s, "skin"),
    ]


def _leg(looks: Looks, angles: tuple[float, ...], side: int) -> list[Solid]:
    s, g, loose = looks.scale, looks.scale * looks.girth**0.8, looks.loose_bottom_m
    upper, lower = limb_frames(angles, side, UPRIGHT, knee=True)
    hip = vector(side * 0.09 * s * looks.hips, 0, -0.03 * s)
    knee = hip + upper @ vector(0, 0, -0.43 * s)
    ankle = knee + lower @ vector(0, 0, -0.41 * s)
    covered, full = looks.trouser != "none", looks.trouser == "long"
    above, below = loose * covered, loose * full
    foot = axis_turn(2, -side * 8.0) if angles[2] <= 60 else lower  # flat on the floor unless the knee is bent a lot
    return [
        cone(hip, knee, 0.088 * g + above, 0.06 * g + above, label="bottom" if covered else "skin"),
        cone(knee, ankle, 0.056 * g + below, 0.041 * g + below, label="bottom" if full else "skin"),
        Ellipsoid(ankle + foot @ vector(0, -0.055 * s, -0.045 * s), foot, vector(0.047, 0.13, 0.042) * s, "shoes"),
    ]


def _skirts(looks: Looks, pose: Pose) -> list[Solid]:
    """Skirt and coat tails: cones that hang from the hips between the thighs."""
    s = looks.scale
    thighs = [limb_frames(angles, side, UPRIGHT, knee=True)[0] for angles, side in zip(pose.legs, (-1, 1), strict=True)]
    hang = sum((frame @ vector(0, 0, -1) for frame in thighs), start=vector(0, 0, 0)) / 2
    out: list[Solid] = []
    for length, flare, label in ((looks.skirt_m, 0.1, "bottom"), (looks.coat_m, 0.04, "top")):
        if length:
            wide = 0.15 * s * looks.girth
            out.append(cone(vector(0, 0, 0.02), hang * length * s, wide, wide + flare * length / 0.5, label=label))
    return out


def carried_solids(rng: np.random.Generator, looks: Looks, pose: Pose, solids: list[Solid]) -> list[Solid]:
    """A backpack, a bag in a hand, or something held in both hands; `solids` is the figure that carries them.

    Its first two ellipsoids of skin are taken for the hands.
    """
    s, trunk = looks.scale, trunk_frame(pose)
    out: list[Solid] = []
    if looks.backpack:
        out.append(Block(trunk @ vector(0, 0.2 * s, 0.3 * s), trunk, vector(0.15, 0.09, 0.22) * s, 0.05, "extra"))
    hands = [x for x in solids if isinstance(x, Ellipsoid) and x.label == "skin"][:2]
    if pose.family == "carrying":
        half = vector(rng.uniform(0.1, 0.25), rng.uniform(0.05, 0.2), rng.uniform(0.05, 0.22))
        middle = (hands[0].centre + hands[1].centre) / 2
        out.append(Block((middle + vector(0, -0.06, half[2] * 0.5)).astype(np.float32), trunk, half, 0.015, "extra"))
    elif rng.random() < 0.18:
        hand = hands[int(rng.integers(2))].centre
        half = vector(rng.uniform(0.04, 0.09), rng.uniform(0.1, 0.24), rng.uniform(0.09, 0.22))
        drop = rng.uniform(0.05, 0.35)
        bag = (hand - vector(0, 0, drop + half[2])).astype(np.float32)
        out.append(Block(bag, UPRIGHT, half, 0.02, "extra"))
        out.append(cone(hand, hand - vector(0, 0, drop + 0.02), 0.012, 0.02, label="extra"))
    return out
