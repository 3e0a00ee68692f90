"""Poses for the pack's rig: its own, blended, mirrored and crossed, and the families of joint angles."""

from dataclasses import dataclass

import numpy as np

from cleanplate.synth.geometry.vectors import Floats, axis_turn, unit, vector
from cleanplate.synth.people.anatomy import Anatomy, Arrays, Body
from cleanplate.synth.people.poses import FAMILIES, Family, Limb, Pose, draw_pose
from cleanplate.synth.people.rotations import blended, fraction, matrices, shortest, twist_apart
from cleanplate.synth.people.skeleton import UPRIGHT, limb_frames, trunk_frame

_STANDING = ("standing01", "standing02", "standing03", "standing04", "standing05")
_LIVELY = ("fight01", "fight03", "run01", "standing06")
"""Of the pack's poses handstand, flights, jump and kick are left out: nobody does these in a room."""

_ARM = Limb((-8, 12))
_STILL = Limb((-6, 6), (1, 7), (0, 8), (-12, 4))
_SEATED = Limb((78, 92), (3, 16), (72, 98), (-8, 8))


def _both(limb: Limb) -> tuple[Limb, Limb]:
    return limb, limb


MORE_FAMILIES: dict[str, Family] = {
    "contrapposto": Family(1.5, legs=(Limb((8, 22), (2, 12), (14, 32)), Limb((-4, 2), (-2, 4), (0, 3)))),
    "waving": Family(0.6, (Limb((20, 60), (60, 110), (40, 100), (-60, -20)), _ARM)),
    "phone_in_hand": Family(1.0, (Limb((25, 50), (0, 12), (85, 115), (10, 35)), _ARM), trunk=(0, 10)),
    "both_hands_at_chest": Family(0.8, _both(Limb((20, 45), (2, 14), (80, 120), (25, 50)))),
    "selfie": Family(0.5, (Limb((70, 105), (5, 35), (5, 30)), _ARM)),
    "hand_on_chin": Family(
        0.5, (Limb((30, 55), (0, 10), (120, 140), (20, 40)), Limb((20, 40), (2, 10), (85, 110), (45, 70)))
    ),
    "hands_behind": Family(0.5, _both(Limb((-40, -25), (8, 18), (30, 50), (50, 80)))),
    "hands_in_pockets": Family(0.8, _both(Limb((-18, -4), (16, 26), (28, 48), (15, 30)))),
    "shrugging": Family(0.4, _both(Limb((0, 25), (20, 40), (70, 100), (-60, -30)))),
    "stretching": Family(0.4, _both(Limb((150, 178), (5, 25), (0, 30))), trunk=(-12, 0)),
    "pushing": Family(
        0.5,
        _both(Limb((60, 85), (0, 15), (15, 50))),
        (Limb((15, 30), bend=(20, 40)), Limb((-30, -15), bend=(0, 12))),
        (12, 28),
    ),
    "stairs": Family(0.7, legs=(Limb((45, 75), (1, 8), (60, 95)), Limb((-6, 4), (1, 7), (0, 10)))),
    "lunge": Family(0.4, legs=(Limb((55, 80), (2, 10), (60, 90)), Limb((-35, -15), (2, 8), (20, 50))), trunk=(0, 20)),
    "kneeling": Family(0.5, legs=(Limb((78, 92), (2, 12), (80, 96)), Limb((-8, 4), (2, 8), (84, 100)))),
    "squatting": Family(
        0.4, _both(Limb((50, 80), bend=(10, 50))), _both(Limb((95, 115), (10, 28), (115, 140))), (15, 35)
    ),
    "leaning_aside": Family(0.5, legs=(Limb((-4, 6), (8, 16), (0, 6)), Limb((-4, 6), (2, 8), (0, 20)))),
    "wide_stance": Family(0.6, legs=_both(Limb((-6, 6), (14, 26), (0, 12)))),
    "hands_on_lap": Family(
        2.0, _both(Limb((8, 24), (0, 10), (38, 62), (15, 40))), _both(_SEATED), (-10, 12), seated=True
    ),
    "typing": Family(1.2, _both(Limb((25, 45), (0, 12), (60, 85), (5, 25))), _both(_SEATED), (0, 20), seated=True),
    "legs_crossed": Family(
        1.0,
        _both(Limb((12, 35), (0, 12), (50, 85), (15, 40))),
        (Limb((95, 104), (-14, -7), (55, 75), (0, 15)), _SEATED),
        (-12, 8),
        seated=True,
    ),
    "leaning_forward": Family(
        0.7,
        _both(Limb((45, 65), (4, 16), (60, 90), (20, 40))),
        _both(Limb((78, 92), (14, 26), (80, 98))),
        (28, 45),
        seated=True,
    ),
    "leaning_back": Family(
        0.7, _both(Limb((-5, 25), (15, 35), (20, 60))), _both(Limb((75, 88), (4, 20), (40, 75))), (-22, -8), seated=True
    ),
    "seated_pointing": Family(
        0.6,
        (Limb((60, 100), (0, 40), (0, 40)), Limb((8, 24), (0, 10), (38, 62), (15, 40))),
        _both(_SEATED),
        seated=True,
    ),
    "seated_telephone": Family(
        0.6,
        (Limb((20, 60), (10, 35), (115, 140), (0, 40)), Limb((8, 24), (0, 10), (38, 62), (15, 40))),
        _both(_SEATED),
        seated=True,
    ),
}


