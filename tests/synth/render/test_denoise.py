"""Smoothing takes noise out of light and leaves the edges of surfaces alone."""

import numpy as np
import pytest

from cleanplate.synth.geometry.vectors import Floats
from cleanplate.synth.render.denoise import Smoother

SIDE = 64


def _ball(centre: tuple[float, float, float], radius_m: float = 0.5) -> tuple[Floats, Floats, Floats]:
    """Normals and points (h, w, 3) of a ball seen along +y from 2 m in front of it, and the distance (h, w)."""
    x, z = np.meshgrid(np.linspace(-0.7, 0.7, SIDE), np.linspace(0.7, -0.7, SIDE))
    depth = np.sqrt(np.maximum(1 - x * x - z * z, 0.01))
    normal = np.stack([x, -depth, z], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    point = np.asarray(centre) + radius_m * normal
    return normal.astype(np.float32), point.astype(np.float32), np.full((SIDE, SIDE), 2, np.float32)


def _noise() -> Floats:
    return np.random.default_rng(1).uniform(0, 2, (SIDE, SIDE, 3)).astype(np.float32)


@pytest.mark.parametrize("centre", [(0.0, 0.0, 0.0), (3.0, 8.0, 1.0)])
def test_noise_on_a_round_thing_is_taken_out_wherever_it_stands(centre: tuple[float, float, float]) -> None:
    out = Smoother(*_ball(centre))(_noise(), 3)
    middle = out[16:-16, 16:-16]
    assert float(middle.std()) < 0.25 * float(_noise().std())
    np.testing.assert_allclose(middle.mean(), 1, atol=0.05)


def test_light_does_not_cross_the_edge_of_a_surface() -> None:
    normal = np.zeros((SIDE, SIDE, 3), np.float32)
    normal[..., 1] = -1
    point = np.zeros((SIDE, SIDE, 3), np.float32)
    point[..., 0], point[..., 2] = np.meshgrid(np.linspace(0, 1, SIDE), np.linspace(0, 1, SIDE))
    point[:, 32:, 1] = 0.3  # a step of 30 cm
    light = np.zeros((SIDE, SIDE, 3), np.float32)
    light[:, 32:] = 1
    out = Smoother(normal, point, np.full((SIDE, SIDE), 2, np.float32))(light, 3)
    np.testing.assert_allclose(out, light, atol=1e-6)
