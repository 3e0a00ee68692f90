"""The cases shown are the worst and the best, from as many cameras as there are, and the results land in two files."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanplate.errors import InputError
from cleanplate.evaluate.cameras import find_cameras
from cleanplate.evaluate.predictions import SavedPredictor
from cleanplate.evaluate.real import choose_cases, score_cameras, write_results
from cleanplate.evaluate.scores import Figures, ShotScores


def _shots(**cameras: list[float]) -> list[ShotScores]:
    return [
        ShotScores(camera, str(number), Figures(iou, 0.0), empty=False)
        for camera, ious in cameras.items()
        for number, iou in enumerate(ious)
    ]


def _ious(shots: list[ShotScores]) -> list[float | None]:
    return [shot.figures.iou for shot in shots]


def test_of_one_camera_the_worst_and_the_best_are_shown_in_order() -> None:
    worst, best = choose_cases(_shots(only=[0.5, 0.1, 0.9, 0.3, 0.7, 0.2]), count=2)
    assert _ious(worst) == [0.1, 0.2]
    assert _ious(best) == [0.9, 0.7]


def test_every_camera_gives_its_first_before_any_gives_its_second() -> None:
    worst, best = choose_cases(_shots(bad=[0.1, 0.11, 0.12, 0.13], good=[0.8, 0.9], fair=[0.5, 0.6]), count=4)
    assert _ious(worst) == [0.1, 0.11, 0.5, 0.8]
    assert _ious(best) == [0.9, 0.6, 0.13, 0.12]


def test_of_equal_overlap_the_larger_error_is_the_worse() -> None:
    shots = [ShotScores("a", str(mae), Figures(0.5, mae), empty=False) for mae in (0.1, 0.3, 0.2)]
    assert [shot.shot for shot in choose_cases(shots, count=1)[0]] == ["0.3"]


def test_shots_with_nothing_to_show_are_left_out() -> None:
    empty = ShotScores("a", "empty", Figures(0.0, 0.0), empty=True)
    assert choose_cases([empty]) == ([], [])
    assert _ious(choose_cases([empty, *_shots(a=[0.4])])[0]) == [0.4]


@given(ious=st.lists(st.lists(st.floats(0, 1), max_size=6), max_size=5), count=st.integers(1, 6))
def test_no_shot_is_shown_twice_and_no_more_than_asked_for(ious: list[list[float]], count: int) -> None:
    shots = _shots(**{f"camera{number}": row for number, row in enumerate(ious)})
    worst, best = choose_cases(shots, count)
    shown = [(shot.camera, shot.shot) for shot in [*worst, *best]]
    assert len(shown) == len(set(shown)) == min(len(shots), len(worst) + len(best))
    assert max(len(worst), len(best)) <= count
    assert len(shown) == min(len(shots), 2 * count)
    assert _ious(worst) == sorted(shot.figures.iou or 0 for shot in worst)


def test_results_are_a_table_of_numbers_and_a_page_that_shows_the_cases(
    invented: tuple[Path, Path], tmp_path: Path
) -> None:
    cameras = find_cameras(invented[0])
    predictor = SavedPredictor(invented[1], cameras)
    shots = score_cameras(cameras, predictor)
    scores_path, report_path = write_results(tmp_path / "new" / "out", "the set", shots, cameras, predictor)
    rows = json.loads(scores_path.read_text(encoding="utf-8"))
    assert (rows["set"], rows["scored"], rows["weights"]) == ("the set", str(invented[1]), None)
    assert len(rows["cameras"]) == 5
    assert len(rows["shots"]) == 13
    html = report_path.read_text(encoding="utf-8")
    assert html.count("<article>") == 12  # 13 shots, one of them empty
    assert html.count("data:image/jpeg;base64,") == 12 * 5 + 6 * 2  # six shots have measured depth
    assert sorted(path.name for path in report_path.parent.iterdir()) == ["report.html", "scores.json"]


def test_results_that_cannot_be_written_are_refused_by_name(invented: tuple[Path, Path], tmp_path: Path) -> None:
    cameras = find_cameras(invented[0])
    predictor = SavedPredictor(invented[1], cameras)
    shots = score_cameras(cameras[:1], predictor)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="file: is a file"):
        write_results(tmp_path / "file", "the set", shots, cameras, predictor)
