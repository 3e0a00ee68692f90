"""Figures are averaged over what has them, printed in the yardstick's order, and never NaN."""

import json

import numpy as np

from cleanplate.evaluate.cameras import Truth
from cleanplate.evaluate.predictions import Prediction
from cleanplate.evaluate.scores import (
    MEAN,
    Figures,
    ShotScores,
    camera_scores,
    mean_figures,
    note,
    score_shot,
    table,
    to_json,
)

SHOTS = [
    ShotScores("lobby", "1", Figures(0.8, 0.1, 0.2, 0.7, 0.3, 0.6), empty=False),
    ShotScores("lobby", "2", Figures(0.6, 0.2), empty=False),
    ShotScores("yard", "1", Figures(0.0, None), empty=True),
]


def _person(size: int) -> Truth:
    foreground = np.zeros((40, 60), bool)
    foreground[5 : 5 + size, 10 : 10 + size] = True
    depth_m = np.tile(np.linspace(1, 5, 60, dtype=np.float32), (40, 1))
    return Truth(foreground, np.ones((40, 60), bool), np.where(foreground, np.float32(1.5), depth_m))


def test_a_perfect_prediction_gets_perfect_figures() -> None:
    truth = _person(30)
    assert truth.depth_m is not None
    figures, empty = score_shot(Prediction(truth.foreground.astype(np.float32), np.float32(2) / truth.depth_m), truth)
    assert (figures.iou, figures.mae, figures.delta1, figures.person_delta1) == (1, 0, 1, 1)
    assert figures.abs_rel is not None
    assert figures.abs_rel < 1e-6
    assert not empty


def test_a_person_of_at_most_500_pixels_is_not_scored_alone() -> None:
    for size, alone in ((22, False), (23, True)):  # 484 and 529 pixels
        truth = _person(size)
        assert truth.depth_m is not None
        figures, _ = score_shot(Prediction(truth.foreground.astype(np.float32), np.float32(1) / truth.depth_m), truth)
        assert (figures.person_abs_rel is not None) == alone
        assert figures.abs_rel is not None


def test_measured_depth_without_a_valid_pixel_gives_no_depth_figures() -> None:
    truth = _person(30)
    blind = Truth(truth.foreground, truth.known, np.zeros((40, 60), np.float32))
    figures, _ = score_shot(Prediction(truth.foreground.astype(np.float32), np.ones((40, 60), np.float32)), blind)
    assert figures == Figures(1.0, 0.0)


def test_a_shot_is_empty_only_if_nothing_is_there_and_nothing_was_found() -> None:
    nobody = Truth(np.zeros((32, 32), bool), np.ones((32, 32), bool), None)
    nothing, ghost = np.zeros((32, 32), np.float32), np.zeros((32, 32), np.float32)
    ghost[3, 3] = 0.5
    assert score_shot(Prediction(nothing, None), nobody) == (Figures(0.0, 0.0), True)
    assert score_shot(Prediction(ghost, None), nobody) == (Figures(0.0, 0.5 / 1024), False)
    unknown = Truth(nobody.foreground, np.zeros((32, 32), bool), None)
    assert score_shot(Prediction(nothing, None), unknown) == (Figures(None, None), False)
    unscored = Truth(nobody.foreground, ghost == 0, None)
    assert score_shot(Prediction(ghost, None), unscored) == (Figures(0.0, 0.0), True)


def test_the_mean_is_taken_over_shots_and_then_over_cameras() -> None:
    lobby, yard = camera_scores(SHOTS)
    assert (lobby.camera, lobby.num_shots, yard.camera, yard.num_shots) == ("lobby", 2, "yard", 1)
    np.testing.assert_allclose([lobby.figures.iou or 0, lobby.figures.mae or 0], [0.7, 0.15])
    assert lobby.figures.abs_rel == 0.2
    mean = mean_figures([lobby.figures, yard.figures])
    np.testing.assert_allclose([mean.iou or 0, mean.mae or 0, mean.abs_rel or 0], [0.35, 0.15, 0.2])


def test_the_table_leaves_a_cell_empty_where_there_is_nothing_to_measure() -> None:
    header, lobby, yard, mean, _ = table(SHOTS).splitlines()
    assert " ".join(header.split()) == "camera shots IoU MAE AbsRel delta1 person AbsRel person delta1"
    assert lobby.split() == ["lobby", "2", "0.700", "0.150", "0.200", "0.700", "0.300", "0.600"]
    assert yard.split() == ["yard", "1", "0.000"]
    assert mean.removeprefix(MEAN).split() == ["0.350", "0.150", "0.200", "0.700", "0.300", "0.600"]
    assert header.index("AbsRel") + len("AbsRel") == lobby.index("0.200") + len("0.200")


def test_below_the_table_stands_what_the_yardstick_makes_of_shots_without_foreground() -> None:
    told = "no foreground is scored and none was found; the yardstick counts that as IoU 0"
    assert table(SHOTS).splitlines()[-1] == f"In 1 shot {told}, without them the mean is 0.700."
    assert note(SHOTS[:2]) == ""
    assert table(SHOTS[:2]).splitlines()[-1].startswith(MEAN)
    assert note([SHOTS[2], SHOTS[2]]) == f"In 2 shots {told}."


def test_foreground_too_thin_to_be_scored_counts_as_nobody() -> None:
    pole = np.zeros((32, 32), bool)
    pole[:, 10:14] = True
    thin = Truth(pole, np.ones((32, 32), bool), None)
    assert score_shot(Prediction(pole.astype(np.float32), None), thin) == (Figures(0.0, 0.0), True)


def test_the_json_has_a_row_for_every_camera_and_shot_and_null_for_nothing() -> None:
    rows = json.loads(json.dumps(to_json(SHOTS), allow_nan=False))
    assert [row["camera"] for row in rows["cameras"]] == ["lobby", "yard"]
    assert [(row["camera"], row["shot"], row["iou"], row["empty"]) for row in rows["shots"]] == [
        ("lobby", "1", 0.8, False),
        ("lobby", "2", 0.6, False),
        ("yard", "1", 0.0, True),
    ]
    assert rows["cameras"][1]["abs_rel"] is None
    assert set(rows["mean"]) == {"iou", "mae", "abs_rel", "delta1", "person_abs_rel", "person_delta1"}
