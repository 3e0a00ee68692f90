"""Bad material for a data set is one line on standard error that names the file, and nothing half-made stays."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage

from cleanplate.cli.main import main
from cleanplate.imaging.files import encode_png
from cleanplate.jobs.ledger import LEDGER

ModelMaker = Callable[..., Path]
RNG = np.random.default_rng(3)


def picture(path: Path, *shape: int, colour: int | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = RNG.integers(0, 255, shape) if colour is None else np.full(shape, colour)
    path.write_bytes(encode_png(values.astype(np.uint8)))
    return path


@pytest.fixture
def material(tmp_path: Path) -> list[str]:
    """The options that name one photo of 80 x 60 and one cut-out of 20 x 40."""
    picture(tmp_path / "bg" / "hall.png", 60, 80, 3)
    rgba = np.full((44, 24, 4), 255, np.uint8)
    rgba[:2], rgba[-2:], rgba[:, :2], rgba[:, -2:] = 0, 0, 0, 0
    (tmp_path / "fg").mkdir()
    PilImage.fromarray(rgba).save(tmp_path / "fg" / "ann.png")
    words = ["--backgrounds", tmp_path / "bg", "--foregrounds", tmp_path / "fg", "--out", tmp_path / "out"]
    return [*map(str, words), "--size", "60", "--places", "4", "--workers", "1"]


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder set of somebody else with three samples."""
    for name in ("a", "b", "c"):
        for kind in ("bg", "fg_bg"):
            picture(tmp_path / "set" / kind / f"{name}.png", 32, 32, 3)
        picture(tmp_path / "set" / "mask" / f"{name}.png", 32, 32, colour=255)
    return tmp_path / "set"


def assert_one_line(error: str, named: str | Path) -> None:
    lines = [line for line in error.splitlines() if " samples in " not in line and " shots in " not in line]
    assert len(lines) == 1, error
    assert lines[0].startswith("cleanplate: ")
    assert str(named) in lines[0]


def test_a_foreground_without_alpha(tmp_path: Path, material: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    bad = picture(tmp_path / "fg" / "bob.png", 30, 20, 3)
    assert main(["compose", *material]) == 1
    error = capfd.readouterr().err
    assert_one_line(error, bad)
    assert "has no transparency, so nothing is cut out; give a PNG, WebP or TIFF with alpha" in error
    assert not (tmp_path / "out").exists()


def test_a_background_smaller_than_the_foreground(
    tmp_path: Path, material: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    bad = picture(tmp_path / "bg" / "small.png", 36, 48, 3)
    assert main(["compose", *material, "--size", "40x32"]) == 1
    error = capfd.readouterr().err
    assert_one_line(error, bad)
    assert (
        f"is smaller than a foreground: 45 x 36 pixels of it are used, {tmp_path / 'fg' / 'ann.png'} is 20 x 40"
        in error
    )
    assert not (tmp_path / "out").exists()


def test_a_background_smaller_than_the_pictures(
    tmp_path: Path, material: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    bad = picture(tmp_path / "bg" / "small.png", 48, 80, 3)
    assert main(["compose", *material]) == 1
    assert_one_line(capfd.readouterr().err, f"{bad}: is 80 x 48 pixels, too small for pictures of 80 x 60")
    assert not (tmp_path / "out").exists()


def test_two_photos_with_one_stem(tmp_path: Path, material: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    PilImage.new("RGB", (80, 60)).save(tmp_path / "bg" / "hall.jpg")
    assert main(["compose", *material]) == 1
    error = capfd.readouterr().err
    assert_one_line(error, tmp_path / "bg" / "hall.jpg")
    assert str(tmp_path / "bg" / "hall.png") in error


@pytest.mark.parametrize("layout", ["folders", "shards"])
def test_a_full_disk(tmp_path: Path, material: list[str], layout: str, capfd: pytest.CaptureFixture[str]) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, before[1]))  # a picture is larger, and so is a tar
        assert main(["compose", *material, "--layout", layout]) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    error = capfd.readouterr().err
    assert_one_line(error, f"{tmp_path / 'out'}")
    assert "cannot be written (File too large); make room" in error
    assert "0 of 4 samples are kept, and the same command goes on with the rest" in error
    assert list((tmp_path / "out").iterdir()) == []  # nothing was made: nothing binds the next try
    assert main(["compose", *material, "--layout", layout]) == 0


def test_a_disk_that_is_full_while_a_set_is_labelled(
    theirs: Path, make_teacher: ModelMaker, capfd: pytest.CaptureFixture[str]
) -> None:
    resource = pytest.importorskip("resource")
    label = ["label", str(theirs), "--teacher", str(make_teacher()), "--teacher-gives", "depth", "--workers", "1"]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1500, before[1]))
        assert main(label) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    error = capfd.readouterr().err
    assert_one_line(error, theirs)
    assert "0 of 3 shots are kept, and the same command goes on with the rest" in error
    assert {path.name for path in theirs.iterdir()} == {"bg", "fg_bg", "mask", LEDGER}
    assert main(label) == 0


