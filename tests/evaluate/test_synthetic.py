"""Rendered pairs are scored as a user gets them, the figures are those of the training, and the worst come first."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cleanplate.evaluate.synthetic import (
    Estimate,
    PairFigures,
    Pairs,
    PairScores,
    estimate,
    group_of,
    score_pair,
    score_pairs,
    worst,
)
from cleanplate.evaluate.synthetic_report import groups_table, summary, table, to_json, write_results
from cleanplate.imaging import Image
from cleanplate.imaging.files import read_picture
from cleanplate.runtime.plate import Plate
from cleanplate.runtime.session import Session
from cleanplate.sample.record import Sample
from cleanplate.synth.camera import Effects
from cleanplate.train.figures import HeadStatistics

SIZE_HW = (48, 64)
RAMP_M = np.tile(np.linspace(6, 2, SIZE_HW[0], dtype=np.float32)[:, None], (1, SIZE_HW[1]))


def _sample(seed: int, *, empty: bool = False) -> Sample:
    rng = np.random.default_rng(seed)
    alpha = np.zeros(SIZE_HW, np.float32)
    if not empty:
        alpha[10:40, 20 : 30 + 3 * seed] = 1
        alpha[10:40, 19] = 0.5
    plate = (0.4 * rng.random((*SIZE_HW, 3))).astype(np.float32)
    shot = (plate + alpha[..., None] / 2).astype(np.float32)
    person_m = 1.5 + 0.3 * rng.random(SIZE_HW, np.float32)
    return Sample(f"k{seed}", "s", (), plate, shot, alpha, RAMP_M, np.where(alpha >= 0.5, person_m, RAMP_M))


def _perfect(sample: Sample) -> Estimate:
    three = np.float32(3)
    return Estimate(sample.alpha, three / sample.shot_depth_m - three, three / sample.plate_depth_m - three)


@pytest.fixture(scope="module")
def session(difference_model: Path) -> Session:
    return Session(difference_model)


def test_a_perfect_estimate_scores_perfectly_whatever_its_scale_and_shift() -> None:
    sample = _sample(2)
    figures = score_pair(_perfect(sample), sample)
    errors = (figures.mae, figures.sad, figures.mse, figures.grad, figures.conn, figures.edge_mae)
    assert (figures.iou, *errors) == (1, 0, 0, 0, 0, 0, 0)
    assert (figures.person_correlation, figures.plate_correlation) == (pytest.approx(1), pytest.approx(1))
    assert figures.abs_rel == pytest.approx(0, abs=1e-5)


def test_correlations_are_those_of_the_trainings_own_validation() -> None:
    rng = np.random.default_rng(5)
    sample = _sample(3)
    noisy = [
        (layer + rng.normal(0, 0.3, SIZE_HW)).astype(np.float32) for layer in (1 / RAMP_M, 1 / sample.shot_depth_m)
    ]
    figures = score_pair(Estimate(sample.alpha, noisy[1], noisy[0]), sample)

    def trainings(guess: Image, depth_m: Image, where: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
        statistics = HeadStatistics()
        statistics.update(*(torch.as_tensor(x)[None, None] for x in (guess, 1 / depth_m, where)))
        return statistics.figures().correlation

    everywhere = np.ones(SIZE_HW, bool)
    assert figures.person_correlation == pytest.approx(trainings(noisy[1], sample.shot_depth_m, sample.alpha >= 0.5))
    assert figures.plate_correlation == pytest.approx(trainings(noisy[0], RAMP_M, everywhere))


def test_one_alignment_serves_plate_and_shot() -> None:
    sample = _sample(4)
    perfect = _perfect(sample)
    on_two_scales = Estimate(perfect.alpha, perfect.foreground, np.float32(4) * perfect.plate)
    assert (score_pair(on_two_scales, sample).abs_rel or 0) > 0.05


def test_where_nobody_came_only_the_matte_and_the_plate_are_scored() -> None:
    sample = _sample(1, empty=True)
    figures = score_pair(_perfect(sample), sample)
    assert (figures.iou, figures.edge_mae, figures.person_correlation) == (None, None, None)
    assert (figures.mae, figures.plate_correlation) == (0, pytest.approx(1))


def test_where_no_depth_is_known_none_is_scored() -> None:
    known = _sample(1)
    nothing = np.zeros(SIZE_HW, np.float32)
    sample = Sample("k", "s", (), known.plate, known.shot, known.alpha, nothing, nothing)
    figures = score_pair(_perfect(known), sample)
    assert (figures.person_correlation, figures.plate_correlation, figures.abs_rel) == (None, None, None)
    assert figures.iou == 1


def test_the_matte_that_is_scored_is_the_one_a_user_gets(session: Session) -> None:
    sample = _sample(2)
    delivered = Plate.open(sample.plate, model=session).matte(sample.shot)
    found = estimate(session, sample)
    np.testing.assert_array_equal(found.alpha, delivered.alpha)
    np.testing.assert_array_equal(found.disparity, delivered.disparity)
    np.testing.assert_array_equal(found.plate, delivered.plate_disparity)


def test_effects_are_the_same_each_time_and_others_for_another_seed() -> None:
    samples = [_sample(seed) for seed in range(3)]
    first, again, other = (Pairs(samples, 3, Effects(), seed)[1].shot for seed in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert first.shape == other.shape == samples[1].shot.shape
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(Pairs(samples, 3)[1].shot, samples[1].shot)


def _scores(number: int, iou: float | None, *, mae: float = 0.0, found: float = 0.0) -> PairScores:
    figures = PairFigures(iou, mae, 0.0, 0.0, 0.0, 0.0, None, None, 0.5, 0.1 * number)
    return PairScores(number, f"k{number}", figures, empty=iou is None, found=found)


def test_the_worst_pairs_come_first_and_an_empty_shot_counts_by_what_was_made_up() -> None:
    scores = [_scores(0, 0.9), _scores(1, None, found=0.4), _scores(2, 0.5), _scores(3, None), _scores(4, 0.9, mae=0.1)]
    assert [pair.number for pair in worst(scores, 4)] == [2, 1, 4, 0]


def test_the_summary_is_over_the_pairs_that_have_a_figure() -> None:
    rows = summary([_scores(0, 0.9), _scores(1, 0.5), _scores(2, None, found=0.25), _scores(3, 0.1)])
    assert [rows[name].iou for name in ("mean", "median", "worst")] == [pytest.approx(0.5), 0.5, 0.1]
    assert [rows[name].abs_rel for name in ("mean", "worst")] == [pytest.approx(0.15), pytest.approx(0.3)]
    assert rows["mean"].edge_mae is None


def test_the_table_tells_what_was_found_where_nobody_came() -> None:
    lines = table([_scores(0, 0.9), _scores(2, None, found=0.25)]).splitlines()
    assert [line.split()[0] for line in lines] == ["IoU", "mean", "median", "worst", "2"]
    assert lines[1].split()[1] == "0.9000"
    assert lines[-1] == "2 pairs, 1 without foreground, in which 25.000% of the picture was found all the same"
    assert table([_scores(0, 0.9)]).splitlines()[-1] == "1 pair, 0 without foreground"


def test_groups_say_what_came_and_what_changed_besides() -> None:
    sample = _sample(0)
    people, lamp = replace(sample, instance_kinds=("person", "object", "person")), ("lamp", "moved")
    assert group_of(people) == "object + person"
    assert group_of(replace(people, tags=lamp)) == "object + person, lamp"
    framed = Pairs([people], 1, Effects.none())[0]
    assert group_of(framed) == "object + person"
    assert group_of(replace(_sample(0, empty=True), tags=("empty", "lamp"))) == "nothing, lamp"


def test_the_table_of_groups_has_the_largest_first_and_tells_what_was_made_up() -> None:
    scores = [
        replace(_scores(k, iou), group=group) for k, (iou, group) in enumerate([(0.9, "person"), (0.5, "person")])
    ]
    scores.append(replace(_scores(2, None), group="nothing, lamp", wrong=0.25))
    lines = [line.split("  ") for line in groups_table(scores).splitlines()[1:]]
    assert [line[0] for line in lines] == ["person", "nothing, lamp"]
    assert "0.7000" in lines[0]
    assert lines[1][-1].strip() == "25.00%"


def test_results_are_numbers_pair_by_pair_and_a_sheet_of_the_worst(session: Session, tmp_path: Path) -> None:
    pairs = Pairs([_sample(0), _sample(1, empty=True), _sample(2)], 3)
    scores = score_pairs(session, pairs)
    sheet = write_results(tmp_path, {"set": "these"}, scores, session=session, pairs=pairs, num_worst=2)
    written = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert written == {"set": "these", **json.loads(json.dumps(to_json(scores)))}
    assert [pair["key"] for pair in written["pairs"]] == ["k0", "k1", "k2"]
    assert (written["num_pairs"], written["num_empty"]) == (3, 1)
    height, width = read_picture(sheet).rgb.shape[:2]
    assert width % 6 == 0
    assert width > 6 * SIZE_HW[1]  # its words are wider
    assert height == 14 + 2 * (14 + SIZE_HW[0])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scores.json", "worst.jpg"]
