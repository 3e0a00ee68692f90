"""`cleanplate run --backdrop --shadow`: another place behind the foreground, and its shadow."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cleanplate.cli.main import main
from cleanplate.imaging.files import read_picture, write_picture

from .conftest import Refusal, names

Run = Callable[..., int]
USUAL = ["a_cutout.png", "a_depth.json", "a_depth.png", "a_matte.png", "a_preview.jpg"]


@pytest.fixture
def run(tmp_path: Path, difference_model: Path) -> Run:
    """Run on a bright square in a dark scene, whose results go to tmp_path / "out"."""
    plate = np.random.default_rng(2).uniform(0.1, 0.4, (32, 48, 3)).astype(np.float32)
    write_picture(tmp_path / "plate.png", plate)
    plate[8:24, 16:32] = 0.9
    write_picture(tmp_path / "a.png", plate)

    def call(*options: str) -> int:
        words = {"plate": tmp_path / "plate.png", "out": tmp_path / "out", "model": difference_model}
        return main(["run", str(tmp_path / "a.png"), *(f"--{k}={v}" for k, v in words.items()), *options])

    return call


def test_a_backdrop_adds_the_composite_over_it(tmp_path: Path, run: Run) -> None:
    assert run("--backdrop", "#00ff00") == 0
    assert names(tmp_path / "out") == sorted([*USUAL, "a_composite.jpg"])
    assert run("--backdrop", "#00ff00", "--only", "composite", "--bits", "16") == 0
    composite = read_picture(tmp_path / "out" / "a_composite.png").rgb
    assert composite[:6] == pytest.approx(np.broadcast_to(np.array([0, 1, 0], np.float32), (6, 48, 3)), abs=1e-4)
    assert composite[10:22, 18:30] == pytest.approx(0.9, abs=0.01)


def test_a_shadow_of_its_own_is_a_file_and_otherwise_there_is_none(tmp_path: Path, run: Run) -> None:
    assert run("--only", "matte", "--shadow", "separate", "--bits", "16") == 0
    assert names(tmp_path / "out") == ["a_matte.png", "a_shadow.png"]
    assert read_picture(tmp_path / "out" / "a_shadow.png").bits == 16


def test_a_composite_that_is_there_is_kept(tmp_path: Path, run: Run) -> None:
    assert run("--backdrop", "red", "--only", "composite") == 0
    (tmp_path / "out" / "a_composite.jpg").write_text("mine")
    assert run("--backdrop", "blue", "--only", "composite") == 0
    assert (tmp_path / "out" / "a_composite.jpg").read_text() == "mine"


def test_overwrite_replaces_a_composite_of_other_bits_and_nothing_else(tmp_path: Path, run: Run) -> None:
    assert run("--backdrop", "red") == 0
    (tmp_path / "out" / "b_composite.jpg").write_text("of another shot")
    assert run("--only", "matte", "--bits", "16", "--overwrite") == 0
    assert names(tmp_path / "out") == sorted([*USUAL, "a_composite.jpg", "b_composite.jpg"])
    assert run("--backdrop", "red", "--bits", "16", "--overwrite") == 0
    assert names(tmp_path / "out") == sorted([*USUAL, "a_composite.png", "b_composite.jpg"])
    assert run("--backdrop", "red", "--only", "composite", "--overwrite") == 0
    assert names(tmp_path / "out") == sorted([*USUAL, "a_composite.jpg", "b_composite.jpg"])


def test_a_composite_never_takes_the_place_of_its_backdrop(
    tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    backdrop = tmp_path / "out" / "a_composite.jpg"
    write_picture(backdrop, np.zeros((20, 20, 3), np.float32))
    before = backdrop.read_bytes()
    assert run("--backdrop", str(backdrop), "--overwrite") == 2
    assert "would be overwritten" in capsys.readouterr().err
    assert run("--backdrop", str(backdrop), "--overwrite", "--bits", "16") == 2  # nor is it removed as an older one
    assert "would be overwritten" in capsys.readouterr().err
    assert backdrop.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--only", "composite"), "give --backdrop"),
        (("--shadow", "keep"), "there is no composite to carry it"),
        (("--backdrop", "rouge"), "backdrop rouge: is no file, no colour"),
        (("--shadow", "separate", "--plate", "none"), "without a plate"),
        (("--backdrop", "blur", "--plate", "none"), "give --plate FILE"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(run: Run, refusal: Refusal, options: tuple[str, ...], said: str) -> None:
    assert run(*options) == 2
    refusal(said)
