"""Actors as the camera sees them: how much of each pixel they cover, their colour there, and how far away they are."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.synth.geometry.vectors import Bools, Floats, Ints
from cleanplate.synth.render import rays
from cleanplate.synth.render.compiled import compiled
from cleanplate.synth.render.denoise import Smoother
from cleanplate.synth.render.light import LightSampler, LightSamples
from cleanplate.synth.render.soup import First, Hits, Soup
from cleanplate.synth.scene import Actor, Camera

_ACROSS = 4
"""Rays a pixel's side where an edge runs through it; inside a figure it is half as many."""


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
    alpha: Image
    colour: Floats
    depth_m: Image
    instances: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class _Looks:
    """Rays of the camera that meet actors before anything of the scene.

    `pixel`: (n,) of the window, `code`: (n,) of the draws, `hit`: what they meet.
    """

    pixel: Ints
    code: Ints
    origin: Floats
    direction: Floats
    cosine: Floats
    hit: First

    def some(self, which: Ints) -> "_Looks":
        pixel, code, cosine = self.pixel[which], self.code[which], self.cosine[which]
        return _Looks(pixel, code, self.origin[which], self.direction[which], cosine, self.hit.some(which))


def draw_figure(room: LightSampler, ambient: Floats, actors: list[Actor], people: Soup) -> Figure | None:
    """The actors (`people` is their soup) as the camera sees them, or None where all are out of the picture.

    `ambient` (3,) is the light that falls everywhere in the room.
    """
    window = _window(room.scene.camera, actors)
    if window is None:
        return None
    rows, columns = window
    h, w = int(rows.stop - rows.start), int(columns.stop - columns.start)
    coarse = _looks(room, people, window, 2, np.arange(h * w))
    count = np.bincount(coarse.pixel, minlength=h * w).reshape(h, w).astype(np.uint8)
    around = np.ones((3, 3), np.uint8)
    full: Bools = np.equal(cv2.erode(count, around), 4)
    touched: Bools = np.greater(cv2.dilate(count, around), 0)
    inside = coarse.some(np.flatnonzero(full.reshape(-1)[coarse.pixel]))
    edge = _looks(room, people, window, _ACROSS, np.flatnonzero(np.greater(touched, full)))
    cover = np.bincount(edge.pixel, minlength=h * w).reshape(h, w)
    last = np.cumsum([sum(len(m.triangles) for m in actor.meshes) for actor in actors])
    depth, instances = np.zeros(h * w, np.float32), np.zeros(h * w, np.uint8)
    for part in (inside, edge):
        owner = 1 + np.searchsorted(last, part.hit.triangle, "right")
        _nearest(part.pixel, part.hit.distance * part.cosine, owner, depth, instances)
    return Figure(
        window,
        np.where(full, 1, cover / _ACROSS**2).astype(np.float32),
        _colour(room, ambient, people, [inside, edge.some(_a_few(edge.pixel, cover.reshape(-1)))], (h, w)),
        depth.reshape(h, w),
        instances.reshape(h, w),
    )


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


