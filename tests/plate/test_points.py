"""Points lie where their pixels look, and none between two surfaces."""

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cleanplate.imaging import Image
from cleanplate.plate.intrinsics import find_intrinsics
from cleanplate.plate.points import hanging, unproject

SIZE_HW = (128, 160)


def box_before_a_wall() -> Image:
    """Inverse depths of a wall at 4 m and a box at 2 m."""
    inverse = np.full(SIZE_HW, 1 / 4, np.float32)
    inverse[40:100, 50:110] = 1 / 2
    return inverse


def depth_of(inverse: Image) -> Image:
    return np.divide(1, inverse, out=np.zeros_like(inverse), where=inverse > 0)


@given(st.floats(20, 120), st.integers(0, 2**32 - 1))
def test_points_project_back_onto_their_pixels(fov_deg: float, seed: int) -> None:
    depth_m = np.random.default_rng(seed).uniform(0.5, 20, (12, 16)).astype(np.float32)
    where = depth_m > 3
    camera = find_intrinsics((12, 16), fov_deg, None)
    x, y, z = unproject(depth_m, where, camera).T
    assert np.allclose(-z, depth_m[where])
    rows, columns = np.nonzero(where)
    assert np.allclose(camera.focal_px * x / -z + 8, columns + 0.5, atol=1e-3)
    assert np.allclose(-camera.focal_px * y / -z + 6, rows + 0.5, atol=1e-3)


def test_a_soft_edge_between_two_surfaces_is_cut_and_the_surfaces_stay() -> None:
    soft = np.asarray(cv2.blur(box_before_a_wall(), (3, 3)), np.float32)
    cut = hanging(depth_of(soft))
    between = (soft > 1 / 4 + 0.03) & (soft < 1 / 2 - 0.03)
    assert cut[between].all()
    assert not cut[np.isclose(soft, 1 / 4) | np.isclose(soft, 1 / 2)].any()


def test_a_hard_edge_leaves_nothing_to_cut() -> None:
    assert not hanging(depth_of(box_before_a_wall())).any()


@given(st.floats(0.5, 3), st.floats(-0.4, 0.4))
def test_a_plane_is_kept_however_steep(height_m: float, tilt: float) -> None:
    y, x = np.mgrid[: SIZE_HW[0], : SIZE_HW[1]].astype(np.float32)
    inverse = np.maximum(y - 30 + tilt * (x - 80), 0) / np.float32(100 * height_m)  # a floor, and no depth above
    horizon = inverse < 8 / (100 * height_m)
    cut = hanging(depth_of(inverse))
    assert not cut[~horizon].any()


def test_where_there_is_no_depth_nothing_hangs() -> None:
    assert not hanging(np.zeros(SIZE_HW, np.float32)).any()
