"""People of all shapes, dressed, posed and with things in their hands, as textured meshes.

A figure stands on z = 0 around the origin and looks toward -y; a seated one has the seat's surface at z = 0.
"""

import numpy as np

from cleanplate.synth.geometry.implicit import Skin, polygonise
from cleanplate.synth.geometry.mesh import Mesh, Surface
from cleanplate.synth.geometry.vectors import Floats, vector
from cleanplate.synth.people.bodies import body_solids, carried_solids
from cleanplate.synth.people.heads import head_solids
from cleanplate.synth.people.looks import Looks
from cleanplate.synth.people.poses import random_pose
from cleanplate.synth.people.skeleton import HeadFrame, head_frame


def make_person(rng: np.random.Generator, looks: Looks, seated: bool = False) -> list[Mesh]:
    """One figure in a random pose, a mesh for each of its surfaces; all of them share their vertices."""
    pose = random_pose(rng, seated)
    head = head_frame(looks, pose)
    solids = body_solids(looks, pose) + head_solids(looks, head)
    solids += carried_solids(rng, looks, pose, solids)
    skin = polygonise(solids, 0.02 * looks.scale**0.5)
    skin = skin._replace(vertices=_ruffled(rng, skin.vertices))
    base = skin.vertices[:, 2].min() if not seated else -0.1 * looks.scale * looks.girth
    lifted = vector(0, 0, base)
    return _dressed(skin._replace(vertices=skin.vertices - lifted), looks.surfaces, head, lifted)


def wrapped(vertices: Floats) -> Floats:
    """Texture coordinates (n, 2) that run around a standing body of (n, 3) vertices: 0.6 m a repeat."""
    across = vertices[:, 0] + 0.35 * vertices[:, 1]
    return np.stack([across / 0.6, vertices[:, 2] / 0.6], -1).astype(np.float32)


def _ruffled(rng: np.random.Generator, vertices: Floats) -> Floats:
    """Folds and unevenness: waves of 5 to 50 cm, millimetres high, so that no outline is a clean curve."""
    waves = rng.normal(0, 1, (5, 3)) * rng.uniform(12, 60, (5, 1))
    phase = vertices @ waves.T.astype(np.float32) + rng.uniform(0, 6, 5).astype(np.float32)
    direction = rng.normal(0, 1, (5, 3)).astype(np.float32) * rng.uniform(0.0005, 0.003)
    return (vertices + np.sin(phase) @ direction).astype(np.float32)


def _dressed(skin: Skin, surfaces: dict[str, Surface], head: HeadFrame, lifted: Floats) -> list[Mesh]:
    """One mesh per label with its surface; the face's texture is projected from the front of the head.

    `lifted` (3,) brings the vertices back to where the pelvis, and so the head's frame, has its origin.
    """
    uv = wrapped(skin.vertices)
    local = (skin.vertices + lifted - head.centre) @ head.axes / head.scale
    front = np.stack([0.5 + local[:, 0] / 0.17, np.clip(0.5 + local[:, 2] / 0.25, 0.01, 0.99)], -1).astype(np.float32)
    front[:, 0] = np.where(local[:, 1] < 0, np.clip(front[:, 0], 0.02, 0.98), 0.02)
    out: list[Mesh] = []
    for index, label in enumerate(skin.labels):
        mine = skin.triangles[skin.owner == index]
        if len(mine):
            texture_at = (front if label == "face" else uv)[mine]
            out.append(Mesh(skin.vertices, mine, texture_at, surfaces[label], smooth=True))
    return out
