"""`cleanplate run` on folders of any size: the tree is mirrored, and whoever works, the results are the same."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from cleanplate.cli import walk
from cleanplate.cli.main import main
from cleanplate.cli.shots import find_shots
from cleanplate.errors import InputError
from cleanplate.imaging import Image
from cleanplate.imaging.files import write_picture
from cleanplate.jobs.units import Crew

from .conftest import MARK

Run = Callable[..., int]
QUICK = ("--only", "matte", "--doctor", "off")


@pytest.fixture
def room() -> Image:
    grain = np.random.default_rng(4).random((96, 144, 3), np.float32)
    return np.asarray(cv2.GaussianBlur(grain, (0, 0), 2), np.float32)


@pytest.fixture
def tree(tmp_path: Path, room: Image) -> Path:
    """A plate and shots in folders; from a/deep/7.png on the camera stands elsewhere."""
    folder = tmp_path / "in"
    write_picture_in(folder / "plate.png", room)
    names = ["x.png", "a/x.png", *(f"a/deep/{n}.png" for n in range(10)), ".hidden/x.png", "a/.x.png"]
    for number, name in enumerate(names):
        moved = np.roll(room, 5 if name > "a/deep/7" else 2, axis=1)
        moved[20:60, 40 + number : 70 + number] = 0.9
        write_picture_in(folder / name, moved)
    (folder / "a" / "notes.txt").write_text("no picture")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    return folder


def write_picture_in(path: Path, rgb: Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_picture(path, rgb)


@pytest.fixture
def words(tree: Path, difference_model: Path) -> list[str]:
    return ["run", str(tree), "--plate", str(tree / "plate.png"), "--model", str(difference_model)]


@pytest.fixture
def run(words: list[str], tmp_path: Path) -> Run:
    def call(*options: str, out: str = "out") -> int:
        return main([*words, "--out", str(tmp_path / out), *options])

    return call


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != MARK]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def test_a_tree_is_mirrored_without_hidden_folders_links_the_plate_and_the_results(
    run: Run, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = [*(f"a/deep/{n}_matte.png" for n in range(10)), "a/x_matte.png", "x_matte.png"]
    for name in ("phone.heic", "x.dng"):  # one that is not read, and one that is there as a PNG, too
        (tree / "a" / name).write_bytes(b"a picture of a kind that is not read")
    assert run(*QUICK, out="in/out") == 0
    assert sorted(contents(tree / "out")) == expected
    told = capsys.readouterr()
    assert re.fullmatch(rf"12 shots done in \d+ s: {tree / 'out'}\n", told.out)
    assert f"{tree}: has one picture of a kind that is not read (.heic); convert it to JPEG or PNG" in told.err
    assert run(*QUICK, out="in/out") == 0
    assert capsys.readouterr().out == f"0 shots done, 12 kept: {tree / 'out'}\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders")
def test_a_pipe_in_a_folder_is_no_picture(tree: Path, tmp_path: Path) -> None:
    os.mkfifo(tree / "a" / "pipe.png")
    found, _ = find_shots([tree], [], tmp_path / "out")
    assert "pipe" not in {shot.stem for shot in found}


def test_results_that_would_share_a_name_below_out_are_refused(
    run: Run, tree: Path, room: Image, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other" / "a" / "X.jpg"
    write_picture_in(other, room)
    assert run(str(tmp_path / "other")) == 2
    told = capsys.readouterr().err
    assert str(other) in told
    assert "would have names that macOS and Windows take for the same; rename" in told
    assert str(tree / "a" / "x.png") in told
    assert run(str(tree / "a" / "x.png")) == 2  # named, its results go into another folder, where x.png's are
    assert not (tmp_path / "out").exists()


def test_how_many_pairs_share_names_is_told(run: Run, tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("x.jpg", "a/x.jpg", "a/deep/1.jpg"):
        (tree / name).write_bytes(b"a twin")
    assert run() == 2
    assert "would have the same names (and 2 more such pairs); rename" in capsys.readouterr().err


def test_what_a_star_gives_as_well_is_left_out(
    tree: Path,
    difference_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tree)
    words = ["--plate", "plate.png", "--model", str(difference_model), "--out", "out", *QUICK]
    assert main(["run", "a/deep", "x.png", *words]) == 0
    assert main(["run", "a/deep", "out", "x.png", *words]) == 0
    told = capsys.readouterr()
    assert "out: is the folder for the results, and left out of the inputs" in told.err
    assert told.out.endswith("0 shots done, 11 kept: out\n")


def test_results_of_earlier_runs_are_no_shots(run: Run, tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*QUICK, out="in/out") == 0
    assert run(*QUICK, out="in/a/more") == 0
    first = f"{tree / 'a' / 'more'}: holds results of an earlier run, and is passed over"
    capsys.readouterr()
    assert run(*QUICK, out="elsewhere") == 0
    told = capsys.readouterr()
    assert told.err == f"cleanplate: {first} (and 1 more such folder); to use them as shots, give that folder alone\n"
    assert told.out.startswith("12 shots done")
    assert run(str(tree / "out"), *QUICK, out="starred") == 0  # as a shell's * gives it, beside the others
    assert capsys.readouterr().out.startswith("12 shots done")


def test_a_folder_of_results_given_alone_holds_shots(
    run: Run, tree: Path, difference_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*QUICK, out="in/out") == 0
    words = ["--plate", str(tree / "plate.png"), "--model", str(difference_model), *QUICK]
    assert main(["run", str(tree / "out"), *words, "--out", str(tmp_path / "again")]) == 0
    assert len(contents(tmp_path / "again")) == 12
    assert main(["run", str(tree / "out"), str(tmp_path / "again"), *words, "--out", str(tmp_path / "none")]) == 1
    assert "in/out: holds results, like all the inputs; to use those of an earlier" in capsys.readouterr().err
    (tmp_path / "kept").mkdir()
    (tmp_path / "again").rename(tmp_path / "kept" / "again")
    assert main(["run", str(tmp_path / "kept"), *words, "--out", str(tmp_path / "none")]) == 1
    assert "picture besides the plate and results of earlier runs; name another folder" in capsys.readouterr().err


def test_a_folder_of_somebody_s_own_pictures_is_never_taken_for_results(
    run: Run, tree: Path, difference_model: Path, tmp_path: Path
) -> None:
    words = ["--plate", str(tree / "plate.png"), "--model", str(difference_model), *QUICK]
    assert main(["run", str(tree / "a" / "x.png"), *words, "--out", str(tree / "a")]) == 0
    assert run(*QUICK) == 0
    assert "a/x_matte.png" in contents(tmp_path / "out")


def test_a_link_to_nothing_and_a_closed_folder_are_told_and_the_rest_is_done(
    run: Run, tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "a" / "away.png").symlink_to(tree / "nowhere.png")
    (tree / "lost+found").mkdir()
    whole = walk.inside_of

    def inside(folder: Path) -> list[Path]:
        if folder.name == "lost+found":  # whoever tests may be root, to whom nothing is closed
            raise InputError(f"{folder}: cannot be listed (Permission denied); check its permissions")
        return whole(folder)

    monkeypatch.setattr(walk, "inside_of", inside)
    assert run(*QUICK) == 0
    told = capsys.readouterr()
    assert f"{tree / 'a' / 'away.png'}: is a link to a file that is not there, and left out" in told.err
    assert f"{tree / 'lost+found'}: cannot be listed (Permission denied); check its permissions; until then" in told.err
    assert told.out.startswith("12 shots done")


def test_a_backdrop_among_the_shots_is_none(run: Run, tree: Path, room: Image, tmp_path: Path) -> None:
    write_picture(tree / "backdrop.png", room)
    assert run(*QUICK, "--backdrop", str(tree / "backdrop.png")) == 0
    assert not [name for name in contents(tmp_path / "out") if "backdrop" in name]


def test_results_never_go_into_a_folder_of_inputs(
    run: Run, tree: Path, room: Image, capsys: pytest.CaptureFixture[str]
) -> None:
    write_picture_in(tree / "in" / "y.png", room)
    before = contents(tree)
    assert run(out=".") == 2
    assert "is a folder of inputs as well" in capsys.readouterr().err
    assert contents(tree) == before


@pytest.mark.slow
def test_two_processes_make_the_bytes_of_one(run: Run, tmp_path: Path) -> None:
    assert run("--workers", "1", out="one") == 0
    assert run("--workers", "2", out="two") == 0
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_what_a_killed_run_left_is_removed_wherever_results_are(run: Run, tmp_path: Path) -> None:
    assert run(*QUICK) == 0
    whole, folders = contents(tmp_path / "out"), [tmp_path / "out" / below for below in ("", "a", "a/deep")]
    for folder in folders:
        for name in (".0123456789ab.part", ".mine.part"):
            (folder / name).touch()
            os.utime(folder / name, (0, 0))
        (folder / ".ba9876543210.part").touch()  # another process may be writing it
    assert run(*QUICK) == 0
    stay = {
        (folder / name).relative_to(tmp_path / "out").as_posix()
        for folder in folders
        for name in (".mine.part", ".ba9876543210.part")
    }
    assert contents(tmp_path / "out").keys() - whole.keys() == stay


def test_a_run_that_goes_on_makes_the_bytes_of_a_whole_one(run: Run, tmp_path: Path) -> None:
    assert run("--only", "matte") == 0
    whole = contents(tmp_path / "out")
    for number in (3, 5):
        (tmp_path / "out" / "a" / "deep" / f"{number}_matte.png").unlink()
    assert run("--only", "matte") == 0
    assert contents(tmp_path / "out") == whole


def test_the_summary_says_of_every_shot_what_became_of_it(run: Run, tree: Path, tmp_path: Path) -> None:
    assert run(*QUICK) == 0
    (tmp_path / "out" / "a" / "x_matte.png").unlink()
    (tmp_path / "out" / "x_matte.png").unlink()
    damage(tree / "x.png")
    told = tmp_path / "told.jsonl"
    told.write_text("my notes")
    assert run(*QUICK, "--summary", str(told)) == 1
    assert told.read_text() == "my notes"
    told.write_text('{"shot": "of another run", "outcome": "done"}\n')
    assert run(*QUICK, "--summary", str(told)) == 1
    lines = lines_of(told)
    assert [line["outcome"] for line in lines] == ["kept"] * 10 + ["failed", "done"]
    assert lines[0] == {"shot": str(tree / "a/deep/0.png"), "outcome": "kept", "seconds": None, "reason": None}
    assert lines[-1]["shot"] == str(tree / "a" / "x.png")
    assert lines[-1]["seconds"] > 0
    assert lines[-2]["reason"].startswith("is damaged or cut off")


def test_many_failures_are_counted_by_reason(
    run: Run, tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(10):
        (tree / "a" / "deep" / f"{number}.png").write_bytes(b"")
    assert run(*QUICK) == 1
    told = capsys.readouterr()
    assert told.out.startswith("2 shots done, 10 failed in ")
    assert told.err.count("cleanplate: ") == 10
    assert told.err.splitlines()[-2].split(maxsplit=1)[0] == "10"
    assert "is empty; copy it again" in told.err.splitlines()[-2]
    assert sorted(contents(tmp_path / "out")) == ["a/x_matte.png", "x_matte.png"]


@pytest.mark.parametrize(("name", "code"), [("told.json", 2), ("nowhere/told.jsonl", 1)])
def test_a_summary_that_cannot_be_written_is_refused_before_work(
    run: Run, tmp_path: Path, name: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--summary", str(tmp_path / name)) == code
    assert capsys.readouterr().err.count("\n") == 1
    assert contents(tmp_path / "out") == {}


@pytest.mark.parametrize(
    ("num_more", "options", "num_workers"),
    [(19, (), 0), (20, (), 4), (20, ("--workers", "1"), 0), (0, ("--workers", "2"), 2)],
)
def test_from_32_shots_on_processes_work_and_otherwise_this_one(
    words: list[str],
    tree: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    num_more: int,
    options: list[str],
    num_workers: int,
) -> None:
    crews: list[Crew] = []

    def note(*arguments: object) -> None:
        crews.extend(argument for argument in arguments if isinstance(argument, Crew))

    monkeypatch.setattr("cleanplate.runtime.batches.matte_batches", note)
    monkeypatch.setattr("cleanplate.cli.run.num_cores", lambda: 8)
    for number in range(num_more):  # beside the 12 that are there
        (tree / f"{number}.png").touch()
    assert main([*words, "--out", str(tree.parent / "out"), *options]) == 0
    assert crews == [Crew(num_workers)]


def test_a_cluster_without_ray_names_the_extra(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert run("--ray", "local") == 2
    assert "pip install 'cleanplate[ray]'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.long
@pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra `ray`: make test-long installs it")
def test_a_cluster_makes_the_bytes_of_one_process(
    run: Run, tree: Path, difference_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(tree / "x.png")
    assert run(out="here") == 1
    monkeypatch.chdir(tmp_path)
    words = ["run", "in", "--plate", "in/plate.png", "--model", str(difference_model), "--out", "there"]
    assert main([*words, "--ray", "local", "--workers", "2"]) == 1
    assert contents(tmp_path / "here") == contents(tmp_path / "there")


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_keeps_what_was_finished_and_leaves_nothing_half_written(
    words: list[str], tree: Path, room: Image, tmp_path: Path, workers: str
) -> None:
    for number in range(300):
        write_picture_in(tree / "many" / f"{number}.png", room)
    told, out = tmp_path / "told.jsonl", tmp_path / "out"
    command = [sys.executable, "-m", "cleanplate", *words, "--out", str(out), "--summary", str(told)]
    running = subprocess.Popen(
        [*command, "--workers", workers], start_new_session=True, stderr=subprocess.PIPE, text=True
    )
    while running.poll() is None and not (told.exists() and len(told.read_text().splitlines()) > 20):
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does: to all of them
    _, err = running.communicate(timeout=20)
    assert running.returncode == 130
    assert err.splitlines()[-1] == "cleanplate: interrupted; every file that was finished is kept"
    assert [name for name in contents(out) if name.endswith(".part")] == []
    done = [Path(line["shot"]).relative_to(tree).with_suffix("") for line in lines_of(told)]
    assert 20 < len(done) < 312
    assert all((out / f"{name}_preview.jpg").stat().st_size for name in done)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems want names that are text")
def test_a_summary_names_files_whose_names_are_no_text(run: Run, tree: Path, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tree) + b"/caf\xe9.png"))
    odd.write_bytes(next(tree.rglob("*.png")).read_bytes())
    told = tmp_path / "told.jsonl"
    run(*QUICK, "--summary", str(told))
    assert str(odd) in {line["shot"] for line in lines_of(told)}  # read as UTF-8, strictly
