"""From a seed and a number to one scene with its cast and all its shots."""

from dataclasses import dataclass

import numpy as np

from cleanplate.imaging import Image
from cleanplate.imaging.colour import linear_to_srgb
from cleanplate.sample.record import Sample
from cleanplate.synth.geometry.vectors import Floats
from cleanplate.synth.people.looks import random_looks
from cleanplate.synth.places.rooms import make_scene
from cleanplate.synth.render.render import PlateRender, render_plate, render_shot
from cleanplate.synth.scene import Actor
from cleanplate.synth.staging import Cast, stage

GENERATOR = "procedural-1"
"""Name and version of what makes the pictures; it changes whenever the same seed would give others."""


@dataclass(frozen=True)
class Plan:
    """What to make.

    Attributes:
        seed: names the data set; another seed shares no scene and no person with it.
        size_hw: of every picture, in pixels.
        shots_per_scene: at most; a scene is given up after twice as many tries.
    """

    seed: int
    size_hw: tuple[int, int] = (192, 256)
    shots_per_scene: int = 5


def make_samples(plan: Plan, index: tuple[int, int]) -> list[Sample]:
    """All shots of one scene of the plan; `index` = (the unit of the data set it belongs to, its number in there)."""
    rng = np.random.default_rng([plan.seed, *index])
    name = f"s{plan.seed}-{index[0]:05d}-{index[1]:04d}"
    plate = render_plate(make_scene(rng, plan.size_hw), int(rng.integers(2**31)))
    exposure = rng.uniform(0.45, 0.8) / max(float(np.percentile(plate.radiance.mean(-1), 75)), 1e-4)
    cast = Cast({f"{name}-p{k}": random_looks(rng) for k in range(3)})
    samples: list[Sample] = []
    for attempt in range(2 * plan.shots_per_scene):
        if len(samples) == plan.shots_per_scene:
            break
        # from 1 on: numpy takes a missing last word of a seed for 0, and the scene's own stream must not come again
        rng = np.random.default_rng([plan.seed, *index, attempt + 1])
        sample = _shoot(rng, plate, cast, exposure, f"{name}-{attempt}")
        if sample is not None:
            samples.append(sample)
    return samples


def _shoot(rng: np.random.Generator, plate: PlateRender, cast: Cast, exposure: float, key: str) -> Sample | None:
    """One shot, or None where it would teach little: nobody came, or they fill the picture or hardly touch it."""
    actors, names = stage(rng, plate.scene, cast)
    if not actors:
        return None
    shot = render_shot(plate, [Actor("all", "object", actors)], int(rng.integers(2**31)))
    share = float(shot.alpha.mean())
    if share > 0.75 or (share < 0.003 and rng.random() > 0.12):
        return None
    scene = key.rpartition("-")[0]
    return Sample(
        key=key,
        scene=scene,
        people=names,
        plate=_developed(plate.radiance, exposure),
        shot=_developed(shot.radiance, exposure),
        alpha=shot.alpha,
        plate_depth_m=plate.depth_m,
        shot_depth_m=shot.depth_m,
    )


def _developed(radiance: Floats, exposure: float) -> Image:
    """Linear radiance to sRGB with a soft shoulder instead of hard clipping, as cameras do."""
    x = np.maximum(radiance * exposure, 0)
    shoulder = np.where(x < 0.7, x, 0.7 + 0.3 * (1 - np.exp(-(x - 0.7) / 0.3)))
    return linear_to_srgb(shoulder.astype(np.float32))
