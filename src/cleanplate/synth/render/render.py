"""Ray casting: the plate of a scene, and shots of it with actors, sharing every random number but what actors change.

The plate is rendered once. A shot re-uses its light samples and asks only which of them the actors block, so that
plate and shot differ by the actors, their shadows, their bounce light and their reflections, and by nothing else. All
radiance is linear. The plate is rendered at twice the picture's size and averaged 2 x 2 down; actors are seen by 4 x 4
rays a pixel.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.synth.geometry.mesh import bounds
from cleanplate.synth.geometry.vectors import Floats, Ints
from cleanplate.synth.render.denoise import Smoother
from cleanplate.synth.render.figure import draw_figure
from cleanplate.synth.render.light import LightSampler, LightSamples
from cleanplate.synth.render.rays import FAR_M, curve_codes, gathered, owners, picked
from cleanplate.synth.render.soup import Hits, Soup
from cleanplate.synth.scene import Actor, Camera, Scene

_FURTHER = 0.35
"""Light that has bounced more than once against light that has bounced once (docs/renderer.md)."""


@dataclass(frozen=True, eq=False)
class PlateRender:
    """The empty scene, and what its shots re-use; everything is at the picture's size.

    Attributes:
        radiance: (h, w, 3) linear.
        depth_m: (h, w) metres along the optical axis, 0 where the sky is seen.
        scene, soup: what was rendered.
        smooth: takes the noise out of light on this picture's surfaces.
        light: (h, w, 3) what falls on the surfaces: irradiance / pi, ambient light included.
        ambient: (3,) the part of it that has come by more than one bounce, the same everywhere.
        steady: (h, w, 3) the part of the radiance that no shadow changes: lamps, sky, reflections.
        direct: rays to the lamps; an actor blocks them.
        bounced: one ray of every pixel to another surface; an actor's colour takes its place.
        mirror: rays that glossy surfaces send on; an actor is reflected in them.
    """

    radiance: Floats
    depth_m: Image
    scene: Scene
    soup: Soup
    smooth: Smoother
    light: Floats
    ambient: Floats
    steady: Floats
    direct: LightSamples
    bounced: LightSamples
    mirror: LightSamples


@dataclass(frozen=True, eq=False)
class ShotRender:
    """One shot of a plate.

    Attributes:
        radiance: (h, w, 3) linear.
        alpha: (h, w) in steps of 1 / 16.
        depth_m: (h, w) of the actors where alpha >= 0.5, of the plate elsewhere.
        instances: (h, w) 1 + the index of the actor that is nearest in the pixel, 0 where alpha is 0.
        shadow_ratio: (h, w, 3) in [0, 1.3]: the light on the empty scene against the plate's.
    """

    radiance: Floats
    alpha: Image
    depth_m: Image
    instances: NDArray[np.uint8]
    shadow_ratio: Floats


def render_plate(scene: Scene, seed: int) -> PlateRender:
    """Render the scene with nobody in it; scenes that differ in one thing share their noise if the seed is the same."""
    camera, fine = scene.camera, scene.camera.enlarged(2)
    soup = Soup(scene.meshes)
    sampler = LightSampler(scene, soup, seed)
    (h, w), code = camera.size_hw, curve_codes(fine.size_hw)
    directions, _ = fine.rays(slice(0, 2 * h), slice(0, 2 * w))
    eyes = np.repeat(camera.eye[None], len(directions), 0)
    hits = soup.trace(eyes, directions, 1 / fine.focal_px)
    one_each = _one_of_four((h, w), seed)
    direct = sampler.direct(hits, code)
    bounced = sampler.bounced(hits, code, one_each[hits.found[one_each]]).owned(owners((h, w), 2), 1)
    once = bounced.brought[bounced.reach_m < FAR_M].sum(0) / np.float32(max(len(bounced.pixel), 1))
    ambient = np.float32(_FURTHER) * once
    mirror = sampler.mirrored(hits, code, directions, once + ambient)
    smooth = _smoother(hits, (2 * h, 2 * w), 2)
    indirect = smooth(bounced.gathered(h * w).reshape(h, w, 3), 5) + ambient
    light = _smoother(hits, (2 * h, 2 * w), 1)(direct.gathered(4 * h * w).reshape(2 * h, 2 * w, 3), 2)
    light += indirect.repeat(2, 0).repeat(2, 1)
    steady = mirror.gathered(4 * h * w) + hits.emission
    steady[~hits.found] = sampler.sky.seen(directions[~hits.found])
    steady = _halved(steady.reshape(2 * h, 2 * w, 3))
    return PlateRender(
        radiance=_halved(hits.albedo.reshape(2 * h, 2 * w, 3) * light) + steady,
        depth_m=_depth(camera, soup),
        scene=scene,
        soup=soup,
        smooth=smooth,
        light=_halved(light),
        ambient=ambient,
        steady=steady,
        direct=direct.owned(owners((h, w), 2), 1 / 4),
        bounced=bounced,
        mirror=mirror.owned(owners((h, w), 2), 1 / 4),
    )


def render_shot(plate: PlateRender, actors: list[Actor], seed: int) -> ShotRender:
    """Render the scene with actors; out of view they still change the light, and none of them is fine, too."""
    h, w = plate.scene.camera.size_hw
    alpha, depth_m, instances = np.zeros((h, w), np.float32), plate.depth_m.copy(), np.zeros((h, w), np.uint8)
    meshes = [mesh for actor in actors for mesh in actor.meshes]
    if not meshes:
        return ShotRender(plate.radiance.copy(), alpha, depth_m, instances, np.ones((h, w, 3), np.float32))
    people = Soup(meshes)
    boxes = np.stack([bounds(actor.meshes) for actor in actors])
    ratio = _changed_light(plate, people, boxes)
    radiance = (plate.radiance - plate.steady) * ratio + plate.steady + _mirrored_actors(plate, people, boxes)
    figure = draw_figure(LightSampler(plate.scene, plate.soup, seed), plate.ambient, actors, people)
    if figure is not None:
        window, cover = figure.window, figure.alpha[..., None]
        radiance[window] = radiance[window] * (1 - cover) + figure.colour * cover
        alpha[window], instances[window] = figure.alpha, figure.instances
        depth_m[window] = np.where(figure.alpha >= 0.5, figure.depth_m, depth_m[window])
    return ShotRender(radiance, alpha, depth_m, instances, ratio)


def _depth(camera: Camera, soup: Soup) -> Image:
    """Metres along the optical axis (h, w) through the middle of every pixel, 0 where the sky is seen."""
    h, w = camera.size_hw
    directions, cosine = camera.rays(slice(0, h), slice(0, w))
    hit = soup.first(np.repeat(camera.eye[None], len(directions), 0), directions)
    return np.where(hit.triangle >= 0, hit.distance * cosine, 0).reshape(h, w).astype(np.float32)


def _one_of_four(size_hw: tuple[int, int], seed: int) -> Ints:
    """For every pixel (h * w,) of a picture the number of one of its four in the picture twice as large."""
    h, w = size_hw
    row, column = np.divmod(np.arange(h * w), w)
    corner = picked(h * w, 4, seed)
    return (2 * row + corner // 2) * 2 * w + 2 * column + corner % 2


def _smoother(hits: Hits, size_hw: tuple[int, int], step: int) -> Smoother:
    """The smoother for every pixel's hit, or for every second one's in both directions."""
    every = (slice(step - 1, None, step), slice(step - 1, None, step))
    normal, point = (part.reshape(*size_hw, 3)[every] for part in (hits.normal, hits.point))
    return Smoother(normal, point, hits.distance.reshape(size_hw)[every])


def _changed_light(plate: PlateRender, people: Soup, boxes: Floats) -> Floats:
    """Light on the empty scene (h, w, 3) with actors, inside boxes (k, 2, 3), against light without them."""
    h, w, _ = plate.radiance.shape
    level = plate.light.mean((0, 1))
    stopped = plate.direct.blocked(people.tree, boxes)
    lost = gathered(plate.direct.pixel[stopped], plate.direct.brought[stopped], h * w)
    lost = plate.smooth(lost.reshape(h, w, 3), 1)
    met = plate.bounced.blocked(people.tree, boxes)
    swapped = plate.bounced.brought[met] + plate.ambient - people.mean_albedo * level / 4
    lost += plate.smooth(gathered(plate.bounced.pixel[met], swapped, h * w).reshape(h, w, 3), 4)
    return np.clip(1 - lost / np.maximum(plate.light, 1e-4), 0.0, 1.3)


def _mirrored_actors(plate: PlateRender, people: Soup, boxes: Floats) -> Floats:
    """Reflections (h, w, 3) of actors, inside boxes (k, 2, 3), less what they hide."""
    h, w, _ = plate.radiance.shape
    mirror, level = plate.mirror, plate.light.mean((0, 1))
    some = mirror.blocked(people.tree, boxes)
    hits = people.trace(mirror.origin[some], mirror.direction[some], 0.03)
    # the mirror's strength is folded into what it brought; a typical radiance takes it out again for the actor's colour
    strength = mirror.brought[some].mean(1, keepdims=True) / max(float(level.mean()) * 0.5, 1e-3)
    gained = np.minimum(strength, 0.5) * hits.albedo * level - mirror.brought[some]
    return gathered(mirror.pixel[some], gained.astype(np.float32), h * w).reshape(h, w, 3)


def _halved(picture: Floats) -> Floats:
    """Mean of 2 x 2 blocks of (2h, 2w, 3)."""
    return (picture[::2, ::2] + picture[::2, 1::2] + picture[1::2, ::2] + picture[1::2, 1::2]) / 4
