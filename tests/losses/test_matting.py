import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from cleanplate.losses.matting import alpha_terms, laplacian, soft_dice

TERMS = ("bce", "l1", "laplacian", "dice")


def _soft_disc() -> Tensor:
    rows, columns = torch.meshgrid(torch.arange(32.0), torch.arange(48.0), indexing="ij")
    return ((12 - torch.hypot(rows - 15, columns - 20)) / 4 + 0.5).clamp(0, 1)[None, None]


@pytest.mark.parametrize("term", TERMS)
def test_the_soft_truth_is_where_each_term_is_least(term: str) -> None:
    alpha = _soft_disc().clamp(0.02, 0.98)
    logit = alpha.logit().requires_grad_()
    best = alpha_terms(logit, alpha)[term]
    if term != "bce":
        assert best.item() == pytest.approx(0, abs=1e-6)
    for wrong in (alpha.logit() + 0.3, alpha.logit() * 1.5, alpha.logit().roll(1, 3)):
        assert alpha_terms(wrong, alpha)[term] > best


@pytest.mark.parametrize("term", TERMS)
def test_each_term_pulls_a_wrong_matte_toward_the_truth(term: str) -> None:
    alpha = _soft_disc()
    logit = torch.zeros_like(alpha).requires_grad_()
    torch.autograd.backward(alpha_terms(logit, alpha)[term])
    assert logit.grad is not None
    assert logit.grad[alpha > 0.9].mean() < 0 < logit.grad[alpha < 0.1].mean()


def test_the_terms_are_those_of_torch_in_float32_even_from_bf16() -> None:
    logit, alpha = torch.randn(2, 1, 32, 32), torch.rand(2, 1, 32, 32)
    terms = alpha_terms(logit.bfloat16(), alpha)
    exact = logit.bfloat16().float()
    assert all(term.dtype == torch.float32 and term.ndim == 0 for term in terms.values())
    assert tuple(terms) == TERMS
    assert torch.equal(terms["bce"], F.binary_cross_entropy_with_logits(exact, alpha))
    assert torch.equal(terms["l1"], F.l1_loss(exact.sigmoid(), alpha))


def test_huge_logits_stay_finite() -> None:
    terms = alpha_terms(torch.tensor([1e4, -1e4]).view(2, 1, 1, 1).expand(2, 1, 32, 32), torch.ones(2, 1, 32, 32))
    assert all(torch.isfinite(term) for term in terms.values())


def test_dice_punishes_a_miss_of_a_small_figure_as_a_miss_of_a_large_one() -> None:
    small, large = torch.zeros(1, 1, 64, 64), torch.zeros(1, 1, 64, 64)
    small[..., 20:30, 20:30], large[..., 5:60, 5:60] = 1, 1
    nothing = torch.zeros(1, 1, 64, 64)
    assert soft_dice(nothing, small) > 0.9
    assert soft_dice(nothing, large) > 0.9
    assert soft_dice(nothing, nothing) == 0


def test_the_laplacian_sees_a_lost_edge_more_than_a_faint_haze() -> None:
    alpha = _soft_disc()
    haze = torch.full_like(alpha, 0.05)
    blurred = F.avg_pool2d(alpha, 7, 1, 3)
    scale = haze.abs().mean() / (blurred - alpha).abs().mean()  # the same L1
    assert laplacian(alpha + (blurred - alpha) * scale, alpha, 3) > 5 * laplacian(alpha + haze, alpha, 3)
