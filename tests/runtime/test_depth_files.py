"""Depth in metres, and every format of it, says what it is and reads back."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cleanplate import Matte, Plate
from cleanplate.errors import InputError, UsageError
from cleanplate.imaging import Image
from cleanplate.imaging.depthfile import as_depth, read_depth
from cleanplate.imaging.exr import read_exr
from cleanplate.imaging.files import decode_png, encode_png
from cleanplate.plate.anchors import Anchor
from cleanplate.plate.doctor import examine
from cleanplate.runtime.depth_files import DepthFormat
from cleanplate.runtime.outputs import OutputChoice, write_outputs

SQUARE = (slice(8, 24), slice(16, 32))
SIZE_HW = (32, 48)
ANCHORS = [Anchor(5, 3, 2.4), Anchor(40, 30, 4.0)]


@pytest.fixture
def plate(difference_model: Path) -> Plate:
    """The model's disparity is the mean colour, here from 0.4 at the left to 0.2 at the right."""
    ramp = np.linspace(0.4, 0.2, SIZE_HW[1], dtype=np.float32)
    return Plate.open(
        np.broadcast_to(ramp[None, :, None], (*SIZE_HW, 3)).copy(), difference_model, doctor=False, closer=False
    )


def shot_of(plate: Plate) -> Image:
    shot = plate.rgb.copy()
    shot[SQUARE] = 0.8
    return shot


def written(folder: Path, plate: Plate, depth_format: DepthFormat) -> tuple[bytes, dict[str, Any], Matte]:
    matte = plate.matte(shot_of(plate))
    choice = OutputChoice(("depth",), depth_format=depth_format)
    write_outputs(matte, plate.session.contract, folder, "a", choice)
    data, sidecar = (folder / name for name in choice.names("a", "depth"))
    return data.read_bytes(), json.loads(sidecar.read_text()), matte


def points_in(data: bytes) -> NDArray[Any]:
    header, _, body = data.partition(b"end_header\n")
    assert header.startswith(b"ply\nformat binary_little_endian 1.0\n")
    fields = re.findall(rb"property (float|uchar) (\w+)", header)
    names = [(name.decode(), "<f4" if kind == b"float" else "u1") for kind, name in fields]
    points = np.frombuffer(body, np.dtype(names))
    assert [name for name, _ in names] == ["x", "y", "z", "red", "green", "blue"]
    assert int(re.findall(rb"element vertex (\d+)", header)[0]) == len(points)
    return points


def test_without_anchors_there_are_no_metres(plate: Plate) -> None:
    assert plate.matte(shot_of(plate)).depth_m is None


def test_depth_is_what_was_measured_at_every_anchor_and_the_person_inherits_it(plate: Plate) -> None:
    plate.look_through(60)
    assert plate.anchor(ANCHORS) == ()
    matte = plate.matte(shot_of(plate))
    assert matte.depth_m is not None
    for anchor in ANCHORS:
        wanted = plate.camera.depth_m(anchor.x, anchor.y, anchor.distance_m)
        assert matte.depth_m[anchor.y, anchor.x] == pytest.approx(wanted, rel=1e-4)
    scale = plate.depth_scale
    assert scale is not None
    assert matte.depth_m[SQUARE] == pytest.approx(1 / (0.8 * scale.scale + scale.shift), rel=1e-3)


def test_an_assumed_field_of_view_is_told(plate: Plate) -> None:
    assert "no field of view is given or in its EXIF; 65 degrees are assumed" in plate.anchor(ANCHORS)[-1]


def test_an_anchor_outside_the_plate_is_refused(plate: Plate) -> None:
    with pytest.raises(UsageError, match="lies outside its 48 x 32 pixels"):
        plate.anchor([Anchor(48, 3, 2.0)])


def test_a_depth_map_of_the_plate_is_its_depth_for_every_shot(plate: Plate) -> None:
    map_m = 1 / plate.rgb[..., 0]
    map_m[:4] = 0
    plate.anchor_by_depth(map_m)
    matte = plate.matte(shot_of(plate))
    assert matte.depth_m is not None
    room = matte.alpha == 0
    room[:4] = False
    assert np.array_equal(matte.depth_m[room], map_m[room])
    assert matte.depth_m[SQUARE] == pytest.approx(1 / 0.8, rel=1e-3)
    assert matte.depth_m[:4] == pytest.approx(1 / plate.rgb[:4, :, 0], rel=5e-3)


