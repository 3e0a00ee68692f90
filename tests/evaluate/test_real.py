"""Results land in two files, and show what was scored."""

import json
from pathlib import Path

import pytest

from cleanplate.errors import InputError
from cleanplate.evaluate.cameras import Camera, find_cameras
from cleanplate.evaluate.cases import Cases
from cleanplate.evaluate.predictions import Prediction, SavedPredictor
from cleanplate.evaluate.real import refuse_other_results, score_cameras, write_results


def test_results_are_a_table_of_numbers_and_a_page_that_shows_the_cases(
    invented: tuple[Path, Path], tmp_path: Path
) -> None:
    cameras = find_cameras(invented[0])
    predictor = SavedPredictor(invented[1], cameras)
    shots = score_cameras(cameras, predictor, cases := Cases())
    scores_path, report_path = write_results(tmp_path / "new" / "out", "the set", predictor, shots, cases)
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
        write_results(tmp_path / "file", "the set", predictor, shots, Cases())


def test_every_shot_is_matted_once_and_in_order(invented: tuple[Path, Path]) -> None:
    cameras = find_cameras(invented[0])
    given, asked = SavedPredictor(invented[1], cameras), list[tuple[str, str]]()

    class Watched(SavedPredictor):
        def predict(self, camera: Camera, shot: str) -> Prediction:
            asked.append((camera.name, shot))
            return given.predict(camera, shot)

    cases = Cases()
    shots = score_cameras(cameras, Watched(invented[1], cameras), cases)
    write_results(invented[0].parent / "out", "the set", given, shots, cases)
    assert asked == [(camera.name, shot) for camera in cameras for shot in camera.shots]


def test_a_damaged_last_mask_is_told_before_any_shot_is_matted(invented: tuple[Path, Path]) -> None:
    cameras = find_cameras(invented[0])
    (cameras[-1].folder / f"{cameras[-1].shots[-1]}_mask.png").write_bytes(b"no picture")

    class Never(SavedPredictor):
        def predict(self, camera: Camera, shot: str) -> Prediction:
            raise AssertionError(f"{camera} {shot}")

    with pytest.raises(InputError, match=r"x_mask.png: is not a picture"):
        score_cameras(cameras, Never(invented[1], cameras))


def test_results_of_an_earlier_evaluation_are_replaced_and_other_files_are_not(
    invented: tuple[Path, Path], tmp_path: Path
) -> None:
    cameras, out = find_cameras(invented[0]), tmp_path / "out"
    predictor = SavedPredictor(invented[1], cameras)
    shots = score_cameras(cameras, predictor, cases := Cases())
    for _ in range(2):
        refuse_other_results(out)
        write_results(out, "the set", predictor, shots, cases)
    for name, what in (("scores.json", "the scores"), ("report.html", "the report")):
        ours = (out / name).read_bytes()
        (out / name).write_text("my own words")
        with pytest.raises(InputError, match=f"{name}: is not {what} of an evaluation; move it away, or give another"):
            refuse_other_results(out)
        (out / name).write_bytes(ours)
