"""Meshes and implicit shapes have the size, place and orientation they promise."""

import numpy as np
import pytest

from cleanplate.synth.geometry.implicit import Block, Cone, Ellipsoid, polygonise
from cleanplate.synth.geometry.mesh import TEXTURE_PX, Mesh, Surface, bounds, box, merged, quad, revolved, turn_z

GREY = Surface(np.full((TEXTURE_PX, TEXTURE_PX, 3), 0.5, np.float32))
EYE = np.eye(3, dtype=np.float32)


def _volume(mesh: Mesh) -> float:
    """Signed volume by the divergence theorem: positive only where every face looks outward."""
    a, b, c = mesh.corners.astype(np.float64).transpose(1, 0, 2)
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def test_a_box_has_its_volume_and_looks_outward() -> None:
    assert _volume(box((1, 2, 3), (2, 4, 6), GREY)) == pytest.approx(6, rel=1e-5)


def test_a_revolved_profile_has_the_volume_of_its_cylinder() -> None:
    tin = revolved([(0, 0), (0.5, 0), (0.5, 2), (0, 2)], GREY, num_sides=64)
    assert abs(_volume(tin)) == pytest.approx(np.pi * 0.25 * 2, rel=0.01)


def test_a_quad_faces_the_cross_product_of_its_sides() -> None:
    mesh = quad((0, 0, 0), (2, 0, 0), (0, 3, 0), GREY, tile_m=0.5)
    a, b, c = mesh.corners[0]
    assert np.cross(b - a, c - a)[2] > 0
    np.testing.assert_allclose(mesh.uv.reshape(-1, 2).max(0), (4, 6))


def test_moving_turns_first_and_shifts_then() -> None:
    moved = box((0, 0, 0), (1, 2, 1), GREY).moved(turn_z(np.pi / 2), (10, 0, 0))
    np.testing.assert_allclose(bounds([moved]), [[8, 0, 0], [10, 1, 1]], atol=1e-5)


def test_merging_keeps_every_triangle_in_place() -> None:
    parts = [box((0, 0, 0), (1, 1, 1), GREY), box((5, 5, 5), (6, 6, 6), GREY)]
    np.testing.assert_array_equal(merged(parts).corners, np.concatenate([p.corners for p in parts]))


@pytest.mark.parametrize("centre", [(0, 0, 0), (0.3, -2.0, 1.1)])
def test_a_polygonised_ball_has_its_radius_everywhere(centre: tuple[float, float, float]) -> None:
    ball = Ellipsoid(np.array(centre, np.float32), EYE, np.full(3, 0.2, np.float32), "skin")
    vertices, triangles, owner, labels = polygonise([ball], 0.015)
    distance = np.linalg.norm(vertices - ball.centre, axis=1)
    np.testing.assert_allclose(distance, 0.2, atol=0.002)
    assert labels == ["skin"]
    assert set(owner) == {0}
    mesh = Mesh(vertices, triangles, np.zeros((len(triangles), 3, 2), np.float32), GREY)
    assert abs(_volume(mesh)) == pytest.approx(4 / 3 * np.pi * 0.2**3, rel=0.03)


def test_every_solid_is_negative_inside_and_a_distance_outside() -> None:
    point = np.array([[0, 0, 0], [0, 0, 1.0]], np.float32)
    cone = Cone(np.zeros(3, np.float32), np.array([0, 0, 0.5], np.float32), 0.1, 0.1, "a")
    block = Block(np.zeros(3, np.float32), EYE, np.array([0.2, 0.2, 0.5], np.float32), 0.02, "a")
    ball = Ellipsoid(np.zeros(3, np.float32), EYE, np.full(3, 0.4, np.float32), "a")
    np.testing.assert_allclose(cone.distance(point), [-0.1, 0.4], atol=1e-6)
    np.testing.assert_allclose(block.distance(point), [-0.2, 0.5], atol=1e-6)
    np.testing.assert_allclose(ball.distance(point)[1], 0.6, atol=1e-4)


def test_labels_follow_the_nearer_solid() -> None:
    left = Ellipsoid(np.array([-0.3, 0, 0], np.float32), EYE, np.full(3, 0.15, np.float32), "left")
    right = Ellipsoid(np.array([0.3, 0, 0], np.float32), EYE, np.full(3, 0.15, np.float32), "right")
    vertices, triangles, owner, labels = polygonise([left, right], 0.02)
    middle = vertices[triangles].mean(1)[:, 0]
    np.testing.assert_array_equal(owner == labels.index("right"), middle > 0)