def test_a_depth_map_of_another_shape_is_refused(plate: Plate) -> None:
    with pytest.raises(InputError, match="depth: is 40 x 40 pixels but plate is 48 x 32"):
        plate.anchor_by_depth(np.ones((40, 40)))
    with pytest.raises(InputError, match="a depth map is floats"):
        plate.anchor_by_depth(np.ones((32, 48), np.uint8))


def test_a_code_of_a_png_in_metres_is_a_millimetre(tmp_path: Path, plate: Plate) -> None:
    plate.anchor(ANCHORS)
    data, sidecar, matte = written(tmp_path, plate, "png16")
    codes = decode_png(data)
    assert matte.depth_m is not None
    assert codes / 1000 == pytest.approx(matte.depth_m, abs=0.0006)
    assert (sidecar["quantity"], sidecar["unit"], sidecar["lo"], sidecar["hi"]) == ("depth_m", "m", 0, 65.535)
    assert [(found["x"], found["y"], found["distance_m"]) for found in sidecar["anchors"]] == [(5, 3, 2.4), (40, 30, 4)]
    assert sidecar["camera"]["fov_from"] == "assumed"
    assert sidecar["camera"]["fov_deg"] == pytest.approx(65)
    assert read_depth(tmp_path / "a_depth.png") == pytest.approx(codes / 1000)  # what is written can anchor a plate


def test_metres_beyond_the_codes_are_clipped_and_counted(tmp_path: Path, plate: Plate) -> None:
    plate.anchor([Anchor(5, 3, 80.0), Anchor(40, 30, 200.0)])
    data, sidecar, matte = written(tmp_path, plate, "png16")
    assert matte.depth_m is not None
    assert sidecar["clipped_pixels"] == np.count_nonzero(matte.depth_m > 65.535) > 0
    assert (decode_png(data)[matte.depth_m > 65.535] == 65535).all()


@pytest.mark.parametrize("anchored", [True, False])
def test_an_exr_holds_the_very_floats(tmp_path: Path, plate: Plate, anchored: bool) -> None:
    openexr: Any = pytest.importorskip("OpenEXR")
    if anchored:
        plate.anchor(ANCHORS)
    _, sidecar, matte = written(tmp_path, plate, "exr")
    wanted = matte.depth_m if anchored else matte.disparity
    assert wanted is not None
    with openexr.File(str(tmp_path / "a_depth.exr"), separate_channels=True) as stored:
        channels = {name: channel.pixels for name, channel in stored.channels().items()}
    assert list(channels) == ["Z" if anchored else "Y"]
    assert np.array_equal(next(iter(channels.values())), wanted)
    assert sidecar["quantity"] == ("depth_m" if anchored else "disparity")
    assert np.array_equal(read_depth(tmp_path / "a_depth.exr"), wanted)


def test_npy_holds_the_very_metres(tmp_path: Path, plate: Plate) -> None:
    plate.anchor(ANCHORS)
    _, sidecar, matte = written(tmp_path, plate, "npy")
    assert matte.depth_m is not None
    assert np.array_equal(np.load(tmp_path / "a_depth.npy"), matte.depth_m)
    assert sidecar["unit"] == "m"


def test_points_are_those_of_the_person_and_of_all_the_room_behind(tmp_path: Path, plate: Plate) -> None:
    plate.look_through(60)
    plate.anchor(ANCHORS)
    data, _, matte = written(tmp_path, plate, "ply")
    points = points_in(data)
    person, room = points[: 16 * 16], points[16 * 16 :]
    assert len(room) == 32 * 48
    assert matte.depth_m is not None
    assert -person["z"] == pytest.approx(matte.depth_m[SQUARE].ravel())
    assert (person["red"] == 204).all()  # 0.8: its own colour, no edge of the plate's
    assert (np.abs(room["green"] / 255 - plate.rgb[..., 1].ravel()) <= 0.003).all()
    for anchor in ANCHORS:
        point = room[anchor.y * 48 + anchor.x]
        assert np.linalg.norm([point["x"], point["y"], point["z"]]) == pytest.approx(anchor.distance_m, rel=1e-4)
    assert person["y"][0] > 0 > person["x"][0]  # upper left


def test_there_are_no_points_where_a_plate_that_was_moved_does_not_reach(tmp_path: Path, plate: Plate) -> None:
    moved = np.array([[1, 0, 5], [0, 1, 0], [0, 0, 1]], np.float64)
    matte = replace(plate.matte(plate.rgb), diagnosis=replace(examine(plate.rgb, plate.rgb), matrix=moved))
    beyond = matte.beyond
    assert beyond is not None
    assert beyond[:, :5].all()
    write_outputs(matte, plate.session.contract, tmp_path, "a", OutputChoice(("depth",), depth_format="ply"))
    assert len(points_in((tmp_path / "a_depth.ply").read_bytes())) == (~beyond).sum()


