from typing import Any, cast, get_args

import pytest
import torch
from skimage import metrics
from torch import Tensor

from cleanplate.document.losses import DepthLoss, depth_loss, mask_loss, ssim


def _maps() -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    target = 0.1 + 0.8 * torch.rand(2, 1, 24, 24, generator=generator)
    valid = torch.ones_like(target, dtype=torch.bool)
    valid[..., :6] = False
    return target, target.logit(), valid


@pytest.mark.parametrize("kind", get_args(DepthLoss))
def test_every_depth_loss_is_least_at_the_truth_whatever_is_predicted_where_it_is_unknown(kind: DepthLoss) -> None:
    target, perfect, valid = _maps()
    least = depth_loss(perfect, target, valid, kind)
    generator = torch.Generator().manual_seed(1)
    for _ in range(3):
        other = perfect + torch.randn(perfect.shape, generator=generator)
        assert depth_loss(other, target, valid, kind) > least
    unknown = torch.where(valid, perfect, 5.0)
    assert float(depth_loss(unknown, target, valid, kind)) == pytest.approx(float(least), abs=0.02)
    if kind != "bce":
        assert float(least) == pytest.approx(0, abs=1e-4)


def test_a_wrong_sample_of_a_batch_costs_its_share() -> None:
    target, perfect, valid = _maps()
    both = depth_loss(torch.cat([perfect, perfect + 1]), torch.cat([target] * 2), torch.cat([valid] * 2), "l1")
    assert float(both) == pytest.approx(float(depth_loss(perfect + 1, target, valid, "l1")) / 2, rel=1e-4)


def test_ssim_is_scikit_images() -> None:
    generator = torch.Generator().manual_seed(2)
    one, other = torch.rand(2, 1, 1, 40, 40, generator=generator).unbind()
    inner = torch.zeros_like(one, dtype=torch.bool)
    inner[..., 8:-8, 8:-8] = True
    other = torch.where(inner, 0.7 * one + 0.3 * other, one)  # equal where ours takes the unknown for equal
    _, theirs = cast("Any", metrics).structural_similarity(
        one[0, 0].numpy(), other[0, 0].numpy(), data_range=1.0, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, full=True,
    )  # fmt: skip
    assert float(ssim(one, other, inner)) == pytest.approx(float(theirs[8:-8, 8:-8].mean()), abs=1e-4)


def test_the_mask_loss_is_least_at_the_truth() -> None:
    target, perfect, _ = _maps()
    for kind in ("bce", "bce_dice"):
        assert mask_loss(perfect + 0.5, target, kind) > mask_loss(perfect, target, kind)
