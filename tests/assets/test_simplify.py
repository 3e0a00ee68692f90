"""Simpler models keep their shape, seams and looks."""

import numpy as np

from cleanplate.assets.simplify import creased, simplified
from cleanplate.assets.wavefront import Material, Model
from cleanplate.synth.geometry.vectors import Floats, Ints


def sheet(n: int) -> tuple[Floats, Ints, Floats]:
    """A square of 2 n^2 triangles in the plane z = 0 and its texture coordinates."""
    x, y = np.meshgrid(np.linspace(0, 1, n + 1), np.linspace(0, 1, n + 1))
    points = np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], -1).astype(np.float32)
    index = np.arange((n + 1) ** 2).reshape(n + 1, n + 1)
    a, b, c, d = (part.ravel() for part in (index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]))
    triangles = np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)])
    return points, triangles, points[triangles][..., :2]


def model(triangles: Ints, points: Floats, uv: Floats, material: Ints) -> Model:
    return Model(points, triangles, uv, material, [Material("a", picture="a.png"), Material("b")])


def test_a_flat_sheet_needs_few_triangles_and_keeps_extent_and_texture() -> None:
    points, triangles, uv = sheet(20)
    out = simplified(model(triangles, points, uv, np.zeros(len(triangles), np.int64)), 20)
    assert len(out.triangles) <= 20
    np.testing.assert_allclose(np.ptp(out.vertices[out.triangles].reshape(-1, 3), axis=0), [1, 1, 0], atol=1e-6)
    np.testing.assert_allclose(out.uv, out.vertices[out.triangles][..., :2], atol=1e-6)


def test_materials_stay_on_their_sides_of_a_seam() -> None:
    points, triangles, uv = sheet(20)
    material = (points[triangles].mean(1)[:, 0] > 0.5).astype(np.int64)
    out = simplified(model(triangles, points, uv, material), 40)
    right = out.vertices[out.triangles].mean(1)[:, 0] > 0.5
    np.testing.assert_array_equal(out.material, right)


def test_a_sheet_modelled_from_both_sides_does_not_vanish() -> None:
    points, triangles, uv = sheet(20)
    both, uv = np.concatenate([triangles, triangles[:, ::-1]]), np.concatenate([uv, uv[:, ::-1]])
    out = simplified(model(both, points, uv, np.zeros(len(both), np.int64)), 30)
    np.testing.assert_allclose(np.ptp(out.vertices[out.triangles].reshape(-1, 3), axis=0), [1, 1, 0], atol=1e-6)


def test_edges_are_parted_and_curves_are_not() -> None:
    box = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1]], np.float32)
    corner = np.array([[0, 1, 2], [0, 2, 3], [0, 5, 1], [0, 4, 5]])
    vertices, triangles, curved = creased(box, corner)
    assert len(vertices) == 8
    assert not curved
    np.testing.assert_array_equal(vertices[triangles], box[corner])
    angle = np.linspace(0, 1, 9)
    arch = np.concatenate([np.stack([np.cos(angle), np.sin(angle), 0 * angle + z], -1) for z in (0, 1)])
    strip = np.concatenate([[[i, i + 1, i + 10], [i, i + 10, i + 9]] for i in range(8)])
    vertices, _, curved = creased(arch.astype(np.float32), strip)
    assert (len(vertices), curved) == (18, True)