def test_points_without_metres_say_what_they_assume(tmp_path: Path, plate: Plate) -> None:
    data, sidecar, _ = written(tmp_path, plate, "ply")
    room = points_in(data)[16 * 16 :]
    assert -room["z"].max() == pytest.approx(1, rel=1e-3)
    assert (sidecar["quantity"], sidecar["unit"]) == ("depth", None)
    assert "the plate's nearest surface is taken to be at 1" in sidecar["assumed"]
    assert "no distance is given" in plate.assumption


def test_a_depth_map_is_read_from_every_kind_of_file(tmp_path: Path) -> None:
    metres = np.random.default_rng(0).uniform(0.5, 9, SIZE_HW).round(3).astype(np.float32)
    metres[0] = 0
    np.save(tmp_path / "a.npy", metres)
    (tmp_path / "a.png").write_bytes(encode_png(np.rint(metres * 1000).astype(np.uint16)))
    assert np.array_equal(read_depth(tmp_path / "a.npy"), metres)
    assert read_depth(tmp_path / "a.png") == pytest.approx(metres, abs=1e-6)


@pytest.mark.parametrize(("left", "top"), [(5, 3), (-4, -2), (14, 12), (30, 2), (-20, 0), (2, 40)])
def test_an_exr_that_holds_another_part_than_it_shows_is_put_in_its_place(tmp_path: Path, left: int, top: int) -> None:
    openexr: Any = pytest.importorskip("OpenEXR")
    stored = np.random.default_rng(0).uniform(1, 9, (6, 10)).astype(np.float32)
    windows = {"data": ((left, top), (left + 9, top + 5)), "display": ((0, 0), (19, 15))}
    header = {f"{name}Window": tuple(np.array(corner, np.int32) for corner in of) for name, of in windows.items()}
    with openexr.File(header | {"type": openexr.scanlineimage}, {"Z": stored}) as file:
        file.write(str(tmp_path / "a.exr"))
    wide = np.zeros((100, 100), np.float32)
    wide[40 + top : 46 + top, 40 + left : 50 + left] = stored
    assert np.array_equal(read_exr(tmp_path / "a.exr"), wide[40:56, 40:60])


def test_a_sky_of_one_huge_number_is_unknown_however_much_there_is_of_it() -> None:
    metres = np.full(SIZE_HW, 1e10, np.float32)
    metres[-4:] = np.linspace(2, 6, SIZE_HW[1], dtype=np.float32)
    assert np.array_equal(as_depth(metres), np.where(metres > 1000, 0, metres))


def test_what_is_beyond_a_kilometre_is_unknown_and_millimetres_are_no_metres(tmp_path: Path) -> None:
    metres = np.full(SIZE_HW, 3, np.float32)
    metres[:4] = 2000
    np.save(tmp_path / "a.npy", metres)
    assert np.array_equal(read_depth(tmp_path / "a.npy"), np.where(metres > 1000, 0, metres))
    np.save(tmp_path / "a.npy", metres * 1000)
    with pytest.raises(InputError, match=r"a\.npy: most of it is beyond 1000 m; if these are millimetres, divide"):
        read_depth(tmp_path / "a.npy")


def test_files_that_are_no_depth_map_are_refused(tmp_path: Path) -> None:
    (tmp_path / "grey.png").write_bytes(encode_png(np.ones(SIZE_HW, np.uint8)))
    (tmp_path / "empty.png").write_bytes(encode_png(np.zeros(SIZE_HW, np.uint16)))
    (tmp_path / "broken.npy").write_text("no array")
    (tmp_path / "broken.exr").write_text("no picture")
    np.save(tmp_path / "whole.npy", np.ones(SIZE_HW, np.int32))
    found: dict[str, str] = {}
    for name in ("grey.png", "empty.png", "broken.npy", "broken.exr", "whole.npy", "no.npy", "no.exr", "no.png"):
        with pytest.raises(InputError) as error:
            read_depth(tmp_path / name)
        found[name] = str(error.value)
    assert "save one channel of 16 bit" in found["grey.png"]
    assert "knows no depth between 0 and 1 km" in found["empty.png"]
    assert "holds int32" in found["whole.npy"]
    assert "cannot be read" in found["broken.npy"]
    assert "is no OpenEXR file" in found["broken.exr"]
    assert [name for name in found if "there is no such file" in found[name]] == ["no.npy", "no.exr", "no.png"]
