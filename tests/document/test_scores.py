import numpy as np
import pytest
import torch

from cleanplate.document.scores import Blanks, Estimate, Figures, Scores, what_is_missing
from cleanplate.document.targets import depth_target
from cleanplate.sample.record import Sample
from cleanplate.train.data import Batch, collate
from cleanplate.train.task import Objective

NOTHING = Objective(torch.zeros(()), {})


def _judge(estimate: Estimate, batch: Batch) -> Figures:
    scores = Scores()
    scores.update(estimate, batch, NOTHING)
    return scores.figures()


def _row(figures: Figures, constant: float, mean_image: float) -> dict[str, float | None]:
    depth = figures.heads["depth"]
    return {
        "iou": figures.iou, "depth_correlation": depth.correlation, "std_ratio": depth.std_ratio,
        "rmse": figures.rmse, "rmse_constant": constant, "rmse_mean_image": mean_image,
    }  # fmt: skip


def test_the_truth_learns_and_no_constant_does(sample: Sample) -> None:
    batch = collate([sample])
    truth, _ = depth_target(batch.depth_m[:, :1])
    blanks = Blanks.of([batch])
    constant, _ = blanks.rmse([batch])
    perfect = _judge(Estimate(batch.alpha, truth), batch)
    assert (perfect.iou, perfect.mae, perfect.rmse, perfect.abs_rel, perfect.delta1) == (1, 0, 0, 0, 1)
    assert what_is_missing(_row(perfect, constant, 0.1)) == []
    for value in (0.0, blanks.median, 1.0):
        blank = _judge(Estimate(torch.full_like(truth, value), torch.full_like(truth, value)), batch)
        assert len(what_is_missing(_row(blank, constant, 0.1))) >= 4


def test_the_figures_are_numpys(sample: Sample) -> None:
    batch = collate([sample])
    truth, _ = depth_target(batch.depth_m[:, :1])
    guess = (0.8 * truth + 0.1).clamp(0, 1)
    figures = _judge(Estimate(batch.alpha * 0.4, guess), batch)
    true_m = np.clip(sample.shot_depth_m, 0.5, 10)
    guess_m = 1 / (guess[0, 0].numpy() * 1.9 + 0.1)
    assert figures.iou == 0
    assert figures.mae == pytest.approx(float(np.abs(0.6 * sample.alpha).mean()), rel=1e-4)
    assert figures.rmse == pytest.approx(float(np.sqrt(((guess - truth).numpy() ** 2).mean())), rel=1e-4)
    assert figures.abs_rel == pytest.approx(float((np.abs(guess_m - true_m) / true_m).mean()), rel=1e-3)
    ratio = np.maximum(guess_m / true_m, true_m / guess_m)
    assert figures.delta1 == pytest.approx(float((ratio < 1.25).mean()), abs=1e-3)
    assert figures.heads["depth"].std_ratio == pytest.approx(0.8, abs=1e-3)


def test_unknown_depth_is_no_part_of_anything(sample: Sample) -> None:
    batch = collate([sample])
    truth, _ = depth_target(batch.depth_m[:, :1])
    hidden = batch.depth_m.clone()
    hidden[..., :8] = 0
    wrong_there = torch.where(hidden[:, :1] > 0, truth, 1 - truth)
    assert _judge(Estimate(None, wrong_there), batch._replace(depth_m=hidden)).rmse == 0
    assert Blanks.of([batch._replace(depth_m=hidden)]).mean[..., :8].abs().max() == 0


def test_the_blanks_are_the_median_and_the_mean(sample: Sample) -> None:
    batch = collate([sample])
    truth, _ = depth_target(batch.depth_m[:, :1])
    blanks = Blanks.of([batch, batch])
    assert blanks.median == pytest.approx(float(truth.median()), abs=1e-3)
    assert torch.allclose(blanks.mean, truth)
    constant, mean_image = blanks.rmse([batch])
    assert constant == pytest.approx(float((truth - blanks.median).square().mean().sqrt()), rel=1e-4)
    assert mean_image == pytest.approx(0, abs=1e-6)


def test_a_row_that_predicts_one_thing_is_asked_for_that_alone(sample: Sample) -> None:
    batch = collate([sample])
    figures = _judge(Estimate(batch.alpha, None), batch)
    assert (figures.rmse, figures.delta1) == (None, None)
    assert set(figures.heads) == {"mask"}
    alone: dict[str, float | None] = dict.fromkeys(
        ("depth_correlation", "std_ratio", "rmse", "rmse_constant", "rmse_mean_image")
    )
    assert what_is_missing({**alone, "iou": 0.91}) == []
    assert what_is_missing({**alone, "iou": 0.89}) == ["IoU < 0.9"]
