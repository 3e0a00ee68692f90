"""Decimation only merges vertices into others: what it leaves was there before, outlines and seams included."""

import numpy as np
import pytest

from cleanplate.assets.decimation import Doubles, Indices, decimate


def _sheet(num: int) -> tuple[Doubles, Indices]:
    """A square metre of (num, num) vertices with a bulge in the middle."""
    y, x = np.mgrid[0:num, 0:num] / (num - 1)
    z = 0.2 * np.exp(-40 * ((x - 0.5) ** 2 + (y - 0.5) ** 2))
    index = np.arange(num * num).reshape(num, num)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    triangles = np.concatenate([np.stack(t, -1).reshape(-1, 3) for t in ((a, b, c), (a, c, d))])
    return np.stack([x, y, z], -1).reshape(-1, 3), triangles


def _areas(vertices: Doubles, triangles: Indices) -> Doubles:
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    return np.cross(b - a, c - a)[:, 2] / 2


def test_as_many_triangles_are_left_as_were_asked_for_and_none_is_flipped() -> None:
    vertices, triangles = _sheet(21)
    left, uv = decimate(vertices, triangles, triangles, num_triangles=300)
    assert 280 <= len(left) <= 300
    np.testing.assert_array_equal(left, uv)
    areas = _areas(vertices, left)
    assert areas.min() > -1e-12
    assert areas.sum() == pytest.approx(1)


def test_the_outline_stays() -> None:
    vertices, triangles = _sheet(11)
    left, _ = decimate(vertices, triangles, triangles, num_triangles=1)
    edge = np.flatnonzero((vertices[:, :2] == 0).any(1) | (vertices[:, :2] == 1).any(1))
    assert set(edge) <= set(left.ravel().tolist())


def test_a_seam_of_the_texture_stays() -> None:
    vertices, triangles = _sheet(11)
    seam = vertices[:, 0] == 0.5
    right = vertices[triangles].mean(1)[:, 0] > 0.5
    triangles_uv = np.where(right[:, None] & seam[triangles], triangles + len(vertices), triangles)
    left, left_uv = decimate(vertices, triangles, triangles_uv, num_triangles=1)
    assert set(np.flatnonzero(seam)) <= set(left.ravel().tolist())
    np.testing.assert_array_equal(left, left_uv % len(vertices))


def test_what_is_cared_for_keeps_its_vertices() -> None:
    vertices, triangles = _sheet(21)
    half = vertices[:, 0] > 0.5
    left, _ = decimate(vertices, triangles, triangles, num_triangles=350, care=np.where(half, 1e6, 1.0))
    used = np.zeros(len(vertices), bool)
    used[left.ravel()] = True
    assert used[half].mean() > 1.3 * used[~half].mean()


def test_the_same_mesh_gives_the_same_triangles() -> None:
    vertices, triangles = _sheet(15)
    first, second = (decimate(vertices, triangles, triangles, num_triangles=150)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)
