"""`cleanplate evaluate real` prints the table, leaves the report, and tells wrong input in one line."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from cleanplate.cli.main import main
from cleanplate.evaluate.stress import results
from cleanplate.runtime.model_file import read_model_file
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import write_shards

SIZE_HW = (48, 64)


def _save(path: Path, values: np.ndarray[tuple[int, ...], np.dtype[np.uint8 | np.uint16]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), values)


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A set of one camera with one shot, and the perfect prediction for it beside it."""
    plate = np.random.default_rng(1).integers(0, 100, (*SIZE_HW, 3), np.uint8)
    mask = np.zeros(SIZE_HW, np.uint8)
    mask[10:40, 20:45] = 255
    _save(tmp_path / "real" / "room" / "plate.png", plate)
    _save(tmp_path / "real" / "room" / "a.png", np.where(mask[..., None] == 255, plate + np.uint8(150), plate))
    _save(tmp_path / "real" / "room" / "a_mask.png", mask)
    _save(tmp_path / "given" / "room" / "a.png", mask)
    return tmp_path


def test_existing_predictions_are_scored_and_the_report_is_left(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["evaluate", "real", str(room / "real"), "--predictions", str(room / "given"), "--out", str(room / "o")]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["room", "1", "1.000", "0.000"]
    assert lines[2].split() == ["MEAN", "OVER", "CAMERAS", "1.000", "0.000"]
    assert lines[3] == f"worst and best cases: {room / 'o' / 'report.html'}"
    assert json.loads((room / "o" / "scores.json").read_text())["mean"]["iou"] == 1


def test_the_model_is_scored_and_what_it_gave_can_be_kept(
    room: Path, difference_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out, kept = str(room / "real"), str(room / "o"), str(room / "kept")
    saving = ["evaluate", "real", folder, "--model", str(difference_model), "--out", out, "--save-predictions", kept]
    assert main(saving) == 0
    live = capsys.readouterr().out
    assert json.loads((room / "o" / "scores.json").read_text())["scored"] == "difference 0.0.1 (float32)"
    assert main(["evaluate", "real", folder, "--out", out, "--predictions", kept]) == 0
    assert capsys.readouterr().out == live
    assert float(live.splitlines()[1].split()[2]) > 0.9
    once = ["evaluate", "real", folder, "--model", str(difference_model), "--out", out, "--closer", "off"]
    assert main(once) == 0
    assert json.loads((room / "o" / "scores.json").read_text())["scored"] == "difference 0.0.1 (float32), one look"


def test_depth_is_scored_where_it_was_measured_unless_left_out(
    room: Path, difference_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    depth_mm = np.tile(np.linspace(900, 4000, SIZE_HW[1]).astype(np.uint16), (SIZE_HW[0], 1))
    _save(room / "real" / "room" / "a_depth.png", depth_mm)
    model = ["evaluate", "real", str(room / "real"), "--out", str(room / "o"), "--model", str(difference_model)]
    given = [*model[:-2], "--predictions", str(room / "given")]
    num_cells: list[int] = []
    for arguments in (model, [*model, "--no-depth"], [*given, "--no-depth"]):
        assert main(arguments) == 0
        num_cells.append(len(capsys.readouterr().out.splitlines()[1].split()))
        assert ("measured depth" in (room / "o" / "report.html").read_text()) == ("--no-depth" not in arguments)
    assert num_cells == [8, 4, 4]  # name, number of shots, and the figures
    assert main(given) == 1
    assert "a_depth.npy: is missing; add it, or leave depth out with --no-depth" in capsys.readouterr().err


def test_by_default_results_go_to_out_evaluate(
    room: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(room)
    assert main(["evaluate", "real", "real", "--predictions", "given"]) == 0
    assert (room / "out" / "evaluate" / "report.html").is_file()
    assert str(Path("out") / "evaluate" / "report.html") in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        (["real", "nowhere"], (1, "nowhere: is no folder")),
        (["real", "given"], (1, "given: holds no camera")),
        (["real", "real", "--predictions", "nowhere"], (1, "nowhere: is no folder")),
        (["real", "real", "--predictions", "real"], (2, "holds shots, not predictions")),
        (["real", "real", "--save-predictions", "real"], (2, "holds shots, not predictions")),
        (
            ["real", "real", "--predictions", "given", "--model", "m.onnx"],
            (2, "--predictions runs no model: leave --model out"),
        ),
        (["real", "real", "--predictions", "given", "--save-predictions", "k"], (2, "leave --save-predictions out")),
        (["real", "real", "--predictions", "given", "--closer", "off"], (2, "leave --closer out")),
        (["real", "real", "--model", "nowhere.onnx"], (1, "nowhere.onnx")),
        (["real"], (2, "DIR")),
        (["stress", "nowhere", "--tool", "difference"], (1, "nowhere: is no folder")),
        (["stress", "given", "--tool", "difference"], (1, "given: holds no camera")),
        (["stress", "real", "--tool", "matter {image}"], (2, "lacks {out}")),
        (["stress", "real", "--tool", "photoshop"], (2, "photoshop: is none of cleanplate, undoctored, difference")),
        (["stress", "real", "--tool", "mog2", "--model", "m.onnx"], (2, "has no model: leave --model out")),
        (["stress", "real", "--model", "nowhere.onnx"], (1, "nowhere.onnx")),
    ],
)
def test_wrong_input_is_one_line_that_names_it_and_leaves_nothing_behind(
    room: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    outcome: tuple[int, str],
) -> None:
    monkeypatch.chdir(room)
    before = sorted(room.rglob("*"))
    assert main(["evaluate", *arguments, "--out", "o"]) == outcome[0]
    printed = capsys.readouterr()
    assert printed.out == ""
    assert outcome[1] in printed.err
    assert len(printed.err.splitlines()) == 1
    assert sorted(room.rglob("*")) == before


def _samples(count: int) -> list[Sample]:
    rng = np.random.default_rng(2)
    alpha = np.zeros(SIZE_HW, np.float32)
    alpha[10:40, 20:45] = 1
    depth_m = np.full(SIZE_HW, 3, np.float32)
    samples: list[Sample] = []
    for i in range(count):
        plate = (rng.random((*SIZE_HW, 3)) / 2).astype(np.float32)
        shot = (plate + alpha[..., None] / 2).astype(np.float32)
        samples.append(Sample(f"k{i}", f"s{i}", (), plate, shot, alpha, depth_m, depth_m - alpha))
    return samples


def test_a_data_set_is_told_in_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_shards(tmp_path / "data", _samples(3), {})
    assert main(["evaluate", "data", str(tmp_path / "data"), "--json", str(tmp_path / "figures.json")]) == 0
    assert "3 samples, 0 without foreground" in capsys.readouterr().out
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["threshold_iou"] == 1
    assert figures["coverage"][2] == pytest.approx(30 * 25 / (48 * 64), abs=1e-3)


def test_where_figures_cannot_be_written_is_told_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_shards(tmp_path / "data", _samples(1), {})
    (tmp_path / "mine.json").write_text("mine")
    for name, said in (
        ("nowhere/f.json", "its folder is not there"),
        ("mine.json", "is there already; add --overwrite"),
    ):
        assert main(["evaluate", "data", str(tmp_path / "data"), "--json", str(tmp_path / name)]) == 1
        told = capsys.readouterr()
        assert said in told.err
        assert not told.out
    assert (tmp_path / "mine.json").read_text() == "mine"


def test_camera_effects_make_a_plain_threshold_worse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_shards(tmp_path / "data", _samples(8), {})
    seen: list[float] = []
    for more in ([], ["--effects"]):
        file = tmp_path / f"f{len(more)}.json"
        assert main(["evaluate", "data", str(tmp_path / "data"), "--json", str(file), *more]) == 0
        seen.append(json.loads(file.read_text())["threshold_iou"])
    assert seen[1] < seen[0]
    capsys.readouterr()


def test_no_data_set_is_said_and_where_one_can_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"a photo")
    for folder, advised in (("photos", "data/train"), ("new", str(tmp_path / "new"))):
        assert main(["evaluate", "data", str(tmp_path / folder)]) == 1
        error = capsys.readouterr().err
        assert error.endswith(f"make one with cleanplate synth --out {advised}\n")
        assert error.count("\n") == 1


@pytest.mark.slow
def test_what_one_model_has_begun_no_other_goes_on_with(
    tmp_path: Path,
    make_model: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_shards(tmp_path / "data", _samples(1), {})
    first, precise = make_model(contract={"precision": "int8"}), make_model()
    arguments = ["evaluate", "stress", str(tmp_path / "data"), "--out", str(tmp_path / "o"), "--tool", "undoctored"]

    def interrupted(*_: object) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(results, "write_result", interrupted)
        assert main([*arguments, "--model", str(first)]) == 130
    stronger = make_model(gain=9.0, contract={"precision": "int8"})
    for model, begun in ((precise, "about this project's model difference 0.0.1 (int8)"), (stronger, "other weights")):
        capsys.readouterr()
        assert main([*arguments, "--model", str(model)]) == 1
        assert f"was begun with {begun}" in capsys.readouterr().err
    assert main([*arguments, "--model", str(first)]) == 0
    written = json.loads((tmp_path / "o" / "stress" / "undoctored.json").read_text())
    assert written["weights"] == read_model_file(first).contract.weights
    assert "difference 0.0.1 (int8)" in written["about"]


@pytest.mark.slow
def test_a_tool_is_put_under_stress_and_a_second_joins_its_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_shards(tmp_path / "data", _samples(2), {})
    monkeypatch.chdir(tmp_path)
    arguments = ["evaluate", "stress", "data", "--count", "1", "--out", "o"]
    assert main([*arguments, "--tool", "difference", "--note", "Made up."]) == 0
    assert "difference: error 0.01" in capsys.readouterr().out
    command = f"'{sys.executable}' -c pass {{image}} {{out}}"
    assert main([*arguments, "--tool", command]) == 1
    assert "clean level 0: " in capsys.readouterr().err
    assert main([*arguments, "--tool", "difference", "--name", "again"]) == 0
    page = (tmp_path / "o" / "stress.md").read_text()
    assert "\ncleanplate evaluate stress data --tool difference --count 1 --out o\n" in page
    assert "\ncleanplate evaluate stress data --tool difference --name again --count 1 --out o\n" in page
    assert page.count("Made up.") == 1
    assert sorted(path.stem for path in (tmp_path / "o" / "stress").glob("*.json")) == ["again", "difference"]
    capsys.readouterr()
    assert main([*arguments, "--tool", "difference", "--seed", "1"]) == 1
    assert "was measured on other pairs or with another seed" in capsys.readouterr().err


@pytest.mark.slow
def test_a_tool_that_fails_at_once_leaves_nothing_and_another_page_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_shards(tmp_path / "data", _samples(1), {})
    arguments = ["evaluate", "stress", str(tmp_path / "data"), "--out", str(tmp_path / "o"), "--tool"]
    assert main([*arguments, f"'{sys.executable}' -c pass {{image}} {{out}}"]) == 1
    assert list((tmp_path / "o" / "stress").iterdir()) == []
    (tmp_path / "o" / "stress.md").write_text("# What I think of stress\n")
    assert main([*arguments, "difference"]) == 1
    assert "stress.md: is not the page of a measurement; move it away" in capsys.readouterr().err
    assert (tmp_path / "o" / "stress.md").read_text() == "# What I think of stress\n"
