"""Light that reaches surfaces, as rays that remember what they bring.

Whoever keeps the rays can ask later which of them somebody blocks, and so light a changed scene with the same noise.
All radiance is linear.
"""

from dataclasses import dataclass, replace

import numpy as np

from cleanplate.synth.geometry.vectors import Floats, Ints, dot, unit
from cleanplate.synth.render.embree import TriangleTree
from cleanplate.synth.render.soup import Hits, Soup
from cleanplate.synth.scene import AreaLight, Scene

_LIFT_M = 2e-3
"""How far a secondary ray starts off its surface."""


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

    def gathered(self, shape: tuple[int, ...], brought: Floats | None = None) -> Floats:
        """Sums over the rays of every pixel, reshaped to (..., 3); `brought` (n, 3) replaces what the rays bring."""
        each = self.brought if brought is None else brought
        size = int(np.prod(shape[:-1]))
        channels = [np.bincount(self.pixel, each[:, c], size) for c in range(3)]
        return np.stack(channels, -1).reshape(shape).astype(np.float32)

    def halved(self, width_px: int) -> "LightSamples":
        """The samples of a picture `width_px` wide as those of one half as wide and high; each brings a quarter."""
        row, column = np.divmod(self.pixel, width_px)
        return replace(self, pixel=(row // 2) * (width_px // 2) + column // 2, brought=self.brought / 4)


@dataclass(frozen=True, eq=False)
class LightSampler:
    """Draws light samples in a scene.

    Attributes:
        scene: gives the lights, the ambient light and the sky.
        soup: the scene's meshes: what blocks the light and sends it on.
        rng: all randomness; the order of calls decides what is drawn.
    """

    scene: Scene
    soup: Soup
    rng: np.random.Generator

    def direct(self, hits: Hits, blocker: TriangleTree | None = None) -> LightSamples:
        """One ray from every hit to a random point of every light, of those that get there past soup and `blocker`."""
        lit = np.flatnonzero(hits.found)
        start = _lifted(hits, lit)
        parts = [_no_samples()]
        for light in self.scene.lights:
            toward, distance, falls = self._shined_on(light, hits, lit, start)
            some = np.flatnonzero(falls > 1e-6)
            reach = distance[some] - 0.03
            free = ~self.soup.tree.blocked(start[some], toward[some], reach)
            if blocker is not None:
                free &= ~blocker.blocked(start[some], toward[some], reach)
            some, reach = some[free], reach[free]
            brought = np.minimum(falls[some, None] * light.radiance, 25.0).astype(np.float32)
            parts.append(LightSamples(lit[some], start[some], toward[some], reach, brought))
        return _joined(parts)

    def _shined_on(self, light: AreaLight, hits: Hits, lit: Ints, start: Floats) -> tuple[Floats, Floats, Floats]:
        """From `start` to random points of a light: directions, distances, and the share of its radiance to come."""
        spread = self.rng.random((len(lit), 2), np.float32)
        toward = light.origin + spread[:, :1] * light.side_u + spread[:, 1:] * light.side_v - start
        squared = dot(toward, toward)
        distance = np.sqrt(squared)
        toward /= distance[:, None]
        leaving = np.maximum(-(toward @ np.cross(light.side_u, light.side_v)), 0)
        falls = np.maximum(dot(toward, hits.normal[lit]), 0) * leaving / (np.pi * squared)
        falls *= dot(toward, hits.facing[lit]) > 0
        return toward, distance, falls

    def bounced(self, hits: Hits) -> LightSamples:
        """One cosine-distributed ray from every fourth hit, and the light that what it meets sends back."""
        lit = np.flatnonzero(hits.found)[int(self.rng.integers(4)) :: 4]
        direction = _cosine_directions(hits.normal[lit], self.rng)
        return self.seen(lit, _lifted(hits, lit).astype(np.float32), direction)

    def mirrored(self, hits: Hits, directions: Floats) -> LightSamples:
        """One mirrored ray from every glossy hit of a ray (n, 3), weighted by Fresnel reflection.

        Fresnel's law is taken in the approximation of C. Schlick, "An inexpensive BRDF model", 1994, weakened to 0.6 of
        its rise toward grazing angles.
        """
        shiny = np.flatnonzero(hits.found & (hits.gloss > 0))
        incoming, normal = directions[shiny], hits.normal[shiny]
        cosine = -dot(incoming, normal)[:, None]
        mirrored = incoming + 2 * cosine * normal + self.rng.normal(0, 0.02, incoming.shape).astype(np.float32)
        gloss = hits.gloss[shiny, None]
        fresnel = gloss + (1 - gloss) * 0.6 * np.clip(1 - cosine, 0, 1) ** 5
        samples = self.seen(shiny, _lifted(hits, shiny).astype(np.float32), unit(mirrored))
        return replace(samples, brought=(samples.brought * fresnel).astype(np.float32))

    def seen(self, pixel: Ints, start: Floats, direction: Floats) -> LightSamples:
        """What rays (n, 3) from `start` see: surfaces lit by one sample of every light, and the sky.

        Lamps are left out, because they are sampled directly.
        """
        hits = self.soup.trace(start, direction)
        light = self.direct(hits).gathered((len(start), 3))
        colour = np.where(hits.found[:, None], hits.albedo * (light + 2 * self.scene.ambient), self.scene.sky)
        reach = np.where(hits.found, hits.distance, 1e4).astype(np.float32)
        return LightSamples(pixel, start, direction, reach, np.minimum(colour, 8.0).astype(np.float32))

    def on_actors(self, hits: Hits, people: Soup) -> Floats:
        """Light (n, 3) that falls on hits of actors who stand in the scene: direct, one bounce off it, ambient."""
        n = len(hits.found)
        direct = self.direct(hits, people.tree).gathered((n, 3))
        some = np.flatnonzero(hits.found)
        start, direction = _lifted(hits, some).astype(np.float32), _cosine_directions(hits.normal, self.rng)[some]
        bounced = np.zeros((n, 3), np.float32)
        bounced[some] = self.seen(some, start, direction).brought
        in_the_way = people.tree.blocked(start, direction, np.full(len(some), 3.0, np.float32))
        bounced[some[in_the_way]] *= 0.4  # another actor, or another part of this one
        return direct + bounced + self.scene.ambient


def _lifted(hits: Hits, some: Ints) -> Floats:
    """Where rays leave from some of the hits, (n, 3)."""
    return hits.point[some] + _LIFT_M * hits.facing[some]


def _no_samples() -> LightSamples:
    none = np.zeros((0, 3), np.float32)
    return LightSamples(np.zeros(0, np.int64), none, none, none[:, 0], none)


def _joined(parts: list[LightSamples]) -> LightSamples:
    return LightSamples(
        np.concatenate([p.pixel for p in parts]),
        np.concatenate([p.origin for p in parts]),
        np.concatenate([p.direction for p in parts]),
        np.concatenate([p.reach_m for p in parts]),
        np.concatenate([p.brought for p in parts]),
    )


def _cosine_directions(normals: Floats, rng: np.random.Generator) -> Floats:
    """Directions about unit normals (n, 3) with density cos / pi: the normal plus a random unit vector."""
    z = rng.uniform(-1, 1, len(normals))
    angle = rng.uniform(0, 2 * np.pi, len(normals))
    flat = np.sqrt(1 - z * z)
    sphere = np.stack([flat * np.cos(angle), flat * np.sin(angle), z], -1)
    return unit(normals * 1.001 + sphere)
