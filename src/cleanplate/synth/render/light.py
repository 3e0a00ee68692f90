"""Light that reaches surfaces, as rays that remember what they bring.

Whoever keeps the rays can ask later which of them somebody blocks, and so light a changed scene with the same noise.
All radiance is linear.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from cleanplate.synth.geometry.vectors import Floats, Ints
from cleanplate.synth.render import rays
from cleanplate.synth.render.embree import TriangleTree
from cleanplate.synth.render.sky import Sky
from cleanplate.synth.render.soup import Hits, Soup
from cleanplate.synth.scene import Scene

_WIDE, _NARROW = 0.15, 0.03
"""How far apart neighbouring bounced and mirrored rays run, metres a metre."""

_BOUNCE, _MIRROR = 1000, 1001
"""What is drawn for a ray beside the lamps, which have the numbers from 0 on."""


@dataclass(frozen=True, eq=False)
class LightSamples:
    """Rays from surfaces to where their light comes from.

    Attributes:
        pixel: (n,) whom each ray belongs to: the number of a pixel or of a hit.
        origin: (n, 3) metres.
        direction: (n, 3) unit vectors away from the surface.
        reach_m: (n,) how far along the ray the light starts; 1e4 for the sky.
        brought: (n, 3) what the light adds: irradiance / pi, or radiance where a mirror sends it on.
    """

    pixel: Ints
    origin: Floats
    direction: Floats
    reach_m: Floats
    brought: Floats

    def gathered(self, num: int) -> Floats:
        """Sums (num, 3) over the rays of every pixel."""
        return rays.gathered(self.pixel, self.brought, num)

    def blocked(self, by: TriangleTree, boxes: Floats) -> Ints:
        """The numbers of the rays that triangles inside boxes (k, 2, 3) stand in the way of."""
        return rays.blocked(by.address, boxes, self.origin, self.direction, self.reach_m)

    def and_also(self, others: "LightSamples") -> "LightSamples":
        """These samples and others, one after another."""
        return LightSamples(*(np.concatenate([vars(self)[name], vars(others)[name]]) for name in vars(self)))

    def owned(self, owner: Ints, share: float) -> "LightSamples":
        """The samples as those of the owners of their pixels, each bringing a share."""
        return replace(self, pixel=owner[self.pixel], brought=self.brought * np.float32(share))


@dataclass(frozen=True, eq=False)
class LightSampler:
    """Draws light samples in a scene.

    Attributes:
        scene: gives the lights and the sky.
        soup: the scene's meshes: what blocks the light and sends it on.
        seed: of all that is drawn.
        sky: what rays see that leave the scene.
    """

    scene: Scene
    soup: Soup
    seed: int
    sky: Sky = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sky", Sky(self.scene.sky))

    def direct(self, hits: Hits, code: Ints, blocker: TriangleTree | None = None) -> LightSamples:
        """One ray from every hit to a random point of every light, of those that get there past soup and `blocker`."""
        lights = self.scene.lights
        lamps = np.array([[*x.origin, *x.side_u, *x.side_v, *x.radiance] for x in lights], np.float32).reshape(-1, 12)
        trees = (self.soup.tree.address,) if blocker is None else (self.soup.tree.address, blocker.address)
        where = (hits.found, hits.point, hits.facing, hits.normal)
        samples = LightSamples(*rays.toward_lamps(trees, where, code, lamps, self.seed))
        if self.sky.sun is None:
            return samples
        return samples.and_also(LightSamples(*rays.toward_sun(trees, where, code, self.sky.sun, self.seed)))

    def bounced(self, hits: Hits, code: Ints, which: Ints) -> LightSamples:
        """One cosine-distributed ray from each of some hits, by number, and what the light on what it meets sends back.

        That is light that has come straight from the lamps: one bounce.
        """
        start = rays.lifted(which, hits.point, hits.facing)
        direction = rays.scattered(which, hits.normal, code, self.seed, _BOUNCE)
        return self._seen(which, start, direction, code, spread=_WIDE, indirect=np.zeros(3, np.float32))

    def mirrored(self, hits: Hits, code: Ints, directions: Floats, indirect: Floats) -> LightSamples:
        """One mirrored ray from every glossy hit of a ray (n, 3), weighted by Fresnel reflection.

        `indirect` (3,) is the light from other surfaces on what it meets.
        """
        shiny = np.flatnonzero(hits.gloss > 0)
        onward, share = rays.mirrored(shiny, directions, hits.normal, hits.gloss, code, self.seed, _MIRROR)
        start = rays.lifted(shiny, hits.point, hits.facing)
        samples = self._seen(shiny, start, onward, code, spread=_NARROW, indirect=indirect)
        return replace(samples, brought=samples.brought * share[:, None])

    def _seen(
        self, pixel: Ints, start: Floats, direction: Floats, code: Ints, *, spread: float, indirect: Floats
    ) -> LightSamples:
        """What rays (n, 3) from `start` see: surfaces lit by one sample of every light and by `indirect`, and the sky.

        Lamps and the sun are left out, because they are sampled directly.
        """
        hits = self.soup.trace(start, direction, spread)
        light = self.direct(hits, rays.scrambled(code[pixel], self.seed)).gathered(len(start))
        colour = hits.albedo * (light + indirect)
        colour[~hits.found] = self.sky.seen_without_sun(direction[~hits.found])
        reach = np.where(hits.found, hits.distance, np.float32(rays.FAR_M))
        return LightSamples(pixel, start, direction, reach, np.minimum(colour, np.float32(8)))
