"""What goes into a data set comes out of it again."""

import gc
import io
import json
import pickle
import shutil
import tarfile
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cleanplate.errors import InputError
from cleanplate.jobs.ledger import LEDGER
from cleanplate.sample.manifest import MANIFEST
from cleanplate.sample.members import decode_members, encode_members
from cleanplate.sample.opening import open_samples
from cleanplate.sample.record import Sample, View
from cleanplate.sample.shards import ShardReader, write_manifest, write_shard, write_shards


def _sample(index: int) -> Sample:
    rng = np.random.default_rng(index)
    plate, shot = rng.random((2, 20, 24, 3), np.float32)
    alpha = rng.random((20, 24), np.float32)
    depths = rng.uniform(0, 40, (2, 20, 24)).astype(np.float32)
    return Sample(f"k{index}", f"scene{index // 2}", (f"p{index}",), plate, shot, alpha, depths[0], depths[1])


def test_samples_come_back_within_the_formats_precision(tmp_path: Path) -> None:
    samples = [_sample(i) for i in range(5)]
    write_shards(tmp_path / "d", samples, {"made by": "a test"}, samples_per_shard=2)
    reader = ShardReader(tmp_path / "d")
    assert len(reader) == 5
    assert reader.size_hw == (20, 24)
    assert reader.scenes == {"scene0", "scene1", "scene2"}
    assert reader.people == {f"p{i}" for i in range(5)}
    for i in (4, 0, 3):
        got, want = reader[i], samples[i]
        assert (got.key, got.scene, got.people) == (want.key, want.scene, want.people)
        for name in ("plate", "shot", "alpha"):
            np.testing.assert_allclose(getattr(got, name), getattr(want, name), atol=0.5 / 255 + 1e-6)
        for name in ("plate_depth_m", "shot_depth_m"):
            np.testing.assert_allclose(getattr(got, name), getattr(want, name), atol=0.5e-3 + 1e-5)


def test_the_fingerprint_follows_the_content(tmp_path: Path) -> None:
    samples = [_sample(i) for i in range(3)]
    first = write_shards(tmp_path / "a", samples, {})
    assert write_shards(tmp_path / "b", samples, {}) == first
    samples[1] = replace(samples[1], alpha=1 - samples[1].alpha)
    assert write_shards(tmp_path / "c", samples, {}) != first
    assert ShardReader(tmp_path / "a").fingerprint == first


def test_a_reader_can_be_sent_to_another_process_after_use(tmp_path: Path) -> None:
    write_shards(tmp_path / "d", [_sample(0)], {})
    reader = ShardReader(tmp_path / "d")
    before = reader[0].plate
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(reader))[0].plate, before)  # noqa: S301 - our own bytes


def test_an_existing_data_set_is_never_overwritten(tmp_path: Path) -> None:
    write_shards(tmp_path / "d", [_sample(0)], {})
    with pytest.raises(InputError, match="already holds a data set"):
        write_shards(tmp_path / "d", [_sample(1)], {})


def test_tars_of_somebody_else_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    theirs = tmp_path / "d" / "00000.tar"
    theirs.write_text("precious")
    with pytest.raises(InputError, match=r"00000\.tar: is there already; name another folder"):
        write_shards(tmp_path / "d", [_sample(0)], {})
    assert theirs.read_text() == "precious"


