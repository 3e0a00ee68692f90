"""Colours mean the same whatever profile they came with."""

import io
from typing import Any, cast

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PilImage
from PIL import ImageCms

from cleanplate.imaging.colour import linear_to_srgb, profile_effect, profile_name, srgb_to_linear, to_srgb

ADOBE = imagecodecs.cms_profile("adobergb")
PILLOW_SRGB = ImageCms.ImageCmsProfile(cast("Any", ImageCms).createProfile("sRGB"))


@given(st.floats(0, 1, width=32))
def test_linear_and_srgb_are_each_others_inverse(value: float) -> None:
    array = np.full((1, 1), value, np.float32)
    assert linear_to_srgb(srgb_to_linear(array)) == pytest.approx(value, abs=1e-5)
    assert srgb_to_linear(linear_to_srgb(array)) == pytest.approx(value, abs=1e-5)


def test_the_srgb_curve_meets_the_standard() -> None:
    srgb = np.array([0, 0.04045, 0.5, 1], np.float32)
    assert srgb_to_linear(srgb) == pytest.approx([0, 0.0031308, 0.21404114, 1], abs=1e-6)
    assert linear_to_srgb(np.array([0, 0.0031308, 1], np.float32)) == pytest.approx([0, 0.04045, 1], abs=1e-5)


def test_a_profile_is_converted_as_littlecms_in_pillow_does_it() -> None:
    rng = np.random.default_rng(1)
    stored = rng.integers(0, 256, (40, 50, 3)).astype(np.uint8)
    reference = ImageCms.profileToProfile(
        PilImage.fromarray(stored), ImageCms.ImageCmsProfile(io.BytesIO(ADOBE)), PILLOW_SRGB
    )
    assert reference is not None
    difference = to_srgb(stored, ADOBE).astype(float) / 257 - np.asarray(reference)
    assert np.abs(difference).max() < 1.01
    assert np.abs(stored.astype(float) - np.asarray(reference)).max() > 20  # the profile does change something


def test_16_bit_samples_keep_their_precision_through_a_profile() -> None:
    stored = np.repeat(np.arange(20_000, 20_064, dtype=np.uint16).reshape(8, 8, 1), 3, axis=2)
    converted = to_srgb(stored, ADOBE)
    assert len(np.unique(converted[..., 1])) > 32  # 8 bit would leave one


def test_a_grey_profile_gives_rgb() -> None:
    stored = np.full((16, 16), 109, np.uint8)
    converted = to_srgb(stored, imagecodecs.cms_profile("gray", gamma=1.0))
    assert converted.shape == (16, 16, 3)
    linear = np.full((1, 1), 109 / 255, np.float32)
    assert converted[0, 0] / 65535 == pytest.approx(float(linear_to_srgb(linear)[0, 0]), abs=2e-3)


@pytest.mark.parametrize("profile", [None, b"", b"no profile at all" * 20, imagecodecs.cms_profile("gray", gamma=1.8)])
def test_without_a_usable_profile_samples_stay_as_they_are(profile: bytes | None) -> None:
    stored = np.arange(256, dtype=np.uint8).reshape(16, 16)[..., None].repeat(3, axis=2)
    assert to_srgb(stored, profile) is stored


def test_an_srgb_profile_changes_nothing() -> None:
    stored = np.arange(16 * 16 * 3, dtype=np.uint16).reshape(16, 16, 3)
    assert to_srgb(stored, PILLOW_SRGB.tobytes()) is stored
    assert profile_effect(PILLOW_SRGB.tobytes(), 3) == "is sRGB"
    assert profile_effect(ADOBE, 3) == "converts"
    primaries, white = [0.64, 0.33, 1.0, 0.3, 0.6, 1.0, 0.15, 0.06, 1.0], [0.3127, 0.3290, 1.0]
    near = imagecodecs.cms_profile("rgb", gamma=2.1, whitepoint=white, primaries=primaries)
    assert profile_effect(near, 3) == "converts"  # sRGB's primaries, and not quite its curve
    assert profile_effect(b"rubbish", 3) == "unusable"


def test_cmyk_without_a_profile_is_paper_less_ink() -> None:
    stored = np.array([[[0, 0, 0, 0], [0, 0, 0, 255], [255, 0, 0, 0], [51, 0, 0, 51]]], np.uint8)
    assert to_srgb(stored, None)[0].tolist() == [[255, 255, 255], [0, 0, 0], [0, 255, 255], [163, 204, 204]]


def test_a_profile_is_called_by_its_own_name() -> None:
    assert profile_name(PILLOW_SRGB.tobytes()) == "sRGB built-in"
    assert profile_name(b"rubbish") == "unreadable"
