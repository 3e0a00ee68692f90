"""Bad input is one line on standard error that names the file, exit 1 or 2, no traceback, nothing half-written."""

import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cleanplate import CleanplateError, Plate
from cleanplate.cli.main import main
from cleanplate.imaging.files import encode_picture, encode_png

RNG = np.random.default_rng(7)
PICTURE = RNG.random((48, 64, 3), np.float32)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


BOMB = b"".join(
    [
        b"\x89PNG\r\n\x1a\n",
        chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)),
        chunk(b"IDAT", zlib.compress(bytes(1000))),
        chunk(b"IEND", b""),
    ]
)
BAD: dict[str, bytes | None] = {
    "missing.png": None,
    "empty.jpg": b"",
    "cut.jpg": encode_picture(PICTURE, ".jpg")[:-500],
    "cut.png": encode_picture(PICTURE, ".png")[:-500],
    "text.png": b"dear reader\n" * 50,
    "bomb.png": BOMB,
    "bomb_header.png": BOMB[:33],
    "one_pixel.png": encode_png(np.zeros((1, 1, 3), np.uint8)),
    "other_shape.png": encode_png(np.zeros((48, 48, 3), np.uint8)),
}

Run = Callable[[Path, Path, Path, Path], int]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.png"
    path.write_bytes(encode_picture(PICTURE, ".png"))
    return path


@pytest.fixture
def bad(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    content = BAD[request.param]
    path = tmp_path / request.param
    if content is not None:
        path.write_bytes(content)
    return path


def run(shot: Path, plate: Path, out: Path, model: Path) -> int:
    return main(["run", str(shot), "--plate", str(plate), "--out", str(out), "--model", str(model)])


def made_in(out: Path) -> list[str]:
    """All that is in a folder of results but what marks it as one."""
    return [path.name for path in out.iterdir() if path.name != ".cleanplate-results"]


def assert_one_line(error: str, named: Path) -> None:
    assert error.startswith("cleanplate: ")
    assert error.count("\n") == 1
    assert error.endswith("\n")
    assert str(named) in error
    assert "Traceback" not in error


@pytest.mark.parametrize("bad", BAD, indirect=True)
def test_a_bad_shot(
    tmp_path: Path, good: Path, bad: Path, difference_model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(bad, good, tmp_path / "out", difference_model) == 1
    assert_one_line(capfd.readouterr().err, bad)
    assert made_in(tmp_path / "out") == []


@pytest.mark.parametrize("bad", [name for name in BAD if name != "other_shape.png"], indirect=True)
def test_a_bad_plate_stops_before_any_work(
    tmp_path: Path, good: Path, bad: Path, difference_model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(good, bad, tmp_path / "out", difference_model) == 1
    told = capfd.readouterr()
    assert_one_line(told.err, bad)
    assert told.out == ""
    assert not (tmp_path / "out").exists()


def test_plate_and_shot_of_different_shape_are_both_named_with_their_sizes(
    tmp_path: Path, good: Path, difference_model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.png"
    other.write_bytes(encode_png(np.zeros((48, 48, 3), np.uint8)))
    assert run(other, good, tmp_path / "out", difference_model) == 1
    error = capfd.readouterr().err
    assert f"{other}: is 48 x 48 pixels but the plate {good} is 64 x 48" in error


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_or_infinity_in_an_array(difference_model: Path, value: float) -> None:
    array = PICTURE.copy()
    array[3, 4, 0] = value
    with pytest.raises(CleanplateError, match="plate: holds NaN or infinite values"):
        Plate.open(array, difference_model)
    with pytest.raises(CleanplateError, match="shot: holds NaN or infinite values"):
        Plate.open(PICTURE, difference_model).matte(array)


@pytest.mark.parametrize("kind", ["missing", "empty", "text", "cut", "foreign", "picture"])
def test_a_corrupt_or_foreign_model(
    tmp_path: Path,
    good: Path,
    make_model: Callable[..., Path],
    kind: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    whole = make_model(without_contract=kind == "foreign").read_bytes()
    contents = {"empty": b"", "text": b"text", "cut": whole[:-100], "foreign": whole, "picture": good.read_bytes()}
    model = tmp_path / "model.onnx"
    if kind != "missing":
        model.write_bytes(contents[kind])
    assert run(good, good, tmp_path / "out", model) == 1
    assert_one_line(capfd.readouterr().err, model)
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_is_a_file(
    tmp_path: Path, good: Path, difference_model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("mine")
    assert run(good, good, tmp_path / "out", difference_model) == 1
    assert_one_line(capfd.readouterr().err, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"
    assert run(good, good, tmp_path / "out" / "deeper", difference_model) == 1
    assert_one_line(capfd.readouterr().err, tmp_path / "out" / "deeper")


def test_an_output_folder_in_which_nothing_can_be_renamed(
    tmp_path: Path,
    good: Path,
    difference_model: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: Path, _target: Path) -> Path:
        raise PermissionError(13, "Permission denied", str(self))

    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".cleanplate-results").touch()
    monkeypatch.setattr(Path, "replace", refuse)
    assert run(good, good, tmp_path / "out", difference_model) == 1
    assert_one_line(capfd.readouterr().err, tmp_path / "out" / "good_matte.png")
    assert made_in(tmp_path / "out") == []


def test_an_output_folder_that_is_full(
    tmp_path: Path, good: Path, difference_model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))  # the cut-out is larger
        code = run(good, good, tmp_path / "out", difference_model)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert code == 1
    assert_one_line(capfd.readouterr().err, tmp_path / "out")
    assert made_in(tmp_path / "out") == []


def test_the_installed_command_prints_no_traceback(tmp_path: Path, good: Path, difference_model: Path) -> None:
    words = ["run", tmp_path / "none.png", "--plate", good, "--out", tmp_path / "out", "--model", difference_model]
    done = subprocess.run(
        [sys.executable, "-m", "cleanplate", *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert_one_line(done.stderr, tmp_path / "none.png")
