"""Data sets: the same bytes whoever makes them, disjoint by seed, and whole or to be gone on with."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cleanplate.errors import InputError, UsageError
from cleanplate.jobs.ledger import LEDGER
from cleanplate.jobs.units import Crew
from cleanplate.sample.folder_reader import FolderReader
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import ShardReader
from cleanplate.synth import generate as generation
from cleanplate.synth.generate import generate
from cleanplate.synth.shooting import Plan

TINY = Plan(3, (48, 64), 2, "procedural")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    generate(folder, 5, TINY, unit=2)
    return folder


@pytest.mark.slow
def test_every_shard_is_full_and_the_last_has_the_rest(made: Path) -> None:
    assert set(contents(made)) == {"00000.tar", "00001.tar", "00002.tar", "manifest.json"}
    reader = ShardReader(made)
    keys = [reader[index].key for index in range(len(reader))]
    assert [key.split("-")[:2] for key in keys] == [["s3", f"0000{unit}"] for unit in (0, 0, 1, 1, 2)]
    assert len(set(keys)) == 5


@pytest.mark.slow
def test_two_workers_make_the_bytes_of_one_process(made: Path, tmp_path: Path) -> None:
    generate(tmp_path, 5, TINY, unit=2, crew=Crew(2))
    assert contents(tmp_path) == contents(made)


@pytest.mark.slow
def test_seeds_share_neither_scenes_nor_people(made: Path, tmp_path: Path) -> None:
    generate(tmp_path, 2, replace(TINY, seed=4), unit=2)
    one, other = ShardReader(made), ShardReader(tmp_path)
    assert not one.scenes & other.scenes
    assert not one.people & other.people
    assert (one[0].plate != other[0].plate).any()


@pytest.mark.slow
def test_a_stopped_data_set_goes_on_and_another_plan_is_refused(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(generation, "write_manifest", _interrupted)
        with pytest.raises(InputError, match="power"):
            generate(tmp_path, 5, TINY, unit=2)
    (tmp_path / "00001.tar").unlink()
    with pytest.raises(InputError, match=r"was begun with count 5, seed 3, not 6, 9; give what it was begun with"):
        generate(tmp_path, 6, replace(TINY, seed=9), unit=2)
    generate(tmp_path, 5, TINY, unit=2)
    assert contents(tmp_path) == contents(made)
    with pytest.raises(InputError, match="already holds a data set"):
        generate(tmp_path, 5, TINY, unit=2)


@pytest.mark.slow
@pytest.mark.parametrize(("layout", "key"), [("shards", "size_hw"), ("folders", "digest")])
def test_a_unit_of_which_the_ledger_lacks_something_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str, key: str
) -> None:
    generate(tmp_path / "whole", 2, TINY, layout=layout, unit=1)
    with monkeypatch.context() as patched:
        for name in ("write_manifest", "write_folder_manifest"):
            patched.setattr(generation, name, _interrupted_folders)
        with pytest.raises(InputError, match="power"):
            generate(tmp_path / "again", 2, TINY, layout=layout, unit=1)
    ledger = tmp_path / "again" / LEDGER
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    del lines[1][key]
    ledger.write_text("".join(json.dumps(line) + "\n" for line in lines))
    generate(tmp_path / "again", 2, TINY, layout=layout, unit=1)
    assert contents(tmp_path / "again") == contents(tmp_path / "whole")


def test_a_work_in_which_nothing_finds_room_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def barren(*_: object) -> list[Sample]:
        return []

    monkeypatch.setattr(generation, "make_samples", barren)
    with pytest.raises(InputError, match="200 scenes in a row gave no shot; lower --nearest or --least, or"):
        generate(tmp_path / "d", 1, TINY)
    assert not list((tmp_path / "d").iterdir())


def test_a_name_that_the_system_refuses_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        generate(tmp_path / ("x" * 300), 1, TINY)


def test_tars_of_somebody_else_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "00000.tar").write_text("precious")
    with pytest.raises(InputError, match=r"00000\.tar: is there already; name another folder"):
        generate(tmp_path, 1, TINY)
    assert (tmp_path / "00000.tar").read_text() == "precious"


def _interrupted(*_: object) -> str:
    raise InputError("the power is gone")


def test_parts_that_differ_from_the_plans_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "parts_of", _Changing())
    with pytest.raises(InputError, match=r"has other parts than this machine; run  cleanplate assets"):
        generate(tmp_path, 5, TINY, unit=2)


class _Changing:
    """Parts that are others at every call, as on machines with different packs."""

    def __init__(self) -> None:
        self.fingerprint = "parts-"

    def __call__(self, _: Plan) -> "_Changing":
        self.fingerprint += "I"
        return self


def test_unknown_parts_are_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="choose one of pack, procedural"):
        generate(tmp_path, 5, replace(TINY, assets="lego"))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folders")
    generate(folder, 5, TINY, layout="folders", unit=2)
    return folder


@pytest.mark.slow
def test_folders_hold_the_pictures_of_the_shards(made: Path, folders: Path) -> None:
    shards, reader = ShardReader(made), FolderReader(folders)
    assert {path.name for path in folders.iterdir()} == {"bg", "fg_bg", "mask", "depth", "manifest.json"}
    assert len(list(folders.rglob("*.png"))) == 4 * 5
    assert (len(reader), reader.scenes) == (5, shards.scenes)
    by_key = {sample.key: sample for sample in map(shards.__getitem__, range(5))}
    for sample in map(reader.__getitem__, range(5)):
        other = by_key[sample.key.split("/")[1]]
        assert sample.scene == other.scene
        assert (sample.plate == other.plate).all()
        assert (sample.shot == other.shot).all()
        assert (sample.alpha == other.alpha).all()
        assert (sample.shot_depth_m == other.shot_depth_m).all()


@pytest.mark.slow
def test_two_workers_make_the_folders_of_one_process_and_a_stopped_set_goes_on(
    folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(generation, "write_folder_manifest", _interrupted_folders)
        with pytest.raises(InputError, match="power"):
            generate(tmp_path, 5, TINY, layout="folders", unit=2, crew=Crew(2))
    assert (tmp_path / LEDGER).exists()
    with pytest.raises(InputError, match="is not finished; to go on, repeat the command that began it"):
        FolderReader(tmp_path)
    lost, cut = sorted((tmp_path / "mask" / "00001").iterdir())
    lost.unlink()
    cut.write_bytes(cut.read_bytes()[:-1])
    with pytest.raises(InputError, match=r"was begun with layout folders, not shards"):
        generate(tmp_path, 5, TINY, unit=2)
    generate(tmp_path, 5, TINY, layout="folders", unit=2)
    assert contents(tmp_path) == contents(folders)


def _interrupted_folders(*_: object, **__: object) -> str:
    raise InputError("the power is gone")


def test_an_unknown_layout_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="choose one of shards, folders"):
        generate(tmp_path, 5, TINY, layout="drawers")
