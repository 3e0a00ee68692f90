"""Pairs come from data sets and from cameras; the choice is seeded, and what cannot be stressed is passed over."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from cleanplate.errors import InputError
from cleanplate.evaluate.stress.pairs import Pair, digest_of, example_of, prepared, read_pairs, shown
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import write_shards

SIZE_HW = (48, 64)


def _sample(number: int, share: float = 0.2) -> Sample:
    rng = np.random.default_rng(number)
    plate = (rng.random((*SIZE_HW, 3)) / 2).astype(np.float32)
    alpha = np.zeros(SIZE_HW, np.float32)
    alpha[10:40, 20 : 20 + round(share * SIZE_HW[1])] = 1
    depth_m = np.full(SIZE_HW, 3, np.float32)
    shot = np.clip(plate + alpha[..., None] / 2, 0, 1).astype(np.float32)
    return Sample(f"k{number}", f"s{number}", (), plate, shot, alpha, depth_m, depth_m - alpha)


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """Six samples: four to be used, one with nobody in it, one where a lamp was switched."""
    samples = [*map(_sample, range(4)), _sample(4, 0), replace(_sample(5), tags=("lamp",))]
    write_shards(tmp_path / "shards", samples, {})
    return tmp_path / "shards"


def _save(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.rint(picture[..., ::-1] if picture.ndim == 3 else picture).astype(np.uint8))


def test_a_data_set_gives_its_pairs_but_not_the_empty_and_the_otherwise_changed(shards: Path) -> None:
    pairs = read_pairs(shards, 24, 0)
    assert sorted(pair.name for pair in pairs) == ["k0", "k1", "k2", "k3"]
    assert all(max(shown(pair.shot).shape) == 512 == max(pair.truth.shape) for pair in pairs)
    assert all(pair.scored.all() for pair in pairs)


def test_the_choice_is_the_same_for_the_same_seed(shards: Path) -> None:
    chosen = [[pair.name for pair in read_pairs(shards, 2, seed)] for seed in (3, 3, 4, 5, 6)]
    assert chosen[0] == chosen[1]
    assert len({tuple(names) for names in chosen}) > 1


@pytest.mark.parametrize("with_depth", [False, True])
def test_folders_of_pictures_are_read_without_a_manifest_and_whatever_their_depth_is(
    with_depth: bool, tmp_path: Path
) -> None:
    sample = _sample(1)
    if with_depth:
        _save(tmp_path / "depth" / "a.png", sample.alpha * 255)
    for kind, picture in (("bg", sample.plate), ("fg_bg", sample.shot), ("mask", sample.alpha)):
        _save(tmp_path / kind / "a.png", picture * 255)
    (pair,) = read_pairs(tmp_path, 24, 0)
    assert pair.name == "a"
    assert float(pair.truth.max()) == 1


def test_cameras_are_read_and_what_is_not_scored_there_is_not_scored_here(tmp_path: Path) -> None:
    sample = _sample(1)
    mask = sample.alpha * 255
    mask[:, :20] = 128
    _save(tmp_path / "hall" / "plate.png", sample.plate * 255)
    _save(tmp_path / "hall" / "1.png", sample.shot * 255)
    _save(tmp_path / "hall" / "1_mask.png", mask)
    (pair,) = read_pairs(tmp_path, 24, 0)
    assert pair.name == "hall/1"
    assert 0.6 < pair.scored.mean() < 0.8


def test_what_is_not_known_is_no_foreground(tmp_path: Path) -> None:
    sample = _sample(1, 0)
    mask = sample.alpha * 255
    mask[:30] = 128
    for name, picture in (("plate", sample.plate * 255), ("1", sample.shot * 255), ("1_mask", mask)):
        _save(tmp_path / "hall" / f"{name}.png", picture)
    with pytest.raises(InputError, match="holds no shot with a foreground"):
        read_pairs(tmp_path, 24, 0)


def test_a_plate_of_another_shape_is_refused(tmp_path: Path) -> None:
    sample = _sample(1)
    for name, picture in (("plate", sample.plate[:40]), ("1", sample.shot), ("1_mask", sample.alpha)):
        _save(tmp_path / "hall" / f"{name}.png", picture * 255)
    with pytest.raises(InputError, match=r"1: is 64 x 48 pixels but the plate .*plate\.png is 64 x 40"):
        read_pairs(tmp_path, 24, 0)


def test_what_cannot_be_used_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: is no folder"):
        read_pairs(tmp_path / "nowhere", 4, 0)
    with pytest.raises(InputError, match="holds no camera"):
        read_pairs(tmp_path, 4, 0)
    write_shards(tmp_path / "empty", [_sample(1, 0)], {})
    with pytest.raises(InputError, match="empty: holds no shot with a foreground and nothing else changed"):
        read_pairs(tmp_path / "empty", 4, 0)
    narrow = np.zeros((20, 200), np.float32)
    with pytest.raises(InputError, match="strip: is 200 x 20 pixels"):
        prepared("strip", np.dstack([narrow] * 3), np.dstack([narrow] * 3), narrow, narrow == 0)


def test_the_digest_tells_pairs_and_seeds_apart(shards: Path) -> None:
    pairs = read_pairs(shards, 4, 0)
    assert digest_of(pairs, 0) == digest_of(read_pairs(shards, 4, 0), 0)
    renamed = [replace(pairs[0], name="another"), *pairs[1:]]  # what is drawn depends on the name
    digests = digest_of(pairs, 0), digest_of(pairs, 1), digest_of(pairs[:3], 0), digest_of(renamed, 0)
    assert len(set(digests)) == 4


def test_the_example_is_neither_the_smallest_nor_the_largest() -> None:
    ones = np.ones((100, 100), np.float32)
    pairs: list[Pair] = []
    for share in (0.02, 0.5, 0.16):
        alpha = ones * np.float32(share)
        pairs.append(prepared(str(share), np.dstack([ones] * 3), np.dstack([ones] * 3), alpha, ones == 1))
    assert example_of(pairs) == 2
