"""Every shot of a folder set gets the teacher's depth, and the set says what it means."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PilImage

from cleanplate.errors import InputError, ModelError
from cleanplate.imaging.files import decode_png, encode_png
from cleanplate.jobs.ledger import LEDGER
from cleanplate.jobs.units import Crew
from cleanplate.runtime import labelling
from cleanplate.runtime.labelling import label
from cleanplate.runtime.teacher import TeacherCall
from cleanplate.sample.folder_reader import FolderReader
from cleanplate.sample.folders import write_folder_manifest, write_pictures
from cleanplate.sample.naming import name_rule

ModelMaker = Callable[..., Path]
NAMES = [f"{n}/shot-{n}" for n in range(5)]


def shade(number: int) -> int:
    return 40 * (number + 1)


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A set of somebody else: five shots of 32 x 32, on the left black, on the right lighter from shot to shot."""
    for number, name in enumerate(NAMES):
        shot = np.zeros((32, 32, 3), np.uint8)
        shot[:, 16:] = shade(number)
        for kind, picture in (("bg", shot), ("fg_bg", shot), ("mask", shot[..., 0])):
            path = tmp_path / "set" / kind / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode_png(picture))
    return tmp_path / "set"


@pytest.fixture
def ours(theirs: Path) -> Path:
    """The same with the manifest of a composed set."""
    files = sorted(path.relative_to(theirs).as_posix() for path in theirs.rglob("*.png"))
    pictures = [(file, (theirs / file).read_bytes()) for file in files]
    entry = write_pictures(theirs, pictures) | {"files": {file: len(data) for file, data in pictures}}
    write_folder_manifest(
        theirs, [entry], num_samples=5, size_hw=(32, 32), rule=name_rule(), depth=None, about={"generator": "a test"}
    )
    return theirs


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "manifest.json").read_text())


@pytest.mark.parametrize("gives", ["disparity", "depth"])
def test_the_codes_give_back_what_the_teacher_gave(ours: Path, make_teacher: ModelMaker, gives: str) -> None:
    model = make_teacher(gain=10, shift=1)
    count, codes = label(ours, TeacherCall(model, gives))
    assert (count, codes.quantity, codes.unit, codes.unknown) == (5, gives, None, 0)
    for number, name in enumerate(NAMES):
        stored = decode_png((ours / "depth" / f"{name}.png").read_bytes())
        assert stored.dtype == np.uint16
        values = codes.offset + codes.scale * stored.astype(np.float64)
        np.testing.assert_allclose(values[:, :16], 1, atol=codes.scale)
        np.testing.assert_allclose(values[:, 16:], 1 + 10 * shade(number) / 255, atol=codes.scale)
    told = manifest(ours)
    assert told["depth"] == {
        "quantity": gives,
        "unit": None,
        "scale": codes.scale,
        "offset": codes.offset,
        "unknown": 0,
    }
    assert told["about"]["generator"] == "a test"
    assert told["about"]["teacher"]["gives"] == gives
    assert told["about"]["teacher"]["clipped_pixels"] == 0
    assert not (ours / LEDGER).exists()


@pytest.mark.parametrize("gives", ["disparity", "depth"])
def test_a_labelled_set_trains_the_way_the_teacher_runs(ours: Path, make_teacher: ModelMaker, gives: str) -> None:
    before = FolderReader(ours)
    assert not before[0].shot_depth_m.any()
    label(ours, TeacherCall(make_teacher(gain=10, shift=1), gives))
    reader = FolderReader(ours)
    reader.verify()
    assert reader.fingerprint != before.fingerprint
    depth_m = reader[2].shot_depth_m
    assert (depth_m > 0).all()
    assert (depth_m[0, 20] > depth_m[0, 5]) == (gives == "depth")


def test_a_set_of_somebody_else_gets_a_manifest_and_is_paired_as_told(theirs: Path, make_teacher: ModelMaker) -> None:
    for path in list((theirs / "mask").rglob("*.png")):
        path.rename(path.with_name(f"{path.stem}_mask.png"))
    label(theirs, TeacherCall(make_teacher(), "disparity"), ["fg_bg={a}/{b}", "mask={a}/{b}_mask", "depth={a}/{b}-d"])
    assert manifest(theirs)["pairs"]["depth"] == "{a}/{b}"
    reader = FolderReader(theirs)
    reader.verify()
    assert len(reader) == 5


def test_the_number_of_workers_and_being_stopped_change_nothing(
    ours: Path, make_teacher: ModelMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelling, "_UNIT", 2)
    call = TeacherCall(make_teacher(gain=3), "disparity")
    before = contents(ours)
    label(ours, call)
    whole = contents(ours)
    (tmp_path / "again").mkdir()
    for name, data in before.items():
        (tmp_path / "again" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "again" / name).write_bytes(data)
    with monkeypatch.context() as patched:
        patched.setattr(labelling, "_write_manifest", _interrupted)
        with pytest.raises(InputError, match="power"):
            label(tmp_path / "again", call)
    with pytest.raises(InputError, match="again: is not finished; to go on, repeat the command that began it"):
        FolderReader(tmp_path / "again")
    ledger = tmp_path / "again" / LEDGER
    ledger.write_text(ledger.read_text().replace('"clipped"', '"clapped"', 1))  # a damaged entry's unit is made again
    (tmp_path / "again" / "depth" / "3" / "shot-3.png").unlink()
    monkeypatch.setattr(labelling, "_measured", _interrupted)  # the scale is the one it was begun with
    with pytest.raises(InputError, match="power"):
        label(tmp_path / "again", TeacherCall(make_teacher(gain=4), "disparity"))
    label(tmp_path / "again", call)
    assert contents(tmp_path / "again") == whole