def test_pictures_of_others_in_the_folder_for_a_set(
    material: list[str], theirs: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = sorted(theirs.rglob("*"))
    assert main(["compose", *material, "--out", str(theirs)]) == 1
    assert_one_line(capfd.readouterr().err, f"{theirs / 'bg'}: is there already; name another folder")
    synth = ["synth", "--count", "1", "--size", "48", "--assets", "procedural", "--layout", "folders"]
    assert main([*synth, "--out", str(theirs)]) == 1
    assert_one_line(capfd.readouterr().err, f"{theirs / 'bg'}: is there already; name another folder")
    assert sorted(theirs.rglob("*")) == before


def test_an_interrupted_set(tmp_path: Path, material: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["compose", *material]) == 0
    (tmp_path / "out" / "manifest.json").unlink()
    (tmp_path / "out" / LEDGER).write_text('{"plan": {"count": 4}}\n')
    capfd.readouterr()
    assert main(["inspect", str(tmp_path / "out")]) == 1
    assert_one_line(
        capfd.readouterr().err, f"{tmp_path / 'out'}: is not finished; to go on, repeat the command that began it"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"broken": "colours", "gives": (1, 3, "h", "w")},
            "its map is tensor(float) (1, 3, h, w); a teacher gives one",
        ),
        ({"takes": (1, 1, "h", "w")}, "its picture is tensor(float) (1, 1, h, w); a teacher takes one RGB picture"),
        ({"broken": "inputs"}, "takes 2 inputs (picture, other); a teacher takes one picture"),
    ],
)
def test_a_teacher_of_the_wrong_shape(
    theirs: Path, make_teacher: ModelMaker, options: dict[str, object], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    model = make_teacher(**options)
    assert main(["label", str(theirs), "--teacher", str(model), "--teacher-gives", "depth"]) == 1
    error = capfd.readouterr().err
    assert_one_line(error, model)
    assert said in error
    assert {path.name for path in theirs.iterdir()} == {"bg", "fg_bg", "mask"}


def test_pictures_of_no_bytes(theirs: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (theirs / "mask" / "b.png").write_bytes(b"")
    assert main(["inspect", str(theirs)]) == 1
    assert_one_line(capfd.readouterr().err, f"{theirs}: mask/b.png: empty, 0 bytes; copy the set again")


def test_two_files_of_a_set_with_one_stem(theirs: Path, capfd: pytest.CaptureFixture[str]) -> None:
    PilImage.new("RGB", (32, 32)).save(theirs / "fg_bg" / "b.jpg")
    assert main(["inspect", str(theirs)]) == 1
    error = capfd.readouterr().err
    assert_one_line(error, "fg_bg/b.jpg")
    assert "fg_bg/b.png" in error
    assert "have one name; remove one, or rename it" in error


def test_a_set_that_does_not_pair(theirs: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        (theirs / "mask" / f"{name}.png").rename(theirs / "mask" / f"{name}_mask.png")
    assert main(["inspect", str(theirs)]) == 1
    assert_one_line(
        capfd.readouterr().err,
        f"{theirs}: its pictures do not pair by their names: fg_bg/a has no mask, fg_bg/b has no mask, "
        "mask/a_mask has no fg_bg and 1 more; name them alike, or give the rule with --pairs",
    )


def test_a_rule_that_is_none(theirs: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(theirs), "--pairs", "{bg}_{n}"]) == 2
    assert_one_line(capfd.readouterr().err, "'{bg}_{n}' is no rule for names; give KIND=TEMPLATE")


@pytest.mark.parametrize("size", ["8", "40x", "x40", "5000", "large"])
def test_a_teacher_size_that_is_none(theirs: Path, size: str, capfd: pytest.CaptureFixture[str]) -> None:
    options = ["--teacher", "t.onnx", "--teacher-gives", "depth", f"--teacher-size={size}"]
    assert main(["label", str(theirs), *options]) == 2
    assert_one_line(capfd.readouterr().err, f"{size!r} is no size")
