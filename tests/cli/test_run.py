"""`cleanplate run`: every shot gets its files, nothing is lost by accident, and the exit code tells the truth."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from cleanplate.cli.main import main
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_float
from cleanplate.imaging.files import decode_png, write_picture

from .conftest import names

Run = Callable[..., int]
ModelMaker = Callable[..., Path]
RESULTS = ("cutout.png", "depth.json", "depth.png", "matte.png", "preview.jpg")


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    rgb = np.random.default_rng(2).uniform(0.1, 0.4, (32, 48, 3)).astype(np.float32)
    path = tmp_path / "in" / "plate.png"
    path.parent.mkdir()
    write_picture(path, rgb)
    return path


@pytest.fixture
def shot_of(plate: Path) -> Callable[[str], Path]:
    """Write the scene with a bright square in it, under a name, beside the plate."""

    def write(name: str) -> Path:
        rgb: Image = to_float(decode_png(plate.read_bytes()))
        rgb[8:24, 16:32] = 0.9
        write_picture(plate.with_name(name), rgb)
        return plate.with_name(name)

    return write


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "results" / "out"


@pytest.fixture
def run(plate: Path, out: Path, difference_model: Path) -> Run:
    def call(*inputs: Path, options: tuple[str, ...] = (), **changed: Path) -> int:
        paths = {"plate": plate, "out": out, "model": difference_model, **changed}
        return main(["run", *map(str, inputs), *(f"--{name}={path}" for name, path in paths.items()), *options])

    return call


def test_a_shot_gets_all_its_files_and_one_line(
    run: Run, shot_of: Callable[[str], Path], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(shot_of("a.png"), options=("--closer", "off")) == 0
    assert names(out) == [f"a_{result}" for result in RESULTS]
    alpha = decode_png((out / "a_matte.png").read_bytes())
    assert (alpha[8:24, 16:32] == 255).all()
    assert alpha.astype(bool).sum() == 16 * 16
    assert capsys.readouterr() == (f"1 shot done: {out}\n", "")


def test_a_folder_means_its_pictures_without_the_plate(
    run: Run, shot_of: Callable[[str], Path], plate: Path, out: Path
) -> None:
    for name in ("b.JPG", "a.png", ".hidden.png"):
        shot_of(name)
    plate.with_name("notes.txt").write_text("no picture")
    plate.with_name("c.png").mkdir()
    assert run(plate.parent, options=("--only", "matte")) == 0
    assert names(out) == ["a_matte.png", "b_matte.png"]


def test_a_folders_pictures_are_done_in_the_order_of_their_names(
    run: Run,
    shot_of: Callable[[str], Path],
    plate: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = [shot_of(name) for name in ("b.png", "c.png", "a.png")]
    for file in files:
        file.write_text("no picture")

    def unsorted(_: Path) -> Iterator[Path]:
        return iter(files)

    monkeypatch.setattr(Path, "iterdir", unsorted)
    assert run(plate.parent) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [name for line in lines for name in "abc" if f"{name}.png" in line] == ["a", "b", "c"]


def test_only_and_depth_format_limit_what_is_written(run: Run, shot_of: Callable[[str], Path], out: Path) -> None:
    assert run(shot_of("a.png"), options=("--only", "depth, matte", "--depth-format", "npy")) == 0
    assert names(out) == ["a_depth.json", "a_depth.npy", "a_matte.png"]


def test_bits_16_makes_matte_and_cut_out_16_bit(run: Run, shot_of: Callable[[str], Path], out: Path) -> None:
    assert run(shot_of("a.png"), options=("--bits", "16")) == 0
    assert decode_png((out / "a_matte.png").read_bytes()).dtype == np.uint16
    assert decode_png((out / "a_cutout.png").read_bytes()).dtype == np.uint16


def test_existing_results_are_kept_unless_overwrite(
    run: Run, shot_of: Callable[[str], Path], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shot = shot_of("a.png")
    assert run(shot) == 0
    (out / "a_matte.png").write_text("mine")
    capsys.readouterr()
    assert run(shot) == 0
    assert (out / "a_matte.png").read_text() == "mine"
    told = capsys.readouterr()
    assert told.out == f"0 shots done, 1 kept: {out}\n"
    assert "--overwrite makes them anew" in told.err
    assert run(shot, options=("--overwrite",)) == 0
    assert (out / "a_matte.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_missing_is_added_and_the_rest_kept(run: Run, shot_of: Callable[[str], Path], out: Path) -> None:
    shot = shot_of("a.png")
    assert run(shot) == 0
    (out / "a_matte.png").write_text("mine")
    (out / "a_cutout.png").unlink()
    (out / "a_depth.json").unlink()
    (out / "a_depth.png").write_text("without its sidecar it is worth nothing")
    assert run(shot) == 0
    assert names(out) == [f"a_{result}" for result in RESULTS]
    assert (out / "a_matte.png").read_text() == "mine"
    assert (out / "a_depth.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("other", ["a.jpg", "A.jpg", "a.JPG"])
def test_two_inputs_with_one_stem_are_refused_before_work_starts(
    run: Run, shot_of: Callable[[str], Path], out: Path, other: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = shot_of("a.png"), shot_of(other)
    assert run(first, second) == 2
    error = capsys.readouterr().err
    assert str(first) in error
    assert str(second) in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_a_shot_that_is_named_twice_is_done_once(
    run: Run, shot_of: Callable[[str], Path], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shot = shot_of("a.png")
    shot.with_name("b.png").hardlink_to(shot)  # the same file, but results of its own
    assert run(shot.parent, shot, shot.parent / ".." / "in" / "a.png", options=("--only", "matte")) == 0
    assert names(out) == ["a_matte.png", "b_matte.png"]
    assert capsys.readouterr() == (f"2 shots done: {out}\n", "")


def test_a_result_never_takes_the_place_of_an_input(
    run: Run, shot_of: Callable[[str], Path], plate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shot, mistaken = shot_of("a.png"), shot_of("a_matte.png")
    before = mistaken.read_bytes()
    assert run(shot, mistaken, out=plate.parent, options=("--overwrite",)) == 2
    assert run(shot, out=plate.parent, plate=mistaken, options=("--overwrite",)) == 2
    assert capsys.readouterr().err.count("would be overwritten") == 2
    assert mistaken.read_bytes() == before
    assert run(shot, out=plate.parent, options=("--only", "depth")) == 0  # beside the inputs is fine otherwise


def test_results_do_not_go_into_a_folder_of_inputs(
    run: Run, shot_of: Callable[[str], Path], plate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shot_of("a.png")
    before = names(plate.parent)
    assert run(plate.parent, out=plate.parent / "..", options=()) == 0
    assert run(plate.parent, out=plate.parent / "." / ".." / "in") == 2
    assert "is a folder of inputs as well" in capsys.readouterr().err
    assert names(plate.parent) == before


def test_one_failed_shot_does_not_stop_the_others(
    run: Run, shot_of: Callable[[str], Path], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = shot_of("bad.png")
    bad.write_bytes(bad.read_bytes()[:-200])
    assert run(shot_of("a.png"), bad, shot_of("z.png"), bad.with_name("missing.png"), options=("--only", "matte")) == 1
    assert names(out) == ["a_matte.png", "z_matte.png"]
    told = capsys.readouterr()
    assert told.out == f"2 shots done, 2 failed: {out}\n"
    lines = told.err.splitlines()
    assert [line.startswith(f"cleanplate: {bad.parent}") for line in lines] == [True, True]
    assert "bad.png" in lines[0]
    assert "missing.png" in lines[1]


def test_many_shots_have_a_progress_bar_on_a_terminal(
    run: Run, shot_of: Callable[[str], Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shots = [shot_of("a.png"), shot_of("b.png")]
    assert run(*shots, options=("--only", "matte")) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert run(*shots, options=("--only", "matte", "--overwrite")) == 0
    assert "matting" in capsys.readouterr().err


def test_a_plate_of_another_size_is_told_once(
    run: Run, shot_of: Callable[[str], Path], plate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shots = [shot_of("a.png"), shot_of("b.png")]
    write_picture(plate, np.zeros((64, 96, 3), np.float32))
    assert run(*shots, options=("--only", "matte", "--doctor", "off")) == 0
    assert capsys.readouterr().err == (
        f"cleanplate: {plate}: the plate, 96 x 64 pixels, was resized to the shot's 48 x 32\n"
    )


@pytest.mark.parametrize(
    "options", [("--only", "mate"), ("--only", ","), ("--bits", "12"), ("--depth-format", "tiff"), ("--nonsense",)]
)
def test_wrong_usage_is_one_line_and_exit_2(
    run: Run, shot_of: Callable[[str], Path], out: Path, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(shot_of("a.png"), options=options) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize("name", ["plate", "out", "model"])
def test_an_empty_word_names_nothing(
    shot_of: Callable[[str], Path], out: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shot = shot_of("a.png")
    words = ["run", str(shot), "--plate", str(shot), "--out", str(out), f"--{name}", ""]
    assert main(words) == 2
    assert "is empty; name a file or folder" in capsys.readouterr().err
    assert not out.exists()


def test_an_empty_shot_or_backdrop_is_none(
    run: Run, shot_of: Callable[[str], Path], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shot = shot_of("a.png")
    assert main(["run", "", "--plate", str(shot), "--out", str(out)]) == 2
    assert "is empty; name a file or folder" in capsys.readouterr().err
    assert run(shot, options=("--backdrop", "")) == 2
    assert "backdrop: is empty; give a file, a colour (#rrggbb or a CSS name) or blur" in capsys.readouterr().err
    assert not out.exists()


def test_a_forgotten_plate_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(tmp_path / "a.png"), "--out", str(tmp_path)]) == 2
    assert "--plate" in capsys.readouterr().err


def test_a_folder_without_pictures_is_told(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert run(tmp_path / "empty") == 1
    assert "holds no clip, and no JPEG, PNG, WebP or TIFF picture besides the plate; name" in capsys.readouterr().err
    (tmp_path / "empty" / "a.HEIC").write_bytes(b"photo")
    assert run(tmp_path / "empty") == 1
    assert "it has one picture of a kind that is not read (.heic); convert it to JPEG or PNG" in capsys.readouterr().err


def test_a_folder_stands_where_a_result_goes(
    run: Run, shot_of: Callable[[str], Path], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (out / "a_matte.png").mkdir(parents=True)
    assert run(shot_of("a.png"), options=("--only", "matte")) == 1
    assert "a_matte.png: is a folder, and a file is to be written there; move it away" in capsys.readouterr().err


def test_depth_in_two_formats_is_refused_because_one_sidecar_describes_both(
    run: Run, shot_of: Callable[[str], Path], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shot = shot_of("a.png")
    assert run(shot, options=("--only", "depth")) == 0
    before = {name: (out / name).read_bytes() for name in names(out)}
    capsys.readouterr()
    assert run(shot, options=("--depth-format", "npy")) == 2
    assert "a_depth.png: depth is there in another format already; --overwrite replaces it" in capsys.readouterr().err
    assert {name: (out / name).read_bytes() for name in names(out)} == before


def test_overwrite_replaces_depth_in_another_format_and_nothing_else(
    run: Run, shot_of: Callable[[str], Path], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shot = shot_of("a.png")
    assert run(shot, options=("--only", "depth")) == 0
    (out / "b_depth.png").write_text("of another shot")
    assert run(shot, options=("--only", "matte", "--depth-format", "npy", "--overwrite")) == 0
    assert (out / "a_depth.png").exists()
    assert run(shot, options=("--only", "depth", "--depth-format", "npy", "--overwrite")) == 0
    assert names(out) == ["a_depth.json", "a_depth.npy", "a_matte.png", "b_depth.png"]
    (out / "a_depth.json").unlink()  # nothing tells now whose depth it is
    capsys.readouterr()
    assert run(shot, options=("--only", "depth", "--overwrite")) == 2
    assert "a_depth.npy: depth is there in another format already; remove it, or name" in capsys.readouterr().err
    assert (out / "a_depth.npy").exists()


def test_an_input_is_never_removed_as_depth_in_another_format(
    run: Run, shot_of: Callable[[str], Path], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shot = shot_of("a.png")
    assert run(shot, options=("--only", "depth")) == 0
    options = ("--only", "depth", "--depth-format", "npy", "--overwrite")
    assert run(shot, out / "a_depth.png", options=options) == 2
    assert "a_depth.png: would be overwritten by a result of" in capsys.readouterr().err
    assert (out / "a_depth.png").exists()


def test_a_shot_that_may_not_be_read_does_not_stop_the_others(
    run: Run,
    shot_of: Callable[[str], Path],
    out: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good, bad = shot_of("good.png"), shot_of("bad.png")
    opened = Path.open

    def refused(*_: object) -> bool:
        return False

    def refuse(path: Path, *arguments: object, **named: object) -> object:
        if path == bad:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **named)  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownVariableType]

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(os, "access", refused)
    assert run(bad, good) == 1
    assert f"{bad}" in capsys.readouterr().err
    assert "good_matte.png" in names(out)


def test_plate_none_is_announced_once_and_takes_every_picture_of_a_folder(
    make_model: ModelMaker, shot_of: Callable[[str], Path], plate: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shot_of("a.png")
    model = make_model(contract={"without_plate": True})
    assert (
        main(["run", str(plate.parent), "--plate", "none", f"--out={out}", f"--model={model}", "--only", "matte"]) == 0
    )
    assert names(out) == ["a_matte.png", "plate_matte.png"]
    printed = capsys.readouterr()
    assert printed.out == f"2 shots done: {out}\n"
    assert printed.err.count("\n") == 1
    assert printed.err.startswith("cleanplate: no plate: only people are found, and every shot's depth has a scale of")


def test_plate_none_is_refused_where_the_model_needs_a_plate(
    shot_of: Callable[[str], Path], out: Path, difference_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", str(shot_of("a.png")), "--plate", "none", "--out", str(out), "--model", str(difference_model)]
    assert main(words) == 1
    assert capsys.readouterr().err == (
        f"cleanplate: {difference_model}: has not learnt to do without a plate; "
        "give a photo of the empty scene, or another model\n"
    )
    assert not out.exists()


def test_without_a_plate_there_is_no_second_look(
    shot_of: Callable[[str], Path], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(shot_of("a.png")), "--plate", "none", "--out", str(out), "--closer", "on"]) == 2
    assert "--closer on: without a plate there is no second look" in capsys.readouterr().err


def test_a_plate_in_a_file_named_none_is_a_plate(
    shot_of: Callable[[str], Path],
    plate: Path,
    out: Path,
    difference_model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shot = shot_of("a.png")
    plate.rename(plate.with_name("none"))
    monkeypatch.chdir(plate.parent)
    words = ["run", str(shot), "--plate", "./none", "--out", str(out), "--model", str(difference_model)]
    assert main([*words, "--only", "matte"]) == 0
    assert names(out) == ["a_matte.png"]


def test_a_moved_plate_is_mended_with_one_notice_unless_the_doctor_is_off(
    run: Run, plate: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grain = np.random.default_rng(4).random((96, 144, 3), np.float32)
    room = np.asarray(cv2.GaussianBlur(grain, (0, 0), 2), np.float32)
    write_picture(plate, np.roll(room, 5, axis=1))
    write_picture(plate.with_name("a.png"), room)
    assert run(plate.with_name("a.png"), options=("--only", "matte")) == 0
    assert "was mended: moved by 5.0 px" in capsys.readouterr().err
    assert decode_png((out / "a_matte.png").read_bytes())[:, :130].mean() < 10
    assert run(plate.with_name("a.png"), options=("--only", "matte", "--overwrite", "--doctor", "off")) == 0
    assert capsys.readouterr().err == ""
    assert decode_png((out / "a_matte.png").read_bytes())[:, :130].mean() > 30
