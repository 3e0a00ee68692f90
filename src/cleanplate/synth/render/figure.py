"""Actors as the camera sees them: how much of each pixel they cover, their colour there, and how far away they are."""

from dataclasses import dataclass

import cv2
import numpy as np

from cleanplate.synth.geometry.mesh import Mesh
from cleanplate.synth.geometry.vectors import Floats, Ints
from cleanplate.synth.render.light import LightSampler
from cleanplate.synth.render.soup import Soup
from cleanplate.synth.scene import Camera


@dataclass(frozen=True, eq=False)
class Figure:
    """All actors of a shot inside the part of the picture that they can touch.

    Attributes:
        window: that part's rows and columns; h and w are its size.
        alpha: (h, w) coverage by what the scene does not hide, in steps of 1 / 16.
        colour: (h, w, 3) straight linear radiance, 0 where alpha is 0.
        depth_m: (h, w) metres along the optical axis of the nearest part seen in the pixel, 0 where there is none.
    """

    window: tuple[slice, slice]
    alpha: Floats
    colour: Floats
    depth_m: Floats


def draw_figure(room: LightSampler, actors: list[Mesh], people: Soup) -> Figure | None:
    """The actors (`people` is their soup) seen with 4 x 4 rays a pixel, or None where all are out of the picture."""
    camera = room.scene.camera
    window = _window(camera, actors)
    if window is None:
        return None
    rows, columns = window
    h, w = rows.stop - rows.start, columns.stop - columns.start
    enlarged = (slice(4 * rows.start, 4 * rows.stop), slice(4 * columns.start, 4 * columns.stop))
    directions, cosine = camera.enlarged(4).rays(*enlarged)
    eye = np.broadcast_to(camera.eye, directions.shape)
    distance, seen = _first_seen(room.soup, people, eye, directions)
    cover = np.zeros(16 * h * w, np.float32)
    cover[seen] = 1
    alpha = cover.reshape(h, 4, w, 4).mean((1, 3))
    depth = np.full(16 * h * w, np.inf, np.float32)
    depth[seen] = (distance * cosine)[seen]
    nearest = depth.reshape(h, 4, w, 4).min((1, 3))
    shaded = _shaded(seen, w)
    hits = people.trace(eye[shaded], directions[shaded])
    radiance = (hits.albedo * room.on_actors(hits, people)).astype(np.float32)
    colour = _colour_map(radiance, (shaded // (4 * w)) // 4 * w + (shaded % (4 * w)) // 4, alpha)
    return Figure(window, alpha, colour, np.where(np.isfinite(nearest), nearest, 0))


def _window(camera: Camera, actors: list[Mesh]) -> tuple[slice, slice] | None:
    """Rows and columns of the picture that the actors can touch."""
    points = np.concatenate([m.vertices for m in actors])
    column, row, depth = camera.project(points).T
    if (depth < 0.05).any():  # somebody stands beside or behind the lens: look everywhere
        if (depth < 0.05).all():
            return None
        return slice(0, camera.size_hw[0]), slice(0, camera.size_hw[1])
    r0, r1 = max(0, int(row.min()) - 1), min(camera.size_hw[0], int(row.max()) + 2)
    c0, c1 = max(0, int(column.min()) - 1), min(camera.size_hw[1], int(column.max()) + 2)
    return (slice(r0, r1), slice(c0, c1)) if r1 > r0 and c1 > c0 else None


def _first_seen(scene: Soup, people: Soup, eye: Floats, directions: Floats) -> tuple[Floats, Ints]:
    """Each ray's distance to the actors (n,), and the numbers of those that meet them before anything of the scene."""
    _, distance, _, _ = people.tree.closest(eye, directions)
    maybe = np.flatnonzero(distance < 1e4)
    hidden = scene.tree.blocked(eye[maybe], directions[maybe], distance[maybe])
    return distance, maybe[~hidden]


def _shaded(seen: Ints, width_px: int) -> Ints:
    """The rays that carry the colour: all of a few; of many one in four, in the same pattern in every pixel."""
    row, column = np.divmod(seen, 4 * width_px)
    return seen[(row + 2 * column) % 4 == 0] if len(seen) > 4000 else seen


def _colour_map(radiance: Floats, pixel: Ints, alpha: Floats) -> Floats:
    """Mean radiance (n, 3) of each pixel (n,) as (h, w, 3); where one is covered but has no ray, its neighbours'."""
    h, w = alpha.shape
    count = np.bincount(pixel, minlength=h * w)
    total = np.stack([np.bincount(pixel, radiance[:, c], h * w) for c in range(3)], -1)
    colour = (total / np.maximum(count, 1)[:, None]).reshape(h, w, 3).astype(np.float32)
    missing = (alpha > 0) & (count.reshape(h, w) == 0)
    if missing.any():
        around = cv2.blur(colour * (count.reshape(h, w, 1) > 0), (3, 3))
        weight = cv2.blur((count.reshape(h, w) > 0).astype(np.float32), (3, 3))
        return np.where(missing[..., None], around / np.maximum(weight, 1e-3)[..., None], colour)
    return colour
