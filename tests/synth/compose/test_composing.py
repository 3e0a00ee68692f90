"""Every cut-out comes over every photo, whole, at its places; the set is the same whoever makes it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage

from cleanplate.errors import InputError, UsageError
from cleanplate.jobs.units import Crew
from cleanplate.sample.folder_reader import FolderReader
from cleanplate.sample.shards import ShardReader
from cleanplate.synth.compose import composing
from cleanplate.synth.compose.composing import Layout, compose

Photos = Callable[[], tuple[Path, Path]]
TINY = Layout(places=2, flip=True, size_hw=(60, 80), seed=7)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def made(photos: Photos, tmp_path: Path) -> Path:
    assert compose(tmp_path / "made", *photos(), TINY)[0] == 2 * 3 * 2 * 2
    return tmp_path / "made"


def test_backgrounds_times_foregrounds_times_places_times_two(made: Path) -> None:
    num = {kind: len(list((made / kind).rglob("*.png"))) for kind in ("bg", "fg_bg", "mask")}
    assert num == {"bg": 2, "fg_bg": 24, "mask": 24}
    assert not (made / "depth").exists()
    reader = FolderReader(made)
    assert (len(reader), len(reader.scenes), len(reader.people)) == (24, 2, 3)
    assert {name.rsplit("-", 1)[0] for name in reader.scenes} == {"hall", "a_park_2"}
    assert {name.rsplit("-", 1)[0] for name in reader.people} == {"ann", "bob_v2", "cat"}


def test_a_shot_is_the_plate_with_the_cutout_over_it(made: Path) -> None:
    reader = FolderReader(made)
    boxes: set[tuple[int, ...]] = set()
    for sample in map(reader.__getitem__, range(len(reader))):
        assert sample.shot.shape == (60, 80, 3)
        np.testing.assert_array_equal(sample.shot[sample.alpha == 0], sample.plate[sample.alpha == 0])
        assert sample.alpha.max() == 1
        rows, columns = (np.flatnonzero((sample.alpha > 0).any(axis)) for axis in (1, 0))
        boxes.add((int(rows[0]), int(columns[0]), len(rows), len(columns)))
        inside = sample.shot[sample.alpha == 1]
        white = inside.min(-1) > 0.9
        assert 0.2 < white.mean() < 0.8
        across = np.nonzero(sample.alpha == 1)[1]
        assert (across[white].mean() < across[~white].mean()) == sample.key.endswith("-flip")
        assert not sample.shot_depth_m.any()
    assert len(boxes) > 20
    # half to all of its own size: 40 x 20 and 60 x 30 px beside backgrounds twice and 5/3 as large as the pictures
    assert all(9 <= rows <= 36 for _, _, rows, _ in boxes)


def test_a_soft_rim_has_the_cutouts_colour_and_not_the_nothing_around_it(made: Path) -> None:
    sample = FolderReader(made)[0]
    rim = (sample.alpha > 0.2) & (sample.alpha < 0.8)
    assert rim.any()
    coverage = sample.alpha[rim][:, None]
    colour = (sample.shot[rim] - (1 - coverage) * sample.plate[rim]) / coverage
    red = np.abs(colour - np.array([60 / 255, 20 / 255, 20 / 255])).max(-1)
    assert np.minimum(red, np.abs(colour - 1).max(-1)).max() < 0.1


def test_the_number_of_workers_changes_nothing(made: Path, tmp_path: Path) -> None:
    compose(tmp_path / "again", tmp_path / "backgrounds", tmp_path / "foregrounds", TINY, crew=Crew(2))
    assert contents(tmp_path / "again") == contents(made)


def test_units_of_many_foregrounds_are_the_same_samples(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composing, "_UNIT", 8)
    compose(tmp_path / "again", tmp_path / "backgrounds", tmp_path / "foregrounds", TINY)
    assert contents(tmp_path / "again") == contents(made)


def test_a_stopped_set_goes_on_and_others_are_refused(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, backgrounds, foregrounds = tmp_path / "again", tmp_path / "backgrounds", tmp_path / "foregrounds"
    with monkeypatch.context() as patched:
        patched.setattr(composing, "write_folder_manifest", _interrupted)
        with pytest.raises(InputError, match="power"):
            compose(out, backgrounds, foregrounds, TINY)
    next((out / "mask").rglob("*.png")).unlink()
    with pytest.raises(InputError, match="is not finished"):
        FolderReader(out)
    with pytest.raises(InputError, match="was begun with count 24, places 2, not 36, 3"):
        compose(out, backgrounds, foregrounds, replace(TINY, places=3))
    cat = (foregrounds / "cat.png").read_bytes()
    (foregrounds / "cat.png").write_bytes((foregrounds / "bob.v2.png").read_bytes())
    with pytest.raises(InputError, match="was begun with other foregrounds; give what it was begun with"):
        compose(out, backgrounds, foregrounds, TINY)
    (foregrounds / "cat.png").write_bytes(cat)
    compose(out, backgrounds, foregrounds, TINY)
    assert contents(out) == contents(made)
    with pytest.raises(InputError, match="already holds a data set"):
        compose(out, backgrounds, foregrounds, TINY)


def _interrupted(*_: object, **__: object) -> str:
    raise InputError("the power is gone")


def test_a_photo_that_changes_meanwhile_is_noticed(
    photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backgrounds, foregrounds = photos()

    def meanwhile(*_: object) -> None:
        PilImage.new("RGB", (160, 120)).save(backgrounds / "hall.png")

    monkeypatch.setattr(composing, "refuse_large", meanwhile)
    with pytest.raises(InputError, match=r"hall\.png: on .* is another than when the work began; put it back"):
        compose(tmp_path / "d", backgrounds, foregrounds, TINY)


def test_shards_hold_the_same_samples_and_no_depth(made: Path, tmp_path: Path) -> None:
    compose(tmp_path / "s", tmp_path / "backgrounds", tmp_path / "foregrounds", TINY, layout="shards")
    folders, shards = FolderReader(made), ShardReader(tmp_path / "s")
    assert (shards.scenes, shards.people) == (folders.scenes, folders.people)
    by_key = {sample.key.replace("/", "-"): sample for sample in map(folders.__getitem__, range(24))}
    for sample in map(shards.__getitem__, range(24)):
        other = by_key[sample.key]
        for name in ("plate", "shot", "alpha", "shot_depth_m", "plate_depth_m"):
            np.testing.assert_array_equal(getattr(sample, name), getattr(other, name))


def test_an_unknown_layout_is_wrong_usage(photos: Photos, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="choose folders or shards"):
        compose(tmp_path / "d", *photos(), TINY, layout="drawers")


@pytest.mark.parametrize("kind", ["backgrounds", "foregrounds"])
def test_one_picture_under_two_names_is_told(photos: Photos, tmp_path: Path, kind: str) -> None:
    photos()
    original = min((tmp_path / kind).iterdir())
    first = original.rename(original.with_name("Screenshot 2024-01-01 at 10.00.00.png"))
    first.with_stem(f"{first.stem} copy").write_bytes(first.read_bytes())
    with pytest.raises(InputError, match=r"00\.00 copy\.png and .*00\.00\.png: the same picture twice; remove one"):
        compose(tmp_path / "d", tmp_path / "backgrounds", tmp_path / "foregrounds", TINY)


def test_a_damaged_background_is_told_before_the_work_begins(photos: Photos, tmp_path: Path) -> None:
    backgrounds, foregrounds = photos()
    data = (backgrounds / "hall.png").read_bytes()
    (backgrounds / "hall.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"hall\.png: .*damaged or cut off"):
        compose(tmp_path / "d", backgrounds, foregrounds, TINY)
    assert not (tmp_path / "d").exists()
