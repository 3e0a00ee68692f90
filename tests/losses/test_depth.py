import pytest
import torch
from torch import Tensor

from cleanplate.losses.depth import compose, disparity_terms, gradient_mismatch, inverse_depth, normalise

TERMS = ("disparity", "disparity_person", "disparity_gradient")


def _scene(seed: int = 0, n: int = 2) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Alpha, foreground and plate inverse depth, and where both layers are known."""
    generator = torch.Generator().manual_seed(seed)
    alpha = torch.zeros(n, 1, 32, 48)
    alpha[..., 8:28, 12:30] = 1
    near = 1 + torch.rand(n, 1, 32, 48, generator=generator)
    far = 0.2 + 0.3 * torch.rand(n, 1, 32, 48, generator=generator)
    return alpha, near, far, torch.ones(n, 2, 32, 48, dtype=torch.bool)


def test_inverse_depth_is_clipped_and_zero_is_unknown() -> None:
    value, valid = inverse_depth(torch.tensor([0.0, 0.1, 0.5, 4.0, 80.0]))
    assert torch.allclose(value[1:], torch.tensor([4, 2, 0.25, 0.02]))
    assert torch.equal(valid, torch.tensor([False, True, True, True, True]))
    assert torch.isfinite(value).all()


def test_the_foreground_counts_where_alpha_is_at_least_half() -> None:
    alpha = torch.tensor([0.49, 0.5]).view(1, 1, 1, 2)
    layers = compose(torch.full((1, 1, 1, 2), 7.0), torch.full((1, 1, 1, 2), 3.0), alpha)
    assert torch.equal(layers.flatten(), torch.tensor([3.0, 7.0, 3.0, 3.0]))


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (7.0, -3.0), (0.05, 20.0)])
def test_one_scale_and_shift_for_both_layers_costs_nothing(scale: float, shift: float) -> None:
    alpha, near, far, valid = _scene()
    truth = compose(near, far, alpha)
    terms = disparity_terms(truth * scale + shift, alpha, truth, valid)
    assert tuple(terms) == TERMS
    assert all(term.item() == pytest.approx(0, abs=1e-3) for term in terms.values())


def test_a_scale_of_its_own_for_the_foreground_costs() -> None:
    alpha, near, far, valid = _scene()
    truth = compose(near, far, alpha)
    terms = disparity_terms(compose(near * 0.5, far, alpha), alpha, truth, valid)
    assert terms["disparity_person"] > 0.5
    assert terms["disparity"] > 0.1


def test_a_flipped_depth_costs_more_than_none() -> None:
    alpha, near, far, valid = _scene()
    truth = compose(near, far, alpha)
    blank = disparity_terms(torch.zeros_like(truth), alpha, truth, valid)["disparity"]
    assert disparity_terms(-truth, alpha, truth, valid)["disparity"] > 1.5 * blank > 0.5


def test_normalising_is_median_and_mean_deviation_over_both_layers_known_pixels() -> None:
    layers = torch.tensor([[1.0, 2.0, 3.0, 100.0], [4.0, 9.0, 50.0, 60.0]]).view(1, 2, 1, 4)
    valid = layers < 10
    known = torch.tensor([1.0, 2.0, 3.0, 4.0, 9.0])
    spread = (known - 3).abs().mean()
    assert torch.allclose(normalise(layers, valid)[valid], (known - 3) / spread)


def test_unknown_pixels_change_nothing_and_get_no_gradient() -> None:
    alpha, near, far, valid = _scene()
    truth = compose(near, far, alpha)
    valid[..., :6, :] = False
    layers = (truth + 0.1 * torch.rand(truth.shape)).requires_grad_()
    before = sum(disparity_terms(layers, alpha, truth, valid).values())
    assert isinstance(before, Tensor)
    torch.autograd.backward(before)
    assert layers.grad is not None
    assert torch.all(layers.grad[~valid] == 0)
    assert torch.any(layers.grad[valid] != 0)
    after = sum(
        disparity_terms(torch.where(valid, layers, 1e6), alpha, torch.where(valid, truth, -1e6), valid).values()
    )
    assert torch.isclose(before, torch.as_tensor(after))


def test_a_sample_without_any_depth_contributes_nothing() -> None:
    alpha, near, far, valid = _scene()
    truth = compose(near, far, alpha)
    layers = (truth + 0.1 * torch.rand(truth.shape, generator=torch.Generator().manual_seed(1))).requires_grad_()
    alone = disparity_terms(layers[:1], alpha[:1], truth[:1], valid[:1])
    valid[1] = False
    terms = disparity_terms(layers, alpha, truth, valid)
    assert all(torch.allclose(terms[name], alone[name]) for name in TERMS)
    total = sum(disparity_terms(layers, alpha, truth, torch.zeros_like(valid)).values()) + sum(terms.values())
    assert isinstance(total, Tensor)
    torch.autograd.backward(total)
    assert layers.grad is not None
    assert torch.isfinite(layers.grad).all()
    assert torch.all(layers.grad[1] == 0)
    nothing = disparity_terms(layers, alpha, truth, torch.zeros_like(valid))
    assert all(term.item() == 0 for term in nothing.values())


def test_a_flat_prediction_stays_finite() -> None:
    alpha, near, far, valid = _scene()
    layers = torch.zeros(2, 2, 32, 48, requires_grad=True)
    total = sum(disparity_terms(layers, alpha, compose(near, far, alpha), valid).values())
    assert isinstance(total, Tensor)
    torch.autograd.backward(total)
    assert layers.grad is not None
    assert torch.isfinite(total)
    assert torch.isfinite(layers.grad).all()


def test_gradients_are_counted_where_both_pixels_are_known() -> None:
    error = torch.zeros(1, 1, 4, 4)
    error[..., 2:] = 1.0
    valid = torch.ones_like(error, dtype=torch.bool)
    across = 4 / 12  # one of three steps in each row
    assert gradient_mismatch(error, valid, num_scales=1).item() == pytest.approx(across)
    valid[..., 2] = False
    assert gradient_mismatch(error, valid, num_scales=1).item() == 0


def test_coarse_scales_see_a_slope_that_fine_ones_barely_feel() -> None:
    slope = torch.linspace(0, 1, 64).expand(1, 1, 64, 64)
    valid = torch.ones_like(slope, dtype=torch.bool)
    one, four = (gradient_mismatch(slope, valid, num_scales=k).item() for k in (1, 4))
    assert four == pytest.approx(15 * one, rel=0.01)
