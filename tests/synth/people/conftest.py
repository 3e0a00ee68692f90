"""A pack with one artificial body: a stick figure, some skin around every bone, and the same small clothes for all."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cleanplate.assets.bake_people import EYEBROWS, HAIR, HATS, POSES, SHOES, SUITS
from cleanplate.synth.pack import Pack

Arrays = dict[str, NDArray[Any]]

_TRUNK = {
    "root": ("", (0, 0, 0.95)),
    "spine05": ("root", (0, 0, 1.0)),
    "spine04": ("spine05", (0, 0, 1.08)),
    "spine03": ("spine04", (0, 0, 1.16)),
    "spine02": ("spine03", (0, 0, 1.24)),
    "spine01": ("spine02", (0, 0, 1.32)),
    "neck01": ("spine01", (0, 0, 1.42)),
    "neck02": ("neck01", (0, 0, 1.46)),
    "neck03": ("neck02", (0, 0, 1.49)),
    "head": ("neck03", (0, 0, 1.52)),
}
_LIMBS = {
    "pelvis": ("root", (0.06, 0, 0.93)),
    "upperleg01": ("pelvis", (0.1, 0, 0.9)),
    "upperleg02": ("upperleg01", (0.1, 0, 0.7)),
    "lowerleg01": ("upperleg02", (0.1, 0, 0.5)),
    "lowerleg02": ("lowerleg01", (0.1, 0, 0.3)),
    "foot": ("lowerleg02", (0.1, 0, 0.08)),
    "clavicle": ("spine01", (0.03, 0, 1.36)),
    "shoulder01": ("clavicle", (0.12, 0, 1.38)),
    "upperarm01": ("shoulder01", (0.18, 0, 1.36)),
    "upperarm02": ("upperarm01", (0.28, 0, 1.26)),
    "lowerarm01": ("upperarm02", (0.38, 0, 1.16)),
    "lowerarm02": ("lowerarm01", (0.46, 0, 1.08)),
    "wrist": ("lowerarm02", (0.54, 0, 1.0)),
    "finger3-1": ("wrist", (0.6, 0, 0.94)),
}


@dataclass(frozen=True, eq=False)
class ArtificialPack:
    """What `PackPeople` asks of a pack."""

    people: Arrays

    def arrays(self, name: str) -> Mapping[str, NDArray[Any]]:
        assert name == "people"
        return self.people

    picture = staticmethod(Pack.picture)


@pytest.fixture(scope="session")
def artificial_pack() -> ArtificialPack:
    return ArtificialPack(_people())


def _people() -> Arrays:
    bones = {name: (parent, np.array(place)) for name, (parent, place) in _TRUNK.items()}
    for (name, (parent, place)), (side, sign) in itertools.product(_LIMBS.items(), (("L", 1), ("R", -1))):
        above = parent if parent in _TRUNK else f"{parent}.{side}"
        bones[f"{name}.{side}"] = (above, np.array(place) * (sign, 1, 1))
    names = list(bones)
    heads = np.array([place for _, place in bones.values()])
    hull = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]) * 0.08
    around = (heads[:, None] + hull).reshape(-1, 3)
    body = np.concatenate([around, [[0.03, -0.09, 1.7], [-0.03, -0.09, 1.7]]])
    eyes = np.array([[x + sign * 0.03, y - 0.1, z + 1.62] for sign in (1, -1) for x, y, z in hull[:, [0, 1, 2]] * 0.1])
    trunk = np.array(
        [[np.cos(a) * 0.15, np.sin(a) * 0.1, z] for z in np.arange(0.75, 1.42, 0.03) for a in np.arange(8)]
    )
    tights = np.concatenate([around, trunk])
    skirt = np.array([[np.cos(a) * 0.2, np.sin(a) * 0.2, z] for z in (1.0, 0.7, 0.2) for a in np.arange(6)])
    vertices = np.concatenate([body, tights, skirt, eyes])
    owner = np.concatenate([np.arange(len(names)).repeat(6), [names.index("head")] * 2])
    free, on_head = np.zeros(len(trunk) + len(skirt), int), np.full(len(eyes), names.index("head"))
    owners = np.concatenate([owner, owner[:-2], free, on_head])
    ends = np.cumsum([len(body), len(tights), len(skirt), len(eyes)])
    octahedron = np.array(
        [[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]], np.int64
    )
    hulls = np.concatenate([octahedron + 6 * i for i in range(len(names))])
    ring = np.array(
        [[i, (i + 1) % 6, 6 + i] for i in range(6)] + [[6 + i, (i + 1) % 6, 6 + (i + 1) % 6] for i in range(6)]
    )
    stacked = np.stack([vertices, vertices * (1, 1, 0.98)])
    out: Arrays = {
        "bones": np.array(names),
        "parents": np.array([names.index(parent) if parent else -1 for parent, _ in bones.values()], np.int16),
        "bodies": np.rint(np.repeat(stacked, 6, 0) * 1e4).astype(np.int16),
        "heads": np.rint(np.repeat(np.stack([heads, heads * (1, 1, 0.98)]), 6, 0) * 1e4).astype(np.int16),
        "about": np.array([[30, i % 2, 0.5, 0.5, 1.7, 0.4, 0.3, 0.3] for i in range(12)], np.float32),
        "base": vertices.astype(np.float32),
        "skin_bones": np.stack([owners] * 4, -1).astype(np.uint8),
        "skin_weights": np.array([[255, 0, 0, 0]] * len(vertices), np.uint8),
        "ends": ends.astype(np.int32),
        "under": np.append(np.arange(len(around)), [0, 0]).astype(np.uint16),
        "body/triangles": hulls.astype(np.uint16),
        "body/uv": np.zeros((len(hulls), 3, 2), np.uint16),
        "tights/triangles": (hulls + ends[0]).astype(np.uint16),
        "skirt/triangles": (np.concatenate([ring, ring + 6]) + ends[1]).astype(np.uint16),
        "eyes/triangles": (np.concatenate([octahedron, octahedron + 6]) + ends[2]).astype(np.uint16),
        "poses": np.array(POSES),
        "turns": np.array([[[0, 0, 0, 1]] * len(names)] * len(POSES), np.float32),
    }
    kinds = {"suit": SUITS, "hat": HATS, "shoes": SHOES, "hair": HAIR, "eyebrows": EYEBROWS}
    for kind, kind_names in kinds.items():
        for name in kind_names:
            out |= {f"{kind}/{name}/{key}": value for key, value in _item(len(body), int(kind == "suit")).items()}
    picture = _jpeg()
    for parts in itertools.product(
        ("young", "middleage", "old"), ("african", "asian", "caucasian"), ("female", "male")
    ):
        out[f"skin/{'_'.join(parts)}/photograph"] = picture
    return out


def _item(num_body: int, pieces: int) -> Arrays:
    """Two triangles on the first vertices; of a suit one is the top and one the bottom."""
    return {
        "references": np.array([[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5]], np.uint16),
        "weights": np.array([[1024, 0, 0]] * 4, np.int16),
        "offsets": np.zeros((4, 3), np.int16),
        "triangles": np.array([[0, 1, 2], [1, 3, 2]], np.uint16),
        "uv": np.zeros((2, 3, 2), np.uint16),
        "bones": np.zeros((4, 4), np.uint8),
        "bone_weights": np.array([[255, 0, 0, 0]] * 4, np.uint8),
        "piece": np.array([0, pieces], np.uint8),
        "hidden": np.zeros(num_body, np.uint8),
        "picture": _jpeg(),
    }


def _jpeg() -> NDArray[np.uint8]:
    _, data = cv2.imencode(".jpg", np.full((16, 16, 3), 120, np.uint8))
    return np.asarray(data, np.uint8).ravel()
