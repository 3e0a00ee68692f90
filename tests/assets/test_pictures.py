"""Pictures for the pack: right way round, small, and repeating without a visible edge."""

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.assets.pictures import decoded, grain_along_u, small_picture, tileable


def edge(picture: NDArray[np.uint8]) -> float:
    """How much more opposite edges differ than neighbours do."""
    grey = picture.astype(np.float64).mean(2)
    across = np.abs(grey[:, 0] - grey[:, -1]).mean() + np.abs(grey[0] - grey[-1]).mean()
    return float(across / (np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean()))


def noise(seed: int, slope_px: float) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    field = cv2.GaussianBlur(rng.normal(size=(300, 300, 3)), (0, 0), slope_px)
    return np.clip(128 + 60 * field / field.std(), 0, 255).astype(np.uint8)


def test_a_photograph_is_made_to_repeat() -> None:
    for seed in range(5):
        picture = noise(seed, 6)
        assert edge(picture) > 4
        assert edge(tileable(picture, 128)) < 3


def test_what_repeats_already_is_left_alone() -> None:
    wave = np.sin(np.arange(128) * 2 * np.pi / 32)
    tile = np.repeat((128 + 50 * np.add.outer(wave, wave)).astype(np.uint8)[..., None], 3, 2)
    np.testing.assert_array_equal(tileable(tile, 128), tile)


def test_grain_runs_along_the_rows_whichever_way_it_was_photographed() -> None:
    across = np.repeat(noise(1, 3)[:, :1], 300, 1)
    np.testing.assert_array_equal(grain_along_u(across), across)
    turned = grain_along_u(np.ascontiguousarray(np.rot90(across)))
    assert (turned == turned[:, :1]).all()


def test_colours_and_opacity_survive_and_full_opacity_is_dropped() -> None:
    red = np.zeros((40, 20, 4), np.uint8)
    red[..., 2] = 200  # OpenCV's order
    data = cv2.imencode(".png", red)[1].tobytes()
    picture = small_picture(data, 20)
    assert picture is not None
    assert picture.shape == (20, 10, 4)
    assert picture[0, 0].tolist() == [200, 0, 0, 0]
    red[..., 3] = 255
    opaque = decoded(cv2.imencode(".png", red)[1].tobytes())
    assert opaque is not None
    assert opaque.shape == (40, 20, 3)
    assert decoded(b"no picture") is None
