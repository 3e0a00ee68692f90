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
from cleanplate.synth.geometry.vectors import Floats
from cleanplate.synth.render.denoise import Smoother
from cleanplate.synth.render.figure import draw_figure
from cleanplate.synth.render.light import LightSampler, LightSamples
from cleanplate.synth.render.soup import Hits, Soup
from cleanplate.synth.scene import Actor, Camera, Scene


@dataclass(frozen=True, eq=False)
class PlateRender:
    """The empty scene, and what its shots re-use; everything is at the picture's size.

    Attributes:
        radiance: (h, w, 3) linear.
        depth_m: (h, w) metres along the optical axis, 0 where the sky is seen.
        scene, soup: what was rendered.
        smooth: takes the noise out of light on this picture's surfaces.
        light: (h, w, 3) what falls on the surfaces: irradiance / pi, ambient light included.
        direct: rays to the lamps; an actor blocks them.
        bounced: rays to other surfaces, from every fourth pixel at twice the size; an actor's colour takes their place.
        mirror: rays that glossy surfaces send on; an actor is reflected in them.
    """

    radiance: Floats
    depth_m: Image
    scene: Scene
    soup: Soup
    smooth: Smoother
    light: Floats
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
    """Render the scene with nobody in it."""
    soup, fine = Soup(scene.meshes), scene.camera.enlarged(2)
    sampler = LightSampler(scene, soup, np.random.default_rng(seed))
    h, w = fine.size_hw
    directions, _ = fine.rays(slice(0, h), slice(0, w))
    hits = soup.trace(np.broadcast_to(fine.eye, directions.shape), directions)
    direct, bounced, mirror = sampler.direct(hits), sampler.bounced(hits), sampler.mirrored(hits, directions)
    smooth = _smoother(hits, (h, w), 1)
    light = smooth(direct.gathered((h, w, 3)), 2) + smooth(4 * bounced.gathered((h, w, 3)), 5) + scene.ambient
    radiance = hits.albedo.reshape(h, w, 3) * light + mirror.gathered((h, w, 3))
    radiance += np.where(hits.found[:, None], hits.emission, scene.sky).reshape(h, w, 3)
    return PlateRender(
        radiance=_halved(radiance),
        depth_m=_depth(scene.camera, soup),
        scene=scene,
        soup=soup,
        smooth=_smoother(hits, (h, w), 2),
        light=_halved(light),
        direct=direct.halved(w),
        bounced=bounced.halved(w),
        mirror=mirror.halved(w),
    )


def render_shot(plate: PlateRender, actors: list[Actor], seed: int) -> ShotRender:
    """Render the scene with actors; out of view they still change the light, and none of them is fine, too."""
    h, w = plate.scene.camera.size_hw
    alpha, depth_m, instances = np.zeros((h, w), np.float32), plate.depth_m.copy(), np.zeros((h, w), np.uint8)
    meshes = [mesh for actor in actors for mesh in actor.meshes]
    if not meshes:
        return ShotRender(plate.radiance.copy(), alpha, depth_m, instances, np.ones((h, w, 3), np.float32))
    people = Soup(meshes)
    ratio, reflected = _changed_light(plate, people)
    radiance = plate.radiance * ratio + reflected
    room = LightSampler(plate.scene, plate.soup, np.random.default_rng(seed))
    figure = draw_figure(room, actors, people)
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
    triangle, distance, _, _ = soup.first(np.broadcast_to(camera.eye, directions.shape), directions)
    return np.where(triangle >= 0, distance * cosine, 0).reshape(h, w).astype(np.float32)


def _smoother(hits: Hits, size_hw: tuple[int, int], step: int) -> Smoother:
    """The smoother for every pixel's hit, or for every second one's in both directions."""
    picked = (slice(step - 1, None, step), slice(step - 1, None, step))
    normal, point = (part.reshape(*size_hw, 3)[picked] for part in (hits.normal, hits.point))
    return Smoother(normal, point, hits.distance.reshape(size_hw)[picked])


def _changed_light(plate: PlateRender, people: Soup) -> tuple[Floats, Floats]:
    """What the actors do to light on the empty scene: its ratio (h, w, 3), and reflections gained or lost (h, w, 3)."""
    shape = plate.radiance.shape
    level = plate.light.mean((0, 1))
    direct, bounced = plate.direct, plate.bounced
    blocked = people.tree.blocked(direct.origin, direct.direction, direct.reach_m)
    lost = plate.smooth(direct.gathered(shape, direct.brought * blocked[:, None]), 1)
    met = people.tree.blocked(bounced.origin, bounced.direction, bounced.reach_m)
    swapped = (bounced.brought - people.mean_albedo * level / 4) * met[:, None]
    lost += plate.smooth(4 * bounced.gathered(shape, swapped), 4)
    ratio = np.clip(1 - lost / np.maximum(plate.light, 1e-4), 0.0, 1.3)
    return ratio, _mirrored_actors(plate, people, level)


def _mirrored_actors(plate: PlateRender, people: Soup, level: Floats) -> Floats:
    """Reflections (h, w, 3) of actors, less what they hide; `level` (3,) is the light that typically falls on them."""
    mirror, shape = plate.mirror, plate.radiance.shape
    if not len(mirror.pixel):
        return np.zeros(shape, np.float32)
    hits = people.trace(mirror.origin, mirror.direction)
    nearer = hits.found & (hits.distance < mirror.reach_m)
    share = np.zeros_like(mirror.brought)
    # the mirror's strength is folded into what it brought; a typical radiance takes it out again for the actor's colour
    strength = mirror.brought.mean(1, keepdims=True) / max(float(level.mean()) * 0.5, 1e-3)
    share[nearer] = (np.minimum(strength, 0.5) * hits.albedo * level)[nearer] - mirror.brought[nearer]
    return mirror.gathered(shape, share)


def _halved(picture: Floats) -> Floats:
    """Mean of 2 x 2 blocks of (2h, 2w, 3)."""
    h, w = picture.shape[0] // 2, picture.shape[1] // 2
    return picture.reshape(h, 2, w, 2, 3).mean((1, 3), dtype=np.float32)
