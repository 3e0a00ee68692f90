"""Actors as the camera sees them: how much of each pixel they cover, their colour there, and how far away they are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cleanplate.synth.geometry.vectors import Floats, Ints
from cleanplate.synth.render.light import LightSampler
from cleanplate.synth.render.soup import Soup
from cleanplate.synth.scene import Actor, Camera


@dataclass(frozen=True, eq=False)
class Figure:
    """All actors of a shot inside the part of the picture that they can touch.

    Attributes:
        window: that part's rows and columns; h and w are its size.
        alpha: (h, w) coverage by what the scene does not hide, in steps of 1 / 16.
        colour: (h, w, 3) straight linear radiance, 0 where alpha is 0.
        depth_m: (h, w) metres along the optical axis of the nearest part seen in the pixel, 0 where there is none.
        instances: (h, w) 1 + the index of the actor whose part that is, 0 where there is none.
    """

    window: tuple[slice, slice]
    alpha: Floats
    colour: Floats
    depth_m: Floats
    instances: NDArray[np.uint8]


def draw_figure(room: LightSampler, actors: list[Actor], people: Soup) -> Figure | None:
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
    distance, triangle, seen = _first_seen(room.soup, people, eye, directions)
    cover = np.zeros(16 * h * w, np.float32)
    cover[seen] = 1
    alpha = cover.reshape(h, 4, w, 4).mean((1, 3))
    depth, nearest = _nearest_of_blocks(seen, (distance * cosine)[seen], (h, w))
    last = np.cumsum([sum(len(m.triangles) for m in actor.meshes) for actor in actors])
    owner = 1 + np.searchsorted(last, triangle[nearest], "right")
    instances = np.where(nearest >= 0, owner, 0).astype(np.uint8)
    shaded = _shaded(seen, w)
    hits = people.trace(eye[shaded], directions[shaded])
    radiance = (hits.albedo * room.on_actors(hits, people)).astype(np.float32)
    colour = _colour_map(radiance, (shaded // (4 * w)) // 4 * w + (shaded % (4 * w)) // 4, (h, w))
    return Figure(window, alpha, colour, depth, instances)


def _window(camera: Camera, actors: list[Actor]) -> tuple[slice, slice] | None:
    """Rows and columns of the picture that the actors can touch."""
    points = np.concatenate([m.vertices for actor in actors for m in actor.meshes])
    column, row, depth = camera.project(points).T
    if (depth < 0.05).any():  # somebody stands beside or behind the lens: look everywhere
        if (depth < 0.05).all():
            return None
        return slice(0, camera.size_hw[0]), slice(0, camera.size_hw[1])
    r0, r1 = max(0, int(row.min()) - 1), min(camera.size_hw[0], int(row.max()) + 2)
    c0, c1 = max(0, int(column.min()) - 1), min(camera.size_hw[1], int(column.max()) + 2)
    return (slice(r0, r1), slice(c0, c1)) if r1 > r0 and c1 > c0 else None


def _first_seen(scene: Soup, people: Soup, eye: Floats, directions: Floats) -> tuple[Floats, Ints, Ints]:
    """Each ray's distance to the actors (n,), what it hits of them (n,), and which rays meet them before the scene."""
    triangle, distance, _, _ = people.first(eye, directions)
    maybe = np.flatnonzero(triangle >= 0)
    hidden = scene.hides(eye[maybe], directions[maybe], distance[maybe])
    return distance, triangle, maybe[~hidden]


def _nearest_of_blocks(seen: Ints, depth_m: Floats, size_hw: tuple[int, int]) -> tuple[Floats, Ints]:
    """Of every pixel's 16 rays the least depth (h, w), and the number of that ray; 0 and -1 where none is `seen`."""
    h, w = size_hw
    depth = np.full(16 * h * w, np.inf, np.float32)
    depth[seen] = depth_m
    blocks = depth.reshape(h, 4, w, 4).transpose(0, 2, 1, 3).reshape(h, w, 16)
    best = blocks.argmin(2)
    nearest = np.take_along_axis(blocks, best[..., None], 2)[..., 0]
    row, column = np.mgrid[:h, :w]
    ray = (4 * row + best // 4) * 4 * w + 4 * column + best % 4
    there = np.isfinite(nearest)
    return np.where(there, nearest, 0).astype(np.float32), np.where(there, ray, -1)


def _shaded(seen: Ints, width_px: int) -> Ints:
    """The rays that carry the colour: all of a few; of many, each pixel's first and a quarter of the rest."""
    if len(seen) <= 4000:
        return seen
    row, column = np.divmod(seen, 4 * width_px)
    pixel = row // 4 * width_px + column // 4
    first = np.zeros(len(seen), bool)
    first[np.unique(pixel, return_index=True)[1]] = True
    return seen[first | ((column + 2 * (row % 2) + row // 2) % 4 == 0)]


def _colour_map(radiance: Floats, pixel: Ints, size_hw: tuple[int, int]) -> Floats:
    """Mean radiance (n, 3) of each pixel (n,) as (h, w, 3), 0 where there is none."""
    h, w = size_hw
    count = np.bincount(pixel, minlength=h * w)
    total = np.stack([np.bincount(pixel, radiance[:, c], h * w) for c in range(3)], -1)
    return (total / np.maximum(count, 1)[:, None]).reshape(h, w, 3).astype(np.float32)
