"""Poses: joint angles in degrees, drawn from named families and perturbed, so that no two are alike."""

from dataclasses import dataclass

import numpy as np

Range = tuple[float, float]


@dataclass(frozen=True)
class Limb:
    """Ranges of an arm's or leg's angles in degrees.

    Attributes:
        forward: swing forward. out: away from the body. bend: of elbow or knee. twist: inward.
    """

    forward: Range
    out: Range = (2, 12)
    bend: Range = (5, 25)
    twist: Range = (-10, 20)


_LEG = Limb((-6, 6), (1, 7), (0, 8), (-12, 4))
_ARM = Limb((-8, 12))


@dataclass(frozen=True)
class Family:
    """A kind of pose: ranges for both arms, both legs, and the trunk's bend forward; sides are swapped at random.

    Attributes:
        weight: how often it is drawn. seated: whether the pelvis rests on a seat.
    """

    weight: float
    arms: tuple[Limb, Limb] = (_ARM, _ARM)
    legs: tuple[Limb, Limb] = (_LEG, _LEG)
    trunk: Range = (-4, 8)
    seated: bool = False


_UP = Limb((120, 178), (0, 40), (0, 60))
_HIP = Limb((-35, -10), (30, 50), (80, 110), (30, 60))
_FOLD = Limb((15, 40), (5, 20), (90, 120), (40, 75))
_SHIN = Limb((70, 95), (2, 18), (60, 100), (-8, 8))

FAMILIES: dict[str, Family] = {
    "standing": Family(2.5),
    "relaxed": Family(1.2, legs=(Limb((0, 12), (2, 10), (0, 10)), Limb((-6, 4), (2, 10), (0, 5)))),
    "walking": Family(
        2.5,
        (Limb((10, 35), bend=(10, 40)), Limb((-35, -5), bend=(5, 30))),
        (Limb((-28, -8), bend=(5, 35)), Limb((12, 32), bend=(0, 20))),
    ),
    "running": Family(
        0.5,
        (Limb((25, 60), bend=(70, 110)), Limb((-55, -20), bend=(60, 110))),
        (Limb((-35, -10), bend=(40, 95)), Limb((35, 65), bend=(40, 90))),
        (5, 18),
    ),
    "one_arm_up": Family(0.9, (_UP, _ARM)),
    "arms_up": Family(0.7, (_UP, _UP)),
    "arms_out": Family(0.7, (Limb((-10, 20), (60, 100), (0, 40)), Limb((-10, 20), (60, 100), (0, 40)))),
    "reaching": Family(1.2, (Limb((60, 110), (-5, 30), (0, 40)), _ARM), trunk=(0, 25)),
    "pointing": Family(0.6, (Limb((50, 110), (20, 80), (0, 15)), _ARM)),
    "hands_on_hips": Family(0.6, (_HIP, _HIP)),
    "arms_folded": Family(0.7, (_FOLD, _FOLD)),
    "telephone": Family(0.8, (Limb((20, 60), (10, 35), (115, 140), (0, 40)), _ARM)),
    "carrying": Family(0.9, (Limb((10, 35), (0, 12), (65, 95), (0, 25)), Limb((10, 35), (0, 12), (65, 95), (0, 25)))),
    "bending": Family(0.8, (Limb((50, 100), (0, 20), (5, 50)), Limb((40, 90), (0, 20), (5, 50))), trunk=(35, 75)),
    "crouching": Family(
        0.5,
        (Limb((30, 80), bend=(20, 90)), Limb((20, 70), bend=(20, 90))),
        (Limb((85, 115), (5, 25), (105, 140)), Limb((75, 110), (5, 25), (105, 140))),
        (10, 40),
    ),
    "sitting": Family(
        1.6, (Limb((10, 50), bend=(40, 95)), Limb((10, 50), bend=(40, 95))), (_SHIN, _SHIN), (-12, 22), seated=True
    ),
}


@dataclass(frozen=True)
class Pose:
    """Joint angles in degrees.

    Attributes:
        family: the name of the family it is from.
        arms, legs: of the figure's right (x < 0) and left limb: forward, out, bend, twist.
        trunk: bend forward, lean sideways, twist.
        head: nod, tilt, turn.
    """

    family: str
    arms: tuple[tuple[float, ...], ...]
    legs: tuple[tuple[float, ...], ...]
    trunk: tuple[float, float, float]
    head: tuple[float, float, float]


def random_pose(rng: np.random.Generator, seated: bool = False) -> Pose:
    """A pose from a random family (seated ones only where asked for), each angle jittered by about 3 degrees."""
    return draw_pose(rng, FAMILIES, seated)


def draw_pose(rng: np.random.Generator, families: dict[str, Family], seated: bool) -> Pose:
    """A pose from one of the families given, by their weights."""
    names = [name for name, family in families.items() if family.seated == seated]
    weights = np.array([families[name].weight for name in names])
    name = str(rng.choice(names, p=weights / weights.sum()))
    family = families[name]
    swap = -1 if rng.random() < 0.5 else 1
    arms = tuple(_draw(rng, limb) for limb in family.arms[::swap])
    legs = tuple(_draw(rng, limb) for limb in family.legs[::swap])
    trunk = (rng.uniform(*family.trunk), rng.normal(0, 5), rng.normal(0, 10))
    return Pose(name, arms, legs, trunk, (rng.normal(5, 12), rng.normal(0, 6), rng.normal(0, 25)))


def _draw(rng: np.random.Generator, limb: Limb) -> tuple[float, ...]:
    return tuple(rng.uniform(*bounds) + rng.normal(0, 3) for bounds in (limb.forward, limb.out, limb.bend, limb.twist))