def _looks(room: LightSampler, people: Soup, window: tuple[slice, slice], across: int, pixel: Ints) -> _Looks:
    """The rays through a lattice `across` x `across` in some pixels of the window that meet actors first."""
    camera = room.scene.camera
    row, column = np.divmod(pixel, window[1].stop - window[1].start)
    sub_row, sub_column = np.divmod(np.arange(across * across), across)
    row = ((row + window[0].start)[:, None] * across + sub_row).reshape(-1)
    column = ((column + window[1].start)[:, None] * across + sub_column).reshape(-1)
    direction, cosine = _through(row, column, camera.enlarged(across).focal_px, camera)
    origin = np.repeat(camera.eye[None], len(row), 0)
    hit = people.first(origin, direction)
    maybe = np.flatnonzero(hit.triangle >= 0)
    seen = maybe[~room.soup.hides(origin[maybe], direction[maybe], hit.distance[maybe])]
    finest = _ACROSS // across
    code = rays.curve_codes(camera.enlarged(_ACROSS).size_hw)[
        row[seen] * finest * camera.size_hw[1] * _ACROSS + column[seen] * finest
    ]
    return _Looks(pixel[seen // across**2], code, origin[seen], direction[seen], cosine[seen], hit.some(seen))


def _through(row: Ints, column: Ints, focal_px: float, camera: Camera) -> tuple[Floats, Floats]:
    """Unit directions (n, 3) through the middles of pixels of the enlarged picture, and their cosines to the axis."""
    times = focal_px / camera.focal_px
    x = (column + 0.5 - times * camera.size_hw[1] / 2) / focal_px
    y = (times * camera.size_hw[0] / 2 - row - 0.5) / focal_px
    local = np.stack([x, y, np.full(len(x), -1.0)], -1).astype(np.float32)
    cosine = 1 / np.sqrt(x * x + y * y + 1).astype(np.float32)
    return local @ camera.axes.T * cosine[:, None], cosine


@compiled
def _nearest(pixel: Ints, depth_m: Floats, owner: Ints, depth: Floats, instances: NDArray[np.uint8]) -> None:
    """Put every pixel's least depth, and the owner of what is there, into the pictures."""
    for i in range(len(pixel)):
        p = pixel[i]
        if instances[p] == 0 or depth_m[i] < depth[p]:
            depth[p], instances[p] = depth_m[i], owner[i]


@compiled
def _a_few(pixel: Ints, cover: Ints) -> Ints:
    """Of the rays (n,), sorted by pixel, at most four a pixel, evenly spread over the `cover` (h * w,) it has."""
    out = np.empty(len(pixel), np.int64)
    n, nth = 0, 0
    for i in range(len(pixel)):
        nth = nth + 1 if i > 0 and pixel[i] == pixel[i - 1] else 0
        if cover[pixel[i]] <= 4 or (nth + 1) * 4 // cover[pixel[i]] > nth * 4 // cover[pixel[i]]:
            out[n] = i
            n += 1
    return out[:n]


def _colour(room: LightSampler, ambient: Floats, people: Soup, parts: list[_Looks], size_hw: tuple[int, int]) -> Floats:
    """Mean radiance (h, w, 3) of what the rays of every pixel meet, 0 where there are none."""
    h, w = size_hw
    parts = [part for part in parts if len(part.pixel)]
    if not parts:
        return np.zeros((h, w, 3), np.float32)
    pixel, code = (np.concatenate(list(each)) for each in zip(*((p.pixel, p.code) for p in parts), strict=True))
    spread = 1 / (2 * room.scene.camera.focal_px)
    described = [people.described(p.hit, p.origin, p.direction, spread) for p in parts]
    hits = Hits(*(np.concatenate(list(each)) for each in zip(*(vars(d).values() for d in described), strict=True)))
    first = np.unique(pixel, return_index=True)[1]
    smooth = _smoother(hits, pixel, first, (h, w))
    count = np.maximum(np.bincount(pixel, minlength=h * w), 1)[:, None].astype(np.float32)
    direct = room.direct(hits, code, people.tree)
    light = smooth((rays.gathered(pixel[direct.pixel], direct.brought, h * w) / count).reshape(h, w, 3), 2)
    indirect = _indirect(room, people, hits, code, first)
    light += smooth(rays.gathered(pixel[indirect.pixel], indirect.brought, h * w).reshape(h, w, 3), 3)
    light = light.reshape(-1, 3) + ambient
    total = rays.gathered(pixel, hits.albedo * light[pixel] + hits.emission, h * w)
    return (total / count).reshape(h, w, 3)


def _indirect(room: LightSampler, people: Soup, hits: Hits, code: Ints, which: Ints) -> LightSamples:
    """Light that other surfaces send to some of the hits."""
    samples = room.bounced(hits, code, which)
    near = people.tree.blocked(samples.origin, samples.direction, np.full(len(which), 3.0, np.float32))
    samples.brought[near] *= 0.4  # another part of an actor is there
    return samples


def _smoother(hits: Hits, pixel: Ints, which: Ints, size_hw: tuple[int, int]) -> Smoother:
    """Blends light over the actors, whose surface in a pixel is that of one of its hits, by number."""
    h, w = size_hw
    normal, point, distance = (np.zeros((h * w, *rest), np.float32) for rest in ((3,), (3,), ()))
    at = pixel[which]
    normal[at], point[at], distance[at] = hits.normal[which], hits.point[which], hits.distance[which]
    return Smoother(normal.reshape(h, w, 3), point.reshape(h, w, 3), distance.reshape(h, w))
