"""A folder set, cleanplate's own or somebody else's, gives the samples that went into it."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PilImage

from cleanplate.errors import InputError, UsageError
from cleanplate.imaging.files import encode_png
from cleanplate.jobs.ledger import LEDGER
from cleanplate.sample.depthcodes import MILLIMETRES, DepthCodes
from cleanplate.sample.folder_reader import FolderReader
from cleanplate.sample.folders import pictures_of, write_folder_manifest, write_pictures
from cleanplate.sample.naming import name_rule
from cleanplate.sample.opening import open_samples
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import ShardReader, write_shards

FolderMaker = Callable[..., Path]
NAMES = ["a.png", "b.png"]


def _sample(index: int) -> Sample:
    rng = np.random.default_rng(index)
    plate, other = rng.random((2, 20, 24, 3), np.float32)
    alpha = rng.random((20, 24), np.float32)
    alpha[:, 12:] = 0
    depth_m = rng.uniform(0.5, 40, (20, 24)).astype(np.float32)
    depth_m[0] = 0
    shot = alpha[..., None] * other + (1 - alpha[..., None]) * plate
    return Sample(f"s1-{index}", f"s1-{index}", (), plate, shot, alpha, depth_m, depth_m)


def write_set(folder: Path, count: int = 3) -> str:
    """What `generate` does, without rendering."""
    entries: list[dict[str, Any]] = []
    for index in range(count):
        pictures = pictures_of(_sample(index), f"00000/s1-{index}")
        entry = write_pictures(folder, pictures)
        entries.append(entry | {"files": {file: len(data) for file, data in pictures}})
    rule = name_rule(["fg_bg={unit}/{scene}"])
    about = {"generator": "a test"}
    return write_folder_manifest(
        folder, entries, num_samples=count, size_hw=(20, 24), rule=rule, depth=MILLIMETRES, about=about
    )


def test_folders_hold_what_shards_hold(tmp_path: Path) -> None:
    fingerprint = write_set(tmp_path / "folders")
    write_shards(tmp_path / "shards", [_sample(index) for index in range(3)], {})
    folders, shards = open_samples(tmp_path / "folders"), open_samples(tmp_path / "shards")
    assert isinstance(folders, FolderReader)
    assert isinstance(shards, ShardReader)
    assert (len(folders), folders.fingerprint) == (3, fingerprint)
    assert folders.scenes == shards.scenes == {"s1-0", "s1-1", "s1-2"}
    for index in range(3):
        one, other = folders[index], shards[index]
        assert one.scene == other.scene
        for name in ("plate", "shot", "alpha", "shot_depth_m"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        known = one.plate_depth_m > 0
        np.testing.assert_array_equal(one.plate_depth_m[known], other.plate_depth_m[known])
        assert known[1:, 12:].all()  # where alpha is 0, and not the sky
        assert not known[one.alpha > 0].any()


def test_a_plate_that_changed_has_no_depth_from_the_shot(tmp_path: Path) -> None:
    write_set(tmp_path)
    path = tmp_path / "bg" / "00000" / "s1-0.png"
    plate = np.asarray(PilImage.open(path)).copy()
    plate[10:, 12:] = 255 - plate[10:, 12:] // 4  # something was taken away since
    path.write_bytes(encode_png(plate))
    (tmp_path / "manifest.json").unlink()
    sample = FolderReader(tmp_path, depth_is="depth")[0]
    different = np.abs(sample.plate - sample.shot).max(-1) > 0.1
    assert different[10:, 12:].any()
    assert not sample.plate_depth_m[different].any()
    assert (sample.plate_depth_m[1:10, 12:] > 0).all()


def test_a_reader_can_be_sent_to_another_process(tmp_path: Path) -> None:
    write_set(tmp_path)
    reader = FolderReader(tmp_path)
    again = pickle.loads(pickle.dumps(reader))  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(again[1].shot, reader[1].shot)
    for index in (-1, 3):
        with pytest.raises(IndexError):
            reader[index]


def test_verify_finds_a_single_changed_byte(tmp_path: Path) -> None:
    write_set(tmp_path)
    FolderReader(tmp_path).verify()
    path = tmp_path / "mask" / "00000" / "s1-1.png"
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="is not what was written"):
        FolderReader(tmp_path).verify()


def test_a_set_without_a_manifest_has_nothing_to_verify_with(foreign: FolderMaker) -> None:
    with pytest.raises(InputError, match=r"has no manifest\.json"):
        FolderReader(foreign(bg=NAMES, fg_bg=NAMES, mask=NAMES)).verify()


@pytest.mark.parametrize("damage", ["cut off", "added"])
def test_an_interrupted_copy_is_refused(tmp_path: Path, damage: str) -> None:
    write_set(tmp_path)
    path = tmp_path / "fg_bg" / "00000" / "s1-1.png"
    if damage == "cut off":
        path.write_bytes(path.read_bytes()[:-10])
    else:
        for kind in ("bg", "fg_bg", "mask", "depth"):
            (tmp_path / kind / "00000" / "s1-9.png").write_bytes(path.read_bytes())
    with pytest.raises(InputError, match="some of its pictures are not those that were written"):
        FolderReader(tmp_path)


@pytest.mark.parametrize("made", [False, True])  # then its labelling is what was interrupted
def test_an_unfinished_set_is_none(tmp_path: Path, *, made: bool) -> None:
    write_set(tmp_path)
    if not made:
        (tmp_path / "manifest.json").unlink()
    (tmp_path / LEDGER).write_text('{"plan": {}}\n')
    with pytest.raises(InputError, match="is not finished; to go on, repeat the command that began it"):
        FolderReader(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "is version 2, this cleanplate reads 1"),
        ({"depth": {"quantity": "nearness"}}, "does not say what its depth is"),
        ({"depth": {"quantity": "disparity", "unit": "m", "scale": 1}}, "does not say what its depth is"),
        ({"pairs": {"fg_bg": "{bg}_{bg}"}}, "its rule for names cannot be used"),
        ({"listing": "sha256:0"}, "not those that were written"),
        ({"listing": None}, "is damaged at listing; make the data set again"),
        ({"size_hw": [20]}, "is damaged at size_hw"),
        ({"about": 5}, "is damaged at about"),
        ({"pairs": {"fg_bg": 5}}, "is damaged at pairs"),
        ({"depth": 5}, "is damaged at depth"),
        ({"depth": {"quantity": "depth", "unit": "m", "scale": "1"}}, "does not say what its depth is"),
        ({"depth": {"quantity": "depth", "unit": "m", "scale": 1, "unknown": [0]}}, "does not say what its depth is"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused(tmp_path: Path, change: dict[str, object], message: str) -> None:
    write_set(tmp_path)
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(InputError, match=message):
        FolderReader(tmp_path)


def test_a_manifest_that_lacks_something_is_refused(tmp_path: Path) -> None:
    write_set(tmp_path)
    path = tmp_path / "manifest.json"
    fields = json.loads(path.read_text())
    del fields["pairs"]
    path.write_text(json.dumps(fields))
    with pytest.raises(InputError, match=r"manifest\.json: lacks pairs"):
        FolderReader(tmp_path)


@pytest.mark.parametrize(("depth_is", "left_m", "right_m"), [("disparity", 1 / 1.62, 1 / 0.48), ("depth", 8.0, 2.0)])
def test_a_foreign_set_is_read_the_way_its_depth_runs(
    foreign: FolderMaker, depth_is: str, left_m: float, right_m: float
) -> None:
    reader = FolderReader(foreign(bg=NAMES, fg_bg=NAMES, mask=NAMES, depth=NAMES), depth_is=depth_is)
    sample = reader[0]
    assert (sample.key, sample.alpha[0, 0], sample.alpha[0, 23]) == ("a", 1, 0)
    np.testing.assert_allclose(sample.shot_depth_m[:, :12], left_m, rtol=1e-4)
    np.testing.assert_allclose(sample.shot_depth_m[:, 12:], right_m, rtol=1e-4)
    np.testing.assert_array_equal(sample.plate_depth_m, np.where(sample.alpha > 0, 0, sample.shot_depth_m))


def test_a_foreign_set_must_say_which_way_its_depth_runs(foreign: FolderMaker) -> None:
    folder = foreign(bg=NAMES, fg_bg=NAMES, mask=NAMES, depth=NAMES)
    with pytest.raises(UsageError, match=r"depth: nothing says what its pictures show; give --depth-is disparity"):
        FolderReader(folder)


def test_without_depth_all_of_it_is_unknown(foreign: FolderMaker) -> None:
    sample = FolderReader(foreign(bg=NAMES, fg_bg=NAMES, mask=NAMES))[1]
    assert not sample.shot_depth_m.any()
    assert not sample.plate_depth_m.any()


def test_scenes_of_a_foreign_set_are_its_backgrounds_and_opening_reads_no_picture(foreign: FolderMaker) -> None:
    folder = foreign(bg=["hall.png"], fg_bg=["hall_1.png", "hall_2.png"], mask=["hall_1.png", "hall_2.png"])
    for path in folder.rglob("*.png"):
        path.write_bytes(b"x" * path.stat().st_size)
    reader = FolderReader(folder, ["fg_bg={bg}_{n}"])
    size = (folder / "bg" / "hall.png").stat().st_size
    assert reader.scenes == {f"hall, {size} bytes"}
    assert reader.fingerprint.startswith("sha256:")
    with pytest.raises(InputError, match=r"hall_1\.png: is not a picture"):
        reader[0]


def test_told_twice_is_wrong_usage(tmp_path: Path) -> None:
    write_set(tmp_path / "d")
    write_shards(tmp_path / "s", [_sample(0)], {})
    with pytest.raises(UsageError, match="leave --pairs out"):
        FolderReader(tmp_path / "d", ["fg_bg={bg}"])
    with pytest.raises(UsageError, match="holds depth, its manifest says; leave --depth-is out"):
        FolderReader(tmp_path / "d", depth_is="disparity")
    assert len(FolderReader(tmp_path / "d", depth_is="depth")) == 3
    with pytest.raises(UsageError, match="holds shards"):
        open_samples(tmp_path / "s", depth_is="depth")


def test_a_colour_map_is_no_depth(foreign: FolderMaker) -> None:
    folder = foreign(bg=NAMES, fg_bg=NAMES, mask=NAMES, depth=NAMES)
    coloured = np.zeros((20, 24, 3), np.uint8)
    coloured[..., 0] = 200
    PilImage.fromarray(coloured).save(folder / "depth" / "a.png")
    with pytest.raises(InputError, match=r"depth/a\.png: is coloured where a grey picture belongs"):
        FolderReader(folder, depth_is="depth")[0]


def test_pictures_of_half_the_size_are_brought_to_the_shots_and_others_refused(foreign: FolderMaker) -> None:
    folder = foreign(bg=NAMES, fg_bg=NAMES, mask=NAMES, depth=NAMES)
    (folder / "depth" / "a.png").write_bytes(encode_png(np.repeat([[51, 102]], 40, 0).repeat(24, 1).astype(np.uint8)))
    (folder / "mask" / "b.png").write_bytes(encode_png(np.zeros((20, 20), np.uint8)))
    reader = FolderReader(folder, depth_is="depth")
    assert set(np.unique(reader[0].shot_depth_m)) == {np.float32(2), np.float32(4)}
    with pytest.raises(InputError, match=r"mask/b\.png: is 20 x 20 pixels and its shot in fg_bg 24 x 20"):
        reader[1]


def test_eight_and_sixteen_bits_have_one_scale() -> None:
    for quantity in ("disparity", "depth"):
        codes = DepthCodes(quantity, None, 1.0)
        small, large = np.array([[0, 51, 255]], np.uint8), np.array([[0, 51 * 257, 65535]], np.uint16)
        np.testing.assert_allclose(codes.metres(small), codes.metres(large), rtol=1e-6)


def test_a_mask_of_zeros_and_ones_is_refused(foreign: FolderMaker) -> None:
    folder = foreign(bg=NAMES, fg_bg=NAMES, mask=NAMES)
    PilImage.fromarray(np.eye(20, 24, dtype=np.uint8)).save(folder / "mask" / "a.png")
    with pytest.raises(InputError, match=r"mask/a\.png: has no value above 1; save masks with 255 for full"):
        FolderReader(folder)[0]


def test_a_mask_with_transparency_is_refused(foreign: FolderMaker) -> None:
    folder = foreign(bg=NAMES, fg_bg=NAMES, mask=NAMES)
    stored = np.full((20, 24, 4), 255, np.uint8)
    PilImage.fromarray(stored).save(folder / "mask" / "a.png")
    assert FolderReader(folder)[0].alpha.min() == 1
    stored[:, :12, 3] = 0
    PilImage.fromarray(stored).save(folder / "mask" / "a.png")
    with pytest.raises(InputError, match=r"mask/a\.png: has transparency where a grey picture belongs"):
        FolderReader(folder)[0]
