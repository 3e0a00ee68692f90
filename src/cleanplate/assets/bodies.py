"""People to mix others from: bodies of all ages and builds, and the rig that moves them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cleanplate.assets.makehuman import Doubles, Indices, MakeHuman, Phenotype

NUM_BODIES = 192

_LIMBS = (
    *("pelvis", "upperleg01", "upperleg02", "lowerleg01", "lowerleg02", "foot"),
    *("clavicle", "shoulder01", "upperarm01", "upperarm02", "lowerarm01", "lowerarm02", "wrist"),
    *(f"metacarpal{i}" for i in range(1, 5)),
    *(f"finger{i}-{j}" for i in range(1, 6) for j in range(1, 4)),
)

BONES = frozenset(
    ["root", *(f"spine0{i}" for i in range(1, 6)), *(f"neck0{i}" for i in range(1, 4)), "head"]
    + [f"{name}.{side}" for name in _LIMBS for side in "LR"]
)
"""The bones that poses turn; the others (face, toes, breasts) follow the nearest of these above them."""

_LOCAL = (
    *("torso/torso-scale-depth", "torso/torso-scale-horiz", "torso/torso-scale-vert", "torso/torso-vshape"),
    *("torso/measure-shoulder-dist", "hip/hip-scale-horiz", "hip/hip-scale-depth", "stomach/stomach-tone"),
    *("stomach/stomach-pregnant", "buttocks/buttocks-volume", "neck/neck-scale-horiz", "neck/neck-scale-vert"),
    *("arms/measure-upperarm-length", "arms/measure-lowerarm-length", "legs/measure-upperleg-height"),
    *("legs/measure-lowerleg-height", "legs/measure-calf-circ", "legs/measure-thigh-circ"),
    *("head/head-scale-horiz", "head/head-scale-vert", "head/head-scale-depth", "head/head-fat"),
    *("nose/nose-scale-vert", "nose/nose-scale-horiz", "nose/nose-scale-depth", "chin/chin-width", "chin/chin-height"),
    *("forehead/forehead-temple", "mouth/mouth-scale-horiz", "mouth/mouth-lowerlip-volume"),
)
"""Pairs of targets, each with the endings -decr and -incr, that make somebody somebody."""


def random_phenotype(rng: np.random.Generator, male: bool) -> Phenotype:
    """A man or boy, woman or girl: children 15 %, teenagers 9 %, adults up to 60 years 56 %, older ones 20 %."""
    low, high = [(4.0, 12.0), (12.0, 18.0), (18.0, 60.0), (60.0, 85.0)][int(rng.choice(4, p=[0.15, 0.09, 0.56, 0.2]))]
    years = float(rng.uniform(low, high))
    heavy = 0.68 if years < 14 else 0.97
    local: dict[str, float] = {}
    for name in _LOCAL:
        amount = float(np.clip(rng.normal(0, 0.3), -0.8, 0.8))
        local[f"{name}-{'incr' if amount > 0 else 'decr'}"] = abs(amount)
    # a belly comes from weight, not from this target: only its start looks like anybody's
    local["stomach/stomach-pregnant-incr"] = 0.3 * local.pop("stomach/stomach-pregnant-incr", 0.0)
    local.pop("stomach/stomach-pregnant-decr", None)
    races = rng.dirichlet((0.6, 0.6, 0.6))
    return Phenotype(
        years=years,
        male=float(rng.uniform(0.82, 1) if male else rng.uniform(0, 0.18)),
        muscle=float(np.clip(rng.normal(0.5, 0.17), 0.1, 0.95)),
        weight=float(np.clip(rng.normal(0.52, 0.2), 0.12, heavy)),
        height=float(np.clip(rng.normal(0.5, 0.09), 0.3, 0.72)),
        proportions=float(rng.uniform(0.35, 0.9)),
        cup=float(np.clip(rng.normal(0.45, 0.2), 0.05, 0.9)),
        firmness=float(rng.uniform(0.3, 0.8)),
        races=(float(races[0]), float(races[1]), float(races[2])),
        local=local,
    )


def kept_bones(human: MakeHuman) -> tuple[list[str], Indices]:
    """Names of the bones that are kept, parents first, and the index of the one that each bone of the rig follows."""
    names = [name for name in human.bones if name in BONES]
    follows: dict[str, int] = {}
    for name, bone in human.bones.items():
        follows[name] = names.index(name) if name in BONES else follows[bone.parent]
    return names, np.array(list(follows.values()))


def skinning_table(human: MakeHuman, follows: Indices, num_bones: int) -> Doubles:
    """(19158, num_bones) how much each kept bone moves each vertex; a row's sum is 1."""
    table = np.zeros((num_bones, human.weights.shape[1]))
    for row, kept in enumerate(follows):
        table[kept] += human.weights[row]
    return table.T


def strongest_four(table: Doubles) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """(n, 4) bones and weights in 255ths, summing to 255, of rows of a skinning table."""
    rounded = np.round(table, 9)
    bones = np.argsort(-rounded, axis=1, kind="stable")[:, :4]
    part = np.take_along_axis(rounded, bones, 1)
    weights = np.rint(255 * part / part.sum(1, keepdims=True)).astype(np.int64)
    weights[:, 0] += 255 - weights.sum(1)
    return bones.astype(np.uint8), weights.astype(np.uint8)


def sampled_bodies(human: MakeHuman, kept: Indices, bones: list[str], seed: int) -> Mapping[str, NDArray[np.generic]]:
    """Bodies and what they are like, the same for everybody.

    Args:
        human: the base mesh.
        kept: vertices (n,) that are wanted.
        bones: whose heads are wanted.
        seed: of the choice.

    Returns:
        `bodies` (s, n, 3) int16 tenths of a millimetre, standing on z = 0 above the origin; `heads` (s, b, 3) likewise;
        `about` (s, 8) years, male, muscle, weight, stature in metres and the three kinds of faces.

    """
    rows = [list(human.bones).index(name) for name in bones]
    skin = np.unique(human.quads["body"])
    shapes: list[Doubles] = []
    heads: list[Doubles] = []
    about: list[list[float]] = []
    for index in range(NUM_BODIES):
        body = random_phenotype(np.random.default_rng([seed, index]), male=index % 2 == 1)
        vertices = human.shaped(body)
        origin = np.array([0.0, 0.0, vertices[skin, 2].min()])
        stature = float(np.ptp(vertices[skin, 2]))
        shapes.append(vertices[kept] - origin)
        heads.append(human.heads(vertices)[rows] - origin)
        about.append([body.years, body.male, body.muscle, body.weight, stature, *body.races])
    return {
        "bodies": np.rint(np.stack(shapes) * 1e4).astype(np.int16),
        "heads": np.rint(np.stack(heads) * 1e4).astype(np.int16),
        "about": np.round(np.array(about), 4).astype(np.float32),
    }
