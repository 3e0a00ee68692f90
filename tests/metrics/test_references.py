"""The scores equal those of other people's code (torchmetrics, scikit-image, scipy) on mattes nobody drew."""

from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.metrics import Mask, depth, matting

SEEDS = range(6)

# none of them has types
ndimage: Any = import_module("scipy.ndimage")
draw: Any = import_module("skimage.draw")
measure: Any = import_module("skimage.measure")
morphology: Any = import_module("skimage.morphology")
torchmetrics: Any = import_module("torchmetrics.functional")


def _invented(seed: int) -> tuple[Image, Image]:
    """A matte and its truth: two soft discs, of which the matte shifts one, and something the matte alone sees."""
    rng = np.random.default_rng(seed)
    truth = np.zeros((61, 47 + seed), np.float32)
    truth[draw.disk((30, 20), 14, shape=truth.shape)] = 1
    truth[draw.disk((12, 38), 6, shape=truth.shape)] = 1
    truth = ndimage.gaussian_filter(truth, 0.3 + 0.4 * seed).astype(np.float32)
    alpha = ndimage.shift(truth, (0.4 * seed, -0.7), order=1) + ndimage.gaussian_filter(
        rng.normal(0, 0.5, truth.shape), 1
    )
    alpha[50:55, 40:46] = 0.9
    return np.clip(alpha, 0, 1).astype(np.float32), truth


def _tensors(*arrays: NDArray[Any]) -> list[torch.Tensor]:
    return [torch.as_tensor(array) for array in arrays]


@pytest.mark.parametrize("seed", SEEDS)
def test_overlap_and_plain_errors_equal_those_of_torchmetrics(seed: int) -> None:
    alpha, truth = _invented(seed)
    found, there = _tensors(alpha >= 0.5, truth >= 0.5)
    guess, wanted = _tensors(alpha, truth)
    everywhere = np.ones(truth.shape, bool)
    expected_iou = float(torchmetrics.classification.binary_jaccard_index(found, there))
    expected_mae = float(torchmetrics.mean_absolute_error(guess, wanted))
    assert matting.iou(alpha, truth >= 0.5, everywhere) == pytest.approx(expected_iou)
    assert matting.mean_absolute_error(alpha, truth, everywhere) == pytest.approx(expected_mae)
    assert matting.sum_absolute_differences(alpha, truth) == pytest.approx(expected_mae * truth.size / 1000)
    assert matting.mean_squared_error(alpha, truth) == pytest.approx(
        float(torchmetrics.mean_squared_error(guess, wanted))
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_correlation_equals_that_of_torchmetrics(seed: int) -> None:
    guess, truth = _invented(seed)
    where = truth > 0.1
    expected = float(torchmetrics.pearson_corrcoef(*(x.double() for x in _tensors(guess[where], truth[where]))))
    assert depth.correlation(guess, truth, where) == pytest.approx(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_abs_rel_of_an_aligned_disparity_equals_mape_of_torchmetrics(seed: int) -> None:
    guess_m, depth_m = (1 + 4 * x for x in _invented(seed))
    expected = float(torchmetrics.mean_absolute_percentage_error(*_tensors(guess_m, depth_m)))
    assert depth.abs_rel(guess_m.astype(np.float64), depth_m, depth_m > 0) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradient_error_equals_one_with_filters_of_scipy(seed: int) -> None:
    alpha, truth = _invented(seed)
    line = np.zeros(101)
    line[50] = 1

    def norm(order: int) -> float:
        return float(np.linalg.norm(ndimage.gaussian_filter1d(line, 1.4, order=order, radius=4)))

    def slope(picture: Image) -> NDArray[np.float64]:
        along = [
            ndimage.gaussian_filter(picture.astype(np.float64), 1.4, order=order, radius=4, mode="nearest")
            for order in ((0, 1), (1, 0))
        ]
        return np.hypot(*along) / (norm(0) * norm(1))

    expected = float(((slope(alpha) - slope(truth)) ** 2).sum() / 1000)
    assert matting.gradient_error(alpha, truth) == pytest.approx(expected, rel=1e-6)


def _level(alpha: Image, truth: Image) -> NDArray[np.float64]:
    """The level of each pixel by regions of scikit-image: the number of steps that it stays in, one after the other."""
    stays: list[Mask] = []
    for step in range(1, 11):
        labels = measure.label(np.minimum(alpha, truth) >= np.float32(step / 10), connectivity=1)
        regions = measure.regionprops(labels)
        largest = max(regions, key=lambda region: region.area, default=None)
        stays.append(np.zeros(truth.shape, bool) if largest is None else labels == largest.label)
    return np.logical_and.accumulate(stays).sum(0) / 10


@pytest.mark.parametrize("seed", SEEDS)
def test_the_connectivity_error_equals_one_with_regions_of_scikit_image(seed: int) -> None:
    alpha, truth = _invented(seed)
    level = _level(alpha, truth)

    def phi(picture: Image) -> NDArray[np.float64]:
        beyond = picture.astype(np.float64) - level
        beyond[beyond < 0.15] = 0
        return 1 - beyond

    expected = float(np.abs(phi(alpha) - phi(truth)).sum() / 1000)
    assert expected > 0
    assert matting.connectivity_error(alpha, truth) == pytest.approx(expected)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("distance_px", [1, 3, 10])
def test_pixels_near_the_edge_equal_those_of_a_disk_of_scikit_image(seed: int, distance_px: int) -> None:
    _, truth = _invented(seed)
    covered = truth >= 0.5
    cross = morphology.disk(1)
    across = (covered & ~morphology.erosion(covered, cross)) | (~covered & morphology.dilation(covered, cross))
    edge = ((truth > 0.02) & (truth < 0.98)) | across
    expected = morphology.dilation(edge, morphology.disk(distance_px))
    np.testing.assert_array_equal(matting.near_edge(truth, distance_px), expected)