def test_a_folder_without_data_says_how_to_make_some(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cleanplate synth"):
        ShardReader(tmp_path)


def test_an_unfinished_set_is_said_to_be_one_and_how_it_goes_on(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / LEDGER).write_text('{"plan": {}}\n')
    with pytest.raises(InputError, match="train: is not finished; to go on, repeat the command that began it"):
        open_samples(tmp_path / "train")
    with pytest.raises(InputError, match=r"name the set in it: .*train"):
        open_samples(tmp_path)


def test_the_folder_around_a_set_is_told_the_sets_name(tmp_path: Path) -> None:
    write_shards(tmp_path / "train", [_sample(0)], {})
    with pytest.raises(InputError, match=r"no data set there \(no manifest.json\); name the set in it: .*train"):
        ShardReader(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "is of other, where shards are wanted: make them with --layout shards"),
        ({"format": 1}, "is not the manifest"),
        ({"version": 1}, "is version 1, this cleanplate reads 2; make the data set again"),
        ({"num_samples": 7}, "promises 7"),
        ({"shards": []}, "is damaged at shards; make the data set again"),
        ({"shards": [{"file": "00000.tar"}]}, "is damaged at shards"),
        ({"shards": ["00000.tar"]}, "is damaged at shards"),
        ({"size_hw": [20]}, "is damaged at size_hw"),
        ({"size_hw": [float("nan"), 24]}, "is damaged at size_hw"),
        ({"num_samples": "1"}, "is damaged at num_samples"),
        ({"scenes": [["a"]]}, "is damaged at scenes"),
        ({"people": None}, "is damaged at people"),
        ({"about": "a"}, "is damaged at about"),
        ({"fingerprint": "sha256:0"}, "fingerprint does not fit"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(tmp_path: Path, change: dict[str, object], message: str) -> None:
    write_shards(tmp_path, [_sample(0)], {})
    path = tmp_path / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(InputError, match=message):
        ShardReader(tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_cut_off_tar_is_refused_before_any_work(tmp_path: Path, share: float) -> None:
    write_shards(tmp_path, [_sample(i) for i in range(4)], {})
    tar = tmp_path / "00000.tar"
    tar.write_bytes(tar.read_bytes()[: int(share * tar.stat().st_size)])
    with pytest.raises(InputError, match=r"00000\.tar: has \d+ bytes where"):
        ShardReader(tmp_path)


def test_a_missing_tar_is_refused(tmp_path: Path) -> None:
    write_shards(tmp_path, [_sample(i) for i in range(4)], {}, samples_per_shard=2)
    (tmp_path / "00001.tar").unlink()
    with pytest.raises(InputError, match=r"00001\.tar: cannot be read"):
        ShardReader(tmp_path)


def test_verify_finds_a_single_changed_byte(tmp_path: Path) -> None:
    write_shards(tmp_path, [_sample(i) for i in range(4)], {}, samples_per_shard=2)
    ShardReader(tmp_path).verify()
    tar = tmp_path / "00001.tar"
    data = bytearray(tar.read_bytes())
    data[5000] ^= 1
    tar.write_bytes(data)
    with pytest.raises(InputError, match=r"00001\.tar: is not what was written"):
        ShardReader(tmp_path).verify()


def test_shards_written_one_by_one_are_the_data_set_written_at_once(tmp_path: Path) -> None:
    samples = [_sample(i) for i in range(5)]
    at_once = write_shards(tmp_path / "a", samples, {"parts": "sha256:1"}, samples_per_shard=2)
    (tmp_path / "b").mkdir()
    entries = {
        number: write_shard(tmp_path / "b" / f"{number:05d}.tar", samples[2 * number : 2 * number + 2])
        for number in (2, 0, 1)
    }
    kept = json.loads(json.dumps([entries[number] for number in range(3)]))
    assert write_manifest(tmp_path / "b", kept, {"parts": "sha256:1"}) == at_once
    for path in (tmp_path / "a").iterdir():
        assert (tmp_path / "b" / path.name).read_bytes() == path.read_bytes()


def test_the_layers_come_back_when_they_are_asked_for(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    shadow = np.clip(rng.uniform(0, 4.5, (20, 24, 3)), 0, 4).astype(np.float32)
    shadow[:2] = 1
    shadow[2:4] = 0
    view = View(21.5, (12.0, 10.0), rng.random((4, 4)))
    full = replace(
        _sample(0),
        shadow=shadow,
        instances=rng.integers(0, 3, (20, 24)).astype(np.uint8),
        instance_names=("ann", "chair"),
        instance_kinds=("person", "object"),
        view=view,
        tags=("lamp", "removed"),
    )
    write_shards(tmp_path, [full, _sample(1)], {})
    got, plain = ShardReader(tmp_path, layers=True)[0], ShardReader(tmp_path)[0]
    assert full.instances is not None
    assert got.instances is not None
    assert got.shadow is not None
    assert got.view is not None
    np.testing.assert_array_equal(got.instances, full.instances)
    np.testing.assert_allclose(np.sqrt(got.shadow), np.minimum(np.sqrt(shadow), 255 / 128), atol=0.5 / 128 + 1e-5)
    assert (got.shadow[:2] == 1).all()
    assert (got.shadow[2:4] == 0).all()
    assert (got.view.focal_px, got.view.centre_px) == (view.focal_px, view.centre_px)
    np.testing.assert_array_equal(got.view.pose, view.pose)
    assert (got.instance_names, got.instance_kinds) == (full.instance_names, full.instance_kinds)
    assert plain.tags == got.tags == ("lamp", "removed")
    assert (plain.shadow, plain.instances) == (None, None)
    without = ShardReader(tmp_path, layers=True)[1]
    assert (without.shadow, without.instances, without.view, without.tags) == (None, None, None, ())


def test_a_full_disk_leaves_no_half_written_shard(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, before[1]))  # a shard of these is larger
        with pytest.raises(InputError, match=r"00000\.tar: cannot be written .*make room"):
            write_shards(tmp_path / "d", [_sample(i) for i in range(9)], {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list((tmp_path / "d").iterdir()) == []


def test_pictures_of_several_sizes_are_no_data_set(tmp_path: Path) -> None:
    odd = replace(_sample(1), alpha=np.zeros((8, 8), np.float32))
    with pytest.raises(InputError, match="one size"):
        write_shards(tmp_path / "d", [_sample(0), odd], {})
    assert list((tmp_path / "d").iterdir()) == []


def test_there_is_no_sample_before_the_first_or_after_the_last(tmp_path: Path) -> None:
    write_shards(tmp_path, [_sample(i) for i in range(3)], {}, samples_per_shard=2)
    reader = ShardReader(tmp_path)
    for index in (-1, 3):
        with pytest.raises(IndexError):
            reader[index]


def test_no_samples_make_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no samples"):
        write_shards(tmp_path / "d", [], {})
    assert not (tmp_path / "d" / MANIFEST).exists()


def test_a_manifest_without_a_key_is_refused(tmp_path: Path) -> None:
    write_shards(tmp_path, [_sample(0)], {})
    path = tmp_path / MANIFEST
    manifest = json.loads(path.read_text())
    del manifest["people"]
    path.write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="lacks people"):
        ShardReader(tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("file", None),
        ("file", "a\0b.tar"),
        ("num_samples", 10**30),
        ("num_samples", -1),
        ("num_bytes", "1"),
        ("sha256", 5),
    ],
)
def test_a_manifest_with_a_damaged_shard_is_refused(tmp_path: Path, key: str, value: object) -> None:
    write_shards(tmp_path, [_sample(0)], {})
    path = tmp_path / MANIFEST
    manifest = json.loads(path.read_text())
    manifest["shards"][0][key] = value
    manifest["num_samples"] = manifest["shards"][0]["num_samples"]
    path.write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=r"is damaged at (shards|num_samples); make the data set again"):
        ShardReader(tmp_path)


@pytest.mark.parametrize("facts", ["[" * 100_000, "[]", "{}", '{"key": 1, "scene": "s", "people": null}', b"\xff"])
def test_a_sample_whose_facts_are_damaged_is_named(facts: str | bytes) -> None:
    members = encode_members(_sample(0)) | {"json": facts.encode() if isinstance(facts, str) else facts}
    with pytest.raises(InputError):
        decode_members(members, layers=True)


Member = tuple[str, bytes]


def _rewritten(folder: Path, changed: Callable[[list[Member]], list[Member]], tar_format: int) -> None:
    """Write the tar of a set of one anew, with changed members, as somebody else's program might."""
    tar_path, manifest_path = folder / "00000.tar", folder / MANIFEST
    with tarfile.open(tar_path) as tar:
        files = [(entry.name, tar.extractfile(entry)) for entry in tar]
        members = [(name, file.read()) for name, file in files if file is not None]
    with tarfile.open(tar_path, "w", format=tar_format) as tar:
        for name, data in changed(members):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    manifest = json.loads(manifest_path.read_text())
    manifest["shards"][0]["num_bytes"] = tar_path.stat().st_size
    manifest_path.write_text(json.dumps(manifest))


def _without_alpha(members: list[Member]) -> list[Member]:
    return [(name, data) for name, data in members if not name.endswith("alpha.png")]


def _without_the_last(members: list[Member]) -> list[Member]:
    return members[:-3]


def _of_one(members: list[Member]) -> list[Member]:
    return members[:6]


def _by_name(members: list[Member]) -> list[Member]:
    return sorted(members, key=lambda member: member[0].partition(".")[2])


def _under_long_names(members: list[Member]) -> list[Member]:
    return [(f"{300 * 'ä'}{name}", data) for name, data in members]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (_without_alpha, r"its sample k0 lacks alpha\.png; make the data set again"),
        (_by_name, r"its sample k0 does not lie together; make the data set again"),
        (_without_the_last, r"its sample k1 lacks alpha\.png, plate_depth\.png, shot_depth\.png"),
        (_of_one, "holds 1 samples, its manifest promises 2"),
    ],
)
def test_a_tar_whose_samples_are_not_whole_is_refused(
    tmp_path: Path, changed: Callable[[list[Member]], list[Member]], message: str
) -> None:
    write_shards(tmp_path, [_sample(0), _sample(1)], {})
    _rewritten(tmp_path, changed, tarfile.USTAR_FORMAT)
    with pytest.raises(InputError, match=rf"00000\.tar: {message}"):
        ShardReader(tmp_path)[0]