@dataclass(frozen=True, eq=False)
class Posture:
    """Turns of all bones (b, 3, 3) against their parents, and the name of the family they are from."""

    turns: Floats
    family: str


class Postures:
    """Poses for one rig."""

    def __init__(self, anatomy: Anatomy, arrays: Arrays) -> None:
        self._anatomy = anatomy
        self._own = {str(name): turns for name, turns in zip(arrays["poses"], arrays["turns"], strict=True)}
        other = {"L": "R", "R": "L"}
        self._mirror = [
            anatomy.index[f"{name[:-1]}{other[name[-1]]}" if name[-2:] in {".L", ".R"} else name]
            for name in anatomy.bones
        ]
        self._lower = np.array(
            [n.startswith(("root", "pelvis", "upperleg", "lowerleg", "foot")) for n in anatomy.bones]
        )
        self._arms = np.array([n.startswith(("clavicle", "shoulder", "upperarm", "lowerarm")) for n in anatomy.bones])
        self._fingers = np.array([n.startswith(("finger", "metacarpal")) for n in anatomy.bones])

    def random_posture(self, rng: np.random.Generator, body: Body, seated: bool) -> Posture:
        """A pose that nobody has seen quite so."""
        if not seated and rng.random() < 0.4:
            turns, family = self._blended(rng), "blended"
        else:
            pose = draw_pose(rng, {**FAMILIES, **MORE_FAMILIES}, seated)
            turns, family = self._from_angles(rng, body, pose), pose.family
        turns = turns @ self._jitter(rng)
        self._relax_hands(
            rng, turns, grip=family in {"carrying", "telephone", "phone_in_hand", "selfie", "seated_telephone"}
        )
        return Posture(turns.astype(np.float32), family)

    def _blended(self, rng: np.random.Generator) -> Floats:
        """Two of the pack's poses mixed, sometimes with another one's legs."""
        names = _STANDING + _LIVELY if rng.random() < 0.35 else _STANDING
        a, b, legs = (self._mirrored(rng, self._own[str(rng.choice(names))]) for _ in range(3))
        mixed = blended(a, b, float(rng.beta(0.7, 0.7)))
        if rng.random() < 0.5:
            mixed[self._lower] = legs[self._lower]
        return matrices(mixed)

    def _mirrored(self, rng: np.random.Generator, turns: Floats) -> Floats:
        """Quaternions as they are, or seen in a mirror."""
        if rng.random() < 0.5:
            return turns
        return (turns[self._mirror] * (1, -1, -1, 1)).astype(np.float32)

    def _jitter(self, rng: np.random.Generator) -> Floats:
        """A few degrees in every joint but the fingers'."""
        size = np.where(self._fingers, 2.0, np.where(self._lower, 1.5, 2.5))
        half = np.radians(rng.normal(0, 1, (len(size), 3)) * size[:, None]) / 2
        return matrices(np.concatenate([half, np.ones((len(size), 1))], 1))

    def _relax_hands(self, rng: np.random.Generator, turns: Floats, grip: bool) -> None:
        """Fingers of one of the standing poses, more or less bent."""
        for side in ("L", "R"):
            own = matrices(self._mirrored(rng, self._own[str(rng.choice(_STANDING[:4]))]))
            curl = rng.uniform(25, 50) if grip else rng.normal(8, 8)
            for bone, name in enumerate(self._anatomy.bones):
                if not name.endswith(side):
                    continue
                if name.startswith("finger") and not name.startswith("finger1"):
                    # the left hand's fingers close toward -x of its rest pose, the right one's toward +x
                    turns[bone] = own[bone] @ axis_turn(1, float(curl) * (1 if side == "L" else -1) * 0.7)
                elif self._fingers[bone]:
                    turns[bone] = own[bone]

    def _from_angles(self, rng: np.random.Generator, body: Body, pose: Pose) -> Floats:
        """The rig brought to the frames that joint angles stand for."""
        rig = _Rig(self._anatomy, body)
        trunk = trunk_frame(pose)
        hips = axis_turn(0, 0.4 * max(pose.trunk[0], 0.0)) if pose.trunk[0] > 20 else UPRIGHT
        rig.spread(("root",), hips)
        rig.spread(("spine05", "spine04", "spine03", "spine02", "spine01"), hips.T @ trunk)
        nod, tilt, turn = pose.head[0] - 0.5 * max(pose.trunk[0], 0), pose.head[1], np.clip(pose.head[2], -55, 55)
        rig.spread(("neck01", "neck02", "neck03", "head"), axis_turn(2, turn) @ axis_turn(0, nod) @ axis_turn(1, tilt))
        for i, (side, sign) in enumerate((("R", -1), ("L", 1))):
            raised = max(0.0, max(pose.arms[i][0], pose.arms[i][1]) - 60.0)
            rig.spread((f"clavicle.{side}", f"shoulder01.{side}"), axis_turn(1, -sign * min(0.3 * raised, 32)))
            upper, lower = limb_frames(pose.arms[i], sign, trunk, knee=False)
            rig.limb(
                (
                    f"upperarm01.{side}",
                    f"upperarm02.{side}",
                    f"lowerarm01.{side}",
                    f"lowerarm02.{side}",
                    f"wrist.{side}",
                ),
                upper,
                lower,
            )
            rig.bend(f"wrist.{side}", axis_turn(0, rng.normal(0, 8)) @ axis_turn(1, rng.normal(0, 6)))
            upper, lower = limb_frames(pose.legs[i], sign, UPRIGHT, knee=True)
            rig.limb(
                (
                    f"upperleg01.{side}",
                    f"upperleg02.{side}",
                    f"lowerleg01.{side}",
                    f"lowerleg02.{side}",
                    f"foot.{side}",
                ),
                upper,
                lower,
            )
            rig.foot(side, pose.legs[i])
        return rig.turns


