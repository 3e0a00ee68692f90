"""The foreground's shadow is found, and nothing else is taken for it."""

import numpy as np
import pytest

from cleanplate.imaging import Image
from cleanplate.imaging.colour import linear_to_srgb, srgb_to_linear
from cleanplate.runtime.shadow import cast_shadow, shaded

SIZE_HW = (120, 160)


def scene(*, shadow: float = 0.5, exposure: float = 1.0) -> tuple[Image, Image, Image, np.typing.NDArray[np.bool_]]:
    """Somebody with a shadow to the right of the feet: shot, plate, alpha, and where the shadow is."""
    plate = np.random.default_rng(0).uniform(0.4, 0.8, (*SIZE_HW, 3)).astype(np.float32)
    alpha = np.zeros(SIZE_HW, np.float32)
    alpha[20:100, 60:80] = 1
    dark = np.zeros(SIZE_HW, bool)
    dark[85:105, 80:130] = True
    light = srgb_to_linear(plate) * np.float32(exposure)
    light[dark] *= shadow
    light[alpha > 0] = 0.03
    return linear_to_srgb(light), plate, alpha, dark


@pytest.mark.parametrize("exposure", [1.0, 0.7])
def test_the_shadow_is_the_share_of_light_that_is_left(exposure: float) -> None:
    shot, plate, alpha, dark = scene(exposure=exposure)
    found = cast_shadow(shot, plate, alpha)
    assert found[90:100, 85:125] == pytest.approx(0.5, abs=0.05)
    assert found[:70] == pytest.approx(1.0)
    assert found.min() >= 0
    assert found.max() <= 1
    assert dark.any()


def test_what_gets_lighter_or_hardly_darker_is_no_shadow() -> None:
    for change in (0.97, 1.5):
        shot, plate, alpha, _ = scene(shadow=change)
        assert cast_shadow(shot, plate, alpha) == pytest.approx(1.0, abs=0.01)


def test_what_gets_darker_far_from_the_foreground_is_no_shadow_of_it() -> None:
    shot, plate, alpha, _ = scene(shadow=1.0)
    shot[10:40, 120:150] *= 0.6
    assert cast_shadow(shot, plate, alpha) == pytest.approx(1.0)


def test_where_nobody_is_there_is_no_shadow() -> None:
    shot, plate, alpha, _ = scene()
    assert np.array_equal(cast_shadow(shot, plate, np.zeros_like(alpha)), np.ones_like(alpha))


def test_a_shadow_dims_light_and_leaves_the_rest_as_it_is() -> None:
    backdrop = np.random.default_rng(1).random((*SIZE_HW, 3), np.float32)
    shadow = np.ones(SIZE_HW, np.float32)
    shadow[:40] = 0.25
    result = shaded(backdrop, shadow)
    assert srgb_to_linear(result[:40]) == pytest.approx(0.25 * srgb_to_linear(backdrop[:40]), abs=1e-4)
    assert np.array_equal(result[40:], backdrop[40:])
