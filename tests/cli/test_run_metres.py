"""`cleanplate run --metres`: what is measured reaches the files, and what cannot be is refused before any work."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cleanplate.cli.main import main
from cleanplate.imaging.files import write_picture

from .conftest import Refusal, names

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, difference_model: Path) -> Run:
    """Matte the depth of one shot of a ramp of disparity 0.4 to 0.2 into out/."""
    (tmp_path / "in").mkdir()
    plate = np.broadcast_to(np.linspace(0.4, 0.2, 48, dtype=np.float32)[None, :, None], (32, 48, 3)).copy()
    write_picture(tmp_path / "in" / "plate.png", plate, 16)
    plate[8:24, 16:32] = 0.8
    write_picture(tmp_path / "in" / "a.png", plate, 16)

    def call(*options: str) -> int:
        places = ("--plate", str(tmp_path / "in" / "plate.png"), "--out", str(tmp_path / "out"))
        return main(["run", *options, str(tmp_path / "in"), *places, "--model", str(difference_model)])

    return call


def sidecar(tmp_path: Path) -> dict[str, object]:
    return json.loads((tmp_path / "out" / "a_depth.json").read_text())


@pytest.mark.parametrize(
    "words",
    [
        ("--metres", "5,3=2.4", "40,30=4.0"),
        ("--metres=5,3=2.4", "40,30=4.0"),
        ("--metres", "5,3=2.4", "--metres", "40,30=4.0"),
    ],
)
def test_one_option_takes_several_anchors(
    run: Run, tmp_path: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words, "--only", "depth", "--depth-format", "npy") == 0
    told = sidecar(tmp_path)
    assert (told["quantity"], told["unit"]) == ("depth_m", "m")
    depth_m = np.load(tmp_path / "out" / "a_depth.npy")
    assert 2 < depth_m[3, 5] < 2.4
    assert 3 < depth_m[30, 40] < 4
    assert "65 degrees are assumed" in capsys.readouterr().err


def test_a_field_of_view_that_is_given_is_written_down(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--only", "depth", "--fov", "60", "--metres", "5,3=2.4", "40,30=4") == 0
    camera = sidecar(tmp_path)["camera"]
    assert isinstance(camera, dict)
    assert camera["fov_from"] == "given"
    assert camera["fov_deg"] == pytest.approx(60)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--metres", "48,3=2"), "lies outside its 48 x 32 pixels"),
        (("--metres", "5,3=-2"), "needs a distance of at least 0.001"),
        (("--metres", "5,3=2", "5,3=4"), "contradict each other: one pixel, two distances 100 % apart"),
        (("--metres", "5,3"), "is no anchor"),
        (("--metres", "5,3=2", "--plate-depth", "d.png"), "each fix the plate's depth"),
        (("--metres", "5,3=2", "--only", "matte"), "--metres is for depth"),
        (("--fov", "60"), "--fov is needed for metres and points only"),
        (("--metres", "5,3=2", "--fov", "400"), "a field of view of 400 degrees is impossible"),
    ],
)
def test_what_cannot_be_measured_is_one_line_and_exit_2(
    run: Run, options: tuple[str, ...], sentence: str, refusal: Refusal
) -> None:
    assert run(*options) == 2
    refusal(sentence)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--metres", "5,3=4", "40,30=2"), "contradict what the model sees: 5,3 is nearer than 40,30 by"),
        (("--metres", "5,3=4", "5,30=2"), "lie at one depth as the model sees it"),
        (("--plate-depth", "missing.png"), "there is no such file"),
    ],
)
def test_measurements_that_contradict_the_model_are_one_line_and_exit_1(
    run: Run, options: tuple[str, ...], sentence: str, refusal: Refusal
) -> None:
    assert run(*options) == 1
    refusal(sentence)


def test_points_without_metres_are_announced(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--only", "depth", "--depth-format", "ply") == 0
    assert (tmp_path / "out" / "a_depth.ply").read_bytes().startswith(b"ply\n")
    error = capsys.readouterr().err
    assert "no distance is given: the plate's nearest surface is taken to be at 1" in error
    assert "65 degrees (assumed)" in error


def test_depth_that_is_there_without_a_unit_is_not_kept_for_metres(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--only", "depth") == 0
    assert run("--only", "depth", "--metres", "5,3=2.4", "40,30=4") == 2
    assert "a_depth.json: the depth there has no unit; --overwrite makes it anew" in capsys.readouterr().err
    assert run("--only", "depth", "--metres", "5,3=2.4", "40,30=4", "--overwrite") == 0
    assert sidecar(tmp_path)["unit"] == "m"
    assert run("--only", "depth") == 2
    assert "is in metres" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (["--metres", "5,3=2.4", "40,30=4"], ["--metres", "5,3=4.8", "40,30=8"], "was made with other distances"),
        (["--metres", "5,3=2.4"], ["--metres", "5,3=2.4", "--fov", "50"], "was made with another --fov"),
        (["--metres", "5,3=2.4", "--fov", "50"], ["--metres", "5,3=2.4"], "was made with another --fov"),
    ],
)
def test_metres_by_other_distances_are_not_kept_beside_these(
    run: Run, capsys: pytest.CaptureFixture[str], first: list[str], second: list[str], said: str
) -> None:
    assert run("--only", "depth", *first) == 0
    assert run("--only", "depth", *first) == 0
    assert run("--only", "depth", *second) == 2
    assert f"a_depth.json: the depth there {said}; --overwrite makes it anew" in capsys.readouterr().err
    assert run("--only", "depth", *second, "--overwrite") == 0


def test_a_depth_map_among_the_shots_is_no_shot(run: Run, tmp_path: Path) -> None:
    depth = 1 / np.linspace(0.4, 0.2, 48, dtype=np.float32)[None].repeat(32, axis=0) / 65.535
    write_picture(tmp_path / "in" / "plate_depth.png", depth.astype(np.float32), 16)
    assert run("--only", "depth", "--plate-depth", str(tmp_path / "in" / "plate_depth.png")) == 0
    assert names(tmp_path / "out") == ["a_depth.json", "a_depth.png"]
    known = sidecar(tmp_path)["plate_depth"]
    assert isinstance(known, dict)
    assert known["known"] == 1


def test_depth_by_another_map_is_not_kept_beside_this_one(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    depth_m = 1 / np.linspace(0.4, 0.2, 48, dtype=np.float32)[None].repeat(32, axis=0)
    maps = tmp_path / "map.npy", tmp_path / "copy.npy"
    for file in maps:
        np.save(file, depth_m)
    for file in maps:  # what is in it counts, not its name
        assert run("--only", "depth", "--plate-depth", str(file)) == 0
    np.save(maps[0], depth_m + np.float32(0.01))
    capsys.readouterr()
    words = ["--only", "depth", "--plate-depth", str(maps[0])]
    assert run(*words) == 2
    assert "a_depth.json: the depth there was made with another --plate-depth; --overwrite" in capsys.readouterr().err
    assert run(*words, "--overwrite") == 0
    assert run(*words) == 0


@pytest.mark.parametrize("words", [("--metres", "3,4=2"), ("--depth-format", "ply")])
def test_without_a_plate_there_is_nothing_to_measure(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shot, out = tmp_path / "a.png", tmp_path / "out"
    assert main(["run", str(shot), "--plate", "none", "--out", str(out), *words]) == 2
    assert capsys.readouterr().err == (
        "cleanplate: --plate none: metres and points need a plate; give --plate FILE, or leave out --metres, "
        "--plate-depth, --fov and --depth-format ply\n"
    )
    assert not out.exists()