class _Rig:
    """Turns of the bones while frames of trunk and limbs are set, parents first."""

    def __init__(self, anatomy: Anatomy, body: Body) -> None:
        self._anatomy, self._heads = anatomy, body.heads
        self.turns: Floats = np.broadcast_to(UPRIGHT, (len(anatomy.bones), 3, 3)).copy()

    def spread(self, bones: tuple[str, ...], turn: Floats) -> None:
        """Share a rotation evenly among bones that follow each other."""
        part = fraction(turn, 1 / len(bones))
        for bone in bones:
            self.turns[self._anatomy.index[bone]] = part

    def bend(self, bone: str, turn: Floats) -> None:
        """Turn a bone a bit more."""
        at = self._anatomy.index[bone]
        self.turns[at] = self.turns[at] @ turn

    def limb(self, bones: tuple[str, str, str, str, str], upper: Floats, lower: Floats) -> None:
        """Bring the bones of an arm or leg to the frames of its halves, in which it hangs along -z.

        The last of the five is where the limb ends. Turns about a limb's own axis are shared by its two bones.
        """
        at = [self._anatomy.index[bone] for bone in bones]
        start, middle, end = (self._heads[at[i]] for i in (0, 2, 4))
        first, second = unit(middle - start), unit(end - middle)
        hanging = shortest(vector(0, 0, -1), first)
        straight = shortest(first, second) @ hanging
        parent = self._world(self._anatomy.parents[at[0]])
        world_upper, world_lower = upper @ hanging.T, lower @ straight.T
        self.turns[at[0]], self.turns[at[1]] = twist_apart(parent.T @ world_upper, first)
        self.turns[at[2]], self.turns[at[3]] = twist_apart(world_upper.T @ world_lower, second)

    def foot(self, side: str, angles: tuple[float, ...]) -> None:
        """A foot flat on the ground, or hanging where the leg is lifted or folded behind."""
        sign = -1 if side == "R" else 1
        at = self._anatomy.index[f"foot.{side}"]
        forward, _, bend, _ = angles
        shin_pitch = forward - bend
        # flat unless the shin is far from upright
        flat = np.interp(abs(shin_pitch), [30, 65], [1, 0])
        flat_turn = self._world(self._anatomy.parents[at]).T @ axis_turn(2, -sign * 8.0)
        hanging = axis_turn(0, 25 if shin_pitch < 0 else 5)
        self.turns[at] = fraction(flat_turn @ hanging.T, float(flat)) @ hanging

    def _world(self, bone: int) -> Floats:
        out = UPRIGHT
        while bone >= 0:
            out = self.turns[bone] @ out
            bone = self._anatomy.parents[bone]
        return out
