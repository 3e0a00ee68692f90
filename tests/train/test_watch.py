import math

import pytest
import torch
from torch import Tensor

from cleanplate.errors import RecipeError
from cleanplate.train.figures import HeadFigures, HeadStatistics
from cleanplate.train.probe import HeadSeen, Seen
from cleanplate.train.watch import CollapseWatch


def _judge(estimate: Tensor, truth: Tensor, where: Tensor | None = None) -> HeadFigures:
    statistics = HeadStatistics()
    everywhere = torch.ones_like(truth, dtype=torch.bool)
    statistics.update(estimate, truth, everywhere if where is None else where)
    return statistics.figures()


def _truth() -> Tensor:
    return torch.rand(3, 1, 16, 16, generator=torch.Generator().manual_seed(0))


def test_the_truth_itself_scores_one_three_times() -> None:
    assert _judge(_truth(), _truth()) == pytest.approx((1, 1, 1))


def test_the_best_constant_has_no_spread_no_correlation_and_no_gain() -> None:
    truth = _truth()
    blank = truth.mean((2, 3), keepdim=True).expand_as(truth)
    assert _judge(blank, truth) == pytest.approx((0, 0, 0), abs=1e-6)


def test_half_the_contrast_is_half_the_ratio_and_half_the_gain() -> None:
    truth = _truth()
    middle = truth.mean((2, 3), keepdim=True)
    assert _judge(middle + (truth - middle) / 2, truth) == pytest.approx((0.5, 1, 0.5), abs=1e-6)


def test_the_figures_are_those_of_numpy_on_the_pixels_that_count() -> None:
    truth, noise = _truth()[:1], torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    where = torch.zeros_like(truth, dtype=torch.bool)
    where[..., 4:, 2:] = True
    inside = torch.stack([noise[where], truth[where]]).double()
    expected = (
        float(inside[0].std(correction=0) / inside[1].std(correction=0)),
        float(inside.corrcoef()[0, 1]),
        float(1 - (inside[0] - inside[1]).square().mean().sqrt() / inside[1].std(correction=0)),
    )
    assert _judge(torch.where(where, noise, 1e6), truth, where) == pytest.approx(expected)


def test_pictures_without_anything_to_judge_are_passed_over() -> None:
    truth = torch.cat([_truth(), torch.full((1, 1, 16, 16), 0.4)])
    assert _judge(truth + 0.1, truth)[:2] == pytest.approx((1, 1))
    assert math.isnan(_judge(_truth(), torch.zeros(3, 1, 16, 16)).std_ratio)
    few = torch.zeros(3, 1, 16, 16, dtype=torch.bool)
    few[..., :3] = True
    assert math.isnan(_judge(_truth(), _truth(), few).gain)


def test_a_head_blank_at_two_validations_in_a_row_stops_the_run_by_name() -> None:
    watch, healthy, blank = CollapseWatch(), HeadFigures(0.9, 0.8, 0.4), HeadFigures(0.01, 0.3, 0.0)
    watch.see(1, {"alpha": healthy, "disparity": blank})
    with pytest.raises(RecipeError, match=r"step 2: the disparity head has collapsed .* depth files mis-paired"):
        watch.see(2, {"alpha": healthy, "disparity": blank})


def test_blank_once_or_never_judged_is_no_alarm() -> None:
    watch, healthy, uncorrelated = CollapseWatch(), HeadFigures(0.9, 0.8, 0.4), HeadFigures(0.9, -0.04, 0.0)
    for step in range(6):
        watch.see(step, {"alpha": uncorrelated if step % 2 else healthy, "disparity": HeadFigures(*[math.nan] * 3)})
    with pytest.raises(RecipeError, match="alpha head"):
        watch.see(6, {"alpha": uncorrelated})


def test_a_watch_that_goes_on_has_seen_and_said_what_the_one_before_had() -> None:
    first, healthy, blank = CollapseWatch(stops=False), HeadFigures(0.9, 0.8, 0.4), HeadFigures(0.01, 0.3, 0.0)
    head = HeadSeen("free", HeadFigures(0.9, 0.8, math.nan), *[0.5] * 10, kinship=(0.1, 0.2))
    squeezed = Seen(-2.0, 0.004, {"disparity": head}, update=1e-3, weight=10.0, fresh_norms=0.0, strange_norms=0.0)
    for step in (1, 2, 4):
        first.see_step(step, squeezed)
    first.see(4, {"alpha": healthy, "disparity": blank})
    second = CollapseWatch()
    second.recall(first.memory())
    assert second.memory() == first.memory()
    assert [alarm.cause for alarm in second.alarms] == ["input range"]
    second.see_step(8, squeezed)  # has been said
    with pytest.raises(RecipeError, match="the disparity head has collapsed"):
        second.see(8, {"disparity": blank})


def test_a_head_that_no_step_taught_is_not_learning_and_stops_nothing() -> None:
    watch, blank = CollapseWatch(), HeadFigures(0.01, 0.3, 0.0)
    taught = HeadSeen("coverage", HeadFigures(0.9, 0.8, 0.4), *[0.5] * 10, kinship=(0.1, 0.2))
    watch.see_step(1, Seen(0.0, 1.0, {"alpha": taught}, update=1e-3, weight=10.0, fresh_norms=0.0, strange_norms=0.0))
    for step in (1, 2, 3):
        watch.see(step, {"disparity": blank})
    assert watch.said == []
    watch.see(4, {"alpha": blank})
    with pytest.raises(RecipeError, match="the alpha head has collapsed"):
        watch.see(5, {"alpha": blank})


def test_a_run_that_goes_on_though_it_had_collapsed_is_stopped_again() -> None:
    first, blank = CollapseWatch(), HeadFigures(0.01, 0.3, 0.0)
    first.see(1, {"alpha": blank})
    with pytest.raises(RecipeError):
        first.see(2, {"alpha": blank})
    second = CollapseWatch()
    second.recall(first.memory())
    with pytest.raises(RecipeError, match="step 3: the alpha head has collapsed"):
        second.see(3, {"alpha": blank})
