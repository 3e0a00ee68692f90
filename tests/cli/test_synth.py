"""`cleanplate synth`: data on disk, and one line where it cannot be."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import pytest

from cleanplate.cli.main import main
from cleanplate.cli.synth import command
from cleanplate.jobs.ledger import LEDGER
from cleanplate.sample.shards import ShardReader
from cleanplate.synth.places.rooms import PLACES

TINY = ("--count", "2", "--size", "64x48", "--assets", "procedural", "--workers", "1")


def _synth(out: Path, *more: str) -> int:
    return main(["synth", "--out", str(out), *TINY, *more])


@pytest.mark.slow
def test_it_writes_a_data_set_of_the_size_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _synth(tmp_path / "d", "--seed", "5", "--size", "45", "--sheet", str(tmp_path / "sheet.png")) == 0
    assert (tmp_path / "sheet.png").exists()
    reader = ShardReader(tmp_path / "d")
    assert (len(reader), reader.size_hw) == (2, (45, 60))
    told = capsys.readouterr()
    assert reader.fingerprint in told.out
    assert told.err.startswith("cleanplate: rendering: 2 samples in ")
    assert _synth(tmp_path / "d", "--seed", "5") == 1
    assert "already holds a data set" in capsys.readouterr().err


@pytest.mark.slow
def test_a_test_set_says_what_it_has_only(tmp_path: Path) -> None:
    assert _synth(tmp_path / "d", "--only", "light") == 0
    assert json.loads((tmp_path / "d" / "manifest.json").read_text())["about"]["only"] == "light"
    assert not any(sample.alpha.any() for sample in ShardReader(tmp_path / "d"))


@pytest.mark.slow
def test_a_data_set_says_how_near_anybody_comes_where_that_is_not_as_usual(tmp_path: Path) -> None:
    assert _synth(tmp_path / "far", "--nearest", "1.5") == 0
    assert json.loads((tmp_path / "far" / "manifest.json").read_text())["about"]["nearest_m"] == 1.5
    assert all(sample.shot_depth_m[sample.alpha > 0.5].min(initial=9) > 1 for sample in ShardReader(tmp_path / "far"))
    assert _synth(tmp_path / "usual") == 0
    about = json.loads((tmp_path / "usual" / "manifest.json").read_text())["about"]
    assert not {"nearest_m", "least", "cut_off"} & about.keys()


@pytest.mark.slow
def test_a_data_set_says_who_comes_and_how_much_they_cover(tmp_path: Path) -> None:
    assert _synth(tmp_path / "large", "--only", "people", "--least", "0.1") == 0
    about = json.loads((tmp_path / "large" / "manifest.json").read_text())["about"]
    assert (about["only"], about["least"]) == ("people", 0.1)
    assert all(sample.alpha.mean() >= 0.1 for sample in ShardReader(tmp_path / "large"))


@pytest.mark.slow
def test_a_data_set_says_that_the_picture_cuts_off_who_comes(tmp_path: Path) -> None:
    assert _synth(tmp_path / "cut", "--cut-off") == 0
    assert json.loads((tmp_path / "cut" / "manifest.json").read_text())["about"]["cut_off"] is True


@pytest.mark.slow
def test_folders_are_written_drawn_and_inspected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, sheet = tmp_path / "d", tmp_path / "sheet.png"
    assert _synth(out, "--layout", "folders", "--sheet", str(sheet)) == 0
    assert sheet.exists()
    assert {path.name for path in out.iterdir()} == {"bg", "fg_bg", "mask", "depth", "manifest.json"}
    capsys.readouterr()
    assert main(["inspect", str(out), "--verify"]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert ["kind", "folders"] in lines
    assert ["depth.quantity", "depth"] in lines
    assert ["depth.unit", "m"] in lines
    next((out / "mask").rglob("*.png")).unlink()
    assert main(["inspect", str(out)]) == 1
    assert "has no mask" in capsys.readouterr().err


def test_an_existing_data_set_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    assert _synth(tmp_path) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert (tmp_path / "manifest.json").read_text() == "{}"


@pytest.mark.parametrize("size", ["16", "5000", "64x", "x48", "12x12", "99999x48", "-64x48", "64x48x3", "large"])
def test_a_size_that_is_none_is_wrong_usage(size: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth", "--out", str(tmp_path / "d"), "--count", "2", f"--size={size}"]) == 2
    err = capsys.readouterr().err
    assert size in err
    assert err.count("\n") == 1
    assert not (tmp_path / "d").exists()


def test_a_sheet_that_cannot_be_drawn_is_told_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _synth(tmp_path / "d", "--sheet", "sheet.pdf") == 2
    assert "sheet.pdf: a contact sheet is a picture" in capsys.readouterr().err
    missing = tmp_path / "missing" / "sheet.png"
    assert _synth(tmp_path / "d", "--sheet", str(missing)) == 1
    assert f"{missing}: its folder is not there; make {missing.parent}" in capsys.readouterr().err
    (tmp_path / "mine.png").write_bytes(b"mine")
    assert _synth(tmp_path / "d", "--sheet", str(tmp_path / "mine.png")) == 1
    assert "mine.png: is there already; add --overwrite" in capsys.readouterr().err
    assert not (tmp_path / "d").exists()


def test_without_a_pack_it_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEANPLATE_CACHE", str(tmp_path / "cache"))
    assert main(["synth", "--out", str(tmp_path / "d"), "--count", "2"]) == 1
    err = capsys.readouterr().err
    assert "run cleanplate assets first; data is also made without it, by cleanplate synth --assets procedural" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "d").exists()


def test_a_missing_extra_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("cleanplate.synth")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "embreex.rtcore", None)
    assert _synth(tmp_path / "d") == 2
    assert "pip install 'cleanplate[synth]'" in capsys.readouterr().err


def test_a_cluster_without_ray_names_the_extra(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert _synth(tmp_path / "d", "--ray", "local") == 2
    assert "pip install 'cleanplate[ray]'" in capsys.readouterr().err
    assert not (tmp_path / "d").exists()  # begun, it would refuse other options


@pytest.mark.long
@pytest.mark.parametrize("layout", ["shards", "folders"])
def test_killed_again_and_again_it_makes_the_bytes_of_one_run(tmp_path: Path, layout: str) -> None:
    options = ["--count", "72", "--size", "48", "--assets", "procedural", "--workers", "2", "--layout", layout]
    assert main(["synth", "--out", str(tmp_path / "whole"), *options]) == 0
    command = [sys.executable, "-m", "cleanplate", "synth", "--out", str(tmp_path / "d"), *options]
    for num_units in (1, 4, 6):  # of 9
        running = subprocess.Popen(command, start_new_session=True)
        _wait_for_units(running, tmp_path / "d", num_units)
        os.killpg(running.pid, signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL
    assert main(["synth", "--out", str(tmp_path / "d"), *options]) == 0
    whole, again = (_contents(tmp_path / name) for name in ("whole", "d"))
    assert whole == again
    assert len([name for name in whole if name.endswith(".png")]) == (4 * 72 if layout == "folders" else 0)


def _wait_for_units(running: subprocess.Popen[Any], folder: Path, num_units: int) -> None:
    """Return once so many units are finished, or the process has ended."""
    while running.poll() is None and _num_finished(folder) < num_units:
        time.sleep(0.02)


def _num_finished(folder: Path) -> int:
    ledger = folder / LEDGER
    return max(0, ledger.read_bytes().count(b"\n") - 1) if ledger.exists() else 0


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.long
def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(tmp_path: Path) -> None:
    options = ["--count", "72", "--size", "48", "--assets", "procedural", "--workers", "2"]
    command = [sys.executable, "-m", "cleanplate", "synth", "--out", str(tmp_path / "d"), *options]
    running = subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True)
    _wait_for_units(running, tmp_path / "d", 1)
    assert running.poll() is None
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does: to all of them
    _, told = running.communicate(timeout=10)
    assert running.returncode == 130
    assert told.startswith("cleanplate: stopped; ")
    assert told.endswith(" of 72 samples are kept, and the same command goes on with the rest\n")
    assert told.count("\n") == 1
    assert not list((tmp_path / "d").glob(".*.part"))


def test_every_place_can_be_asked_for() -> None:
    (option,) = (parameter for parameter in command.params if parameter.name == "place")
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == PLACES