@pytest.mark.parametrize("tar_format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_a_tar_with_names_too_long_for_a_header_is_read_all_the_same(tmp_path: Path, tar_format: int) -> None:
    write_shards(tmp_path, [_sample(i) for i in range(3)], {})
    before = ShardReader(tmp_path)[1]
    _rewritten(tmp_path, _under_long_names, tar_format)
    after = ShardReader(tmp_path)[1]
    assert after.key == before.key == "k1"
    np.testing.assert_array_equal(after.shot_depth_m, before.shot_depth_m)


def test_a_tar_that_becomes_another_while_it_is_read_is_told(tmp_path: Path) -> None:
    write_shards(tmp_path, [_sample(i) for i in range(3)], {})
    reader = ShardReader(tmp_path)
    assert reader[2].key == "k2"
    (tmp_path / "00000.tar").write_bytes(bytes(30_000))
    with pytest.raises(InputError, match=r"00000\.tar: sample 2 cannot be read \(it is not where it was\)"):
        reader[2]


def test_what_is_kept_of_a_large_set_is_a_number_a_sample(tmp_path: Path) -> None:
    many, each = 40, 64
    entry = write_shard(tmp_path / "00000.tar", (_sample(i) for i in range(each)))
    for number in range(1, many):
        shutil.copyfile(tmp_path / "00000.tar", tmp_path / f"{number:05d}.tar")
    names = [[f"{number} {place}" for place in range(each)] for number in range(many)]
    entries = [
        {**entry, "file": f"{number:05d}.tar", "scenes": names[number], "people": names[number]}
        for number in range(many)
    ]
    write_manifest(tmp_path, entries, {})

    def used() -> ShardReader:
        reader = ShardReader(tmp_path)
        assert len(reader.scenes) == len(reader.people) == many * each
        for number in range(many):
            reader[number * each + 3]
        return reader

    used()  # so that nothing else is loaded while memory is counted
    gc.collect()
    tracemalloc.start()
    reader = used()
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept <= 12 * many * each
    assert len(pickle.dumps(reader)) <= 12 * many * each
