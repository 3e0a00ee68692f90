"""What goes into a data set comes out of it again."""

import io
import json
import pickle
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cleanplate.errors import InputError
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import MANIFEST, ShardReader, write_shards


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


def test_a_folder_without_data_says_how_to_make_some(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cleanplate synth"):
        ShardReader(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "is not the manifest"),
        ({"version": 99}, "version 99"),
        ({"num_samples": 7}, "promises 7"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(tmp_path: Path, change: dict[str, object], message: str) -> None:
    write_shards(tmp_path, [_sample(0)], {})
    path = tmp_path / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(InputError, match=message):
        ShardReader(tmp_path)


def test_a_cut_off_tar_is_refused(tmp_path: Path) -> None:
    write_shards(tmp_path, [_sample(i) for i in range(4)], {})
    tar = tmp_path / "00000.tar"
    tar.write_bytes(tar.read_bytes()[: tar.stat().st_size // 2])
    with pytest.raises(InputError, match=r"00000\.tar|promises"):
        ShardReader(tmp_path)


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


def test_a_tar_whose_sample_lacks_a_member_is_refused(tmp_path: Path) -> None:
    write_shards(tmp_path, [_sample(0)], {})
    with tarfile.open(tmp_path / "00000.tar") as tar:
        kept = [(entry, tar.extractfile(entry)) for entry in tar if not entry.name.endswith("alpha.png")]
        contents = [(entry, file.read()) for entry, file in kept if file is not None]
    with tarfile.open(tmp_path / "00000.tar", "w") as tar:
        for entry, data in contents:
            tar.addfile(entry, io.BytesIO(data))
    with pytest.raises(InputError, match=r"k0 lacks alpha\.png"):
        ShardReader(tmp_path)