def test_a_damaged_shot_is_replaced_and_the_work_goes_on(
    ours: Path, make_teacher: ModelMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelling, "_UNIT", 2)
    monkeypatch.setattr(labelling, "_LOOKED_AT", 2)  # the first and the last
    (ours / "manifest.json").unlink()
    call, path = TeacherCall(make_teacher(gain=3), "disparity"), ours / "fg_bg" / f"{NAMES[3]}.png"
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    with pytest.raises(InputError, match="2 of 5 shots are kept, and the same command goes on with the rest"):
        label(ours, call)
    path.write_bytes(whole)
    kept = (ours / "depth" / f"{NAMES[0]}.png").stat().st_ino
    assert label(ours, call)[0] == 5
    assert (ours / "depth" / f"{NAMES[0]}.png").stat().st_ino == kept
    FolderReader(ours).verify()


def test_scenes_of_others_are_told_apart_by_their_size_before_and_after(theirs: Path, make_teacher: ModelMaker) -> None:
    before = FolderReader(theirs).scenes
    assert all(scene.endswith(" bytes") for scene in before)
    label(theirs, TeacherCall(make_teacher(), "disparity"))
    assert FolderReader(theirs).scenes == before


def _interrupted(*_: object) -> Any:
    raise InputError("the power is gone")


@pytest.mark.slow
def test_workers_make_what_one_process_makes(theirs: Path, make_teacher: ModelMaker, tmp_path: Path) -> None:
    call = TeacherCall(make_teacher(gain=3), "disparity")
    (tmp_path / "again").mkdir()
    for name, data in contents(theirs).items():
        (tmp_path / "again" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "again" / name).write_bytes(data)
    label(theirs, call)
    label(tmp_path / "again", call, crew=Crew(2))
    assert contents(tmp_path / "again") == contents(theirs)


def test_values_beyond_the_scale_are_clipped_and_counted(
    ours: Path, make_teacher: ModelMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelling, "_LOOKED_AT", 1)  # the first shot, the darkest
    label(ours, TeacherCall(make_teacher(), "disparity"))
    top = 2 ** np.ceil(np.log2(2 * shade(0) / 255))
    brighter = sum(shade(number) / 255 > top for number in range(5))
    assert brighter > 0
    assert manifest(ours)["about"]["teacher"]["clipped_pixels"] == brighter * 32 * 16


def test_depth_behind_the_camera_is_unknown(ours: Path, make_teacher: ModelMaker) -> None:
    label(ours, TeacherCall(make_teacher(gain=4, shift=-1), "depth"))
    depth_m = FolderReader(ours)[4].shot_depth_m
    assert not depth_m[:, :16].any()
    assert (depth_m[:, 16:] > 0).all()
    assert manifest(ours)["about"]["teacher"]["clipped_pixels"] == 0


def test_disparity_may_be_negative(ours: Path, make_teacher: ModelMaker) -> None:
    _, codes = label(ours, TeacherCall(make_teacher(gain=4, shift=-1), "disparity"))
    stored = decode_png((ours / "depth" / f"{NAMES[0]}.png").read_bytes())
    np.testing.assert_allclose(codes.offset + codes.scale * stored[:, :16].astype(np.float64), -1, atol=codes.scale)


def test_a_teacher_that_sees_nothing_is_refused(ours: Path, make_teacher: ModelMaker) -> None:
    before = contents(ours)
    with pytest.raises(ModelError, match=r"gives one value everywhere in each of 5 shots; try another --teacher-sees"):
        label(ours, TeacherCall(make_teacher(gain=0, shift=7), "disparity"))
    assert contents(ours) == before


def test_depth_that_is_there_is_kept(theirs: Path, ours: Path, make_teacher: ModelMaker) -> None:
    call = TeacherCall(make_teacher(), "disparity")
    label(ours, call)
    with pytest.raises(InputError, match=r"has depth already \(disparity\)"):
        label(ours, call)
    (theirs / "manifest.json").unlink()
    with pytest.raises(InputError, match="depth: holds pictures already; move them away"):
        label(theirs, call)


def test_an_unfinished_set_and_shards_are_refused(theirs: Path, make_teacher: ModelMaker, tmp_path: Path) -> None:
    call = TeacherCall(make_teacher(), "disparity")
    (theirs / LEDGER).write_text('{"plan": {"count": 5}}\n')
    with pytest.raises(InputError, match="is not finished; to go on, repeat the command that began it"):
        label(theirs, call)
    (tmp_path / "manifest.json").write_text('{"format": "cleanplate-shards"}')
    with pytest.raises(InputError, match="holds no folder set; make one with --layout folders"):
        label(tmp_path, call)
    with pytest.raises(InputError, match="none: there is no such folder; check the name"):
        label(tmp_path / "none", call)


def test_a_damaged_shot_is_named_and_what_was_done_is_kept(
    theirs: Path, make_teacher: ModelMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelling, "_UNIT", 2)
    monkeypatch.setattr(labelling, "_LOOKED_AT", 2)
    path = theirs / "fg_bg" / f"{NAMES[3]}.png"
    whole = path.read_bytes()
    path.write_bytes(whole[:-20] + bytes(20))
    with pytest.raises(
        InputError, match=r"shot-3\.png: is damaged.*; 2 of 5 shots are kept, and the same command goes on"
    ):
        label(theirs, TeacherCall(make_teacher(), "disparity"))
    path.write_bytes(whole)
    assert PilImage.open(path).size == (32, 32)
    label(theirs, TeacherCall(make_teacher(), "disparity"))
    assert len(FolderReader(theirs)) == 5
