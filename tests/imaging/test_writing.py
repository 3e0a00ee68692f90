"""A file appears whole or not at all."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PilImage

from cleanplate.errors import InputError
from cleanplate.imaging.arrays import to_uint
from cleanplate.imaging.files import (
    decode_png,
    encode_picture,
    encode_png,
    file_identity,
    prepare_folder,
    read_picture,
    replace_file,
    replace_files,
    write_picture,
)


@given(st.sampled_from([(), (3,), (4,)]), st.sampled_from([np.uint8, np.uint16]), st.integers(0, 2**32 - 1))
def test_a_png_gives_its_samples_back(tail: tuple[int, ...], dtype: type[np.uint8 | np.uint16], seed: int) -> None:
    samples = np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, (5, 7, *tail), dtype, endpoint=True)
    decoded = decode_png(encode_png(samples))
    assert decoded.dtype == dtype
    assert np.array_equal(decoded, samples)


@pytest.mark.parametrize("data", [b"", b"text", encode_png(np.zeros((40, 40), np.uint8))[:-30]])
def test_data_that_is_no_whole_png_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="damaged or cut off"):
        decode_png(data)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_written_png_reads_back_the_same(tmp_path: Path, bits: int) -> None:
    rgba = np.random.default_rng(1).random((20, 30, 4), np.float32)
    write_picture(tmp_path / "a.png", rgba, bits)
    picture = read_picture(tmp_path / "a.png")
    assert picture.bits == bits
    assert picture.alpha is not None
    assert np.array_equal(to_uint(picture.rgb, bits), to_uint(rgba[..., :3], bits))
    assert np.array_equal(to_uint(picture.alpha, bits), to_uint(rgba[..., 3], bits))


def test_a_written_jpeg_looks_the_same(tmp_path: Path) -> None:
    rgb = np.full((32, 32, 3), (0.8, 0.4, 0.1), np.float32)
    write_picture(tmp_path / "a.jpg", rgb)
    assert PilImage.open(tmp_path / "a.jpg").format == "JPEG"
    assert read_picture(tmp_path / "a.jpg").rgb == pytest.approx(rgb, abs=0.02)


@pytest.mark.parametrize(("suffix", "bits", "channels"), [(".jpg", 16, 3), (".jpg", 8, 4), (".gif", 8, 3)])
def test_what_a_format_cannot_hold_is_a_mistake(suffix: str, bits: int, channels: int) -> None:
    with pytest.raises(ValueError, match="no way to write"):
        encode_picture(np.zeros((16, 16, channels), np.float32), suffix, bits)


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write_half() -> None:
        with replace_file(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_files_that_belong_together_appear_together(tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]

    def fill_the_disk() -> None:
        with replace_files(paths) as temporaries:
            temporaries[0].write_text("whole")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(InputError, match=rf"{tmp_path.name}: cannot be written \(No space left"):
        fill_the_disk()
    assert list(tmp_path.iterdir()) == []
    with replace_files(paths) as temporaries:
        for temporary in temporaries:
            temporary.write_text("whole")
        assert not any(path.exists() for path in paths)
    assert sorted(tmp_path.iterdir()) == paths


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    noise = np.random.default_rng(0).random((200, 200, 3), np.float32)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
        with pytest.raises(InputError, match=r"a\.png: cannot be written"):
            write_picture(tmp_path / "a.png", noise)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_a_name_as_long_as_the_system_allows_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 251 + ".png")
    write_picture(path, np.zeros((16, 16), np.float32))
    assert path.exists()
    with pytest.raises(InputError, match="cannot be written"):
        write_picture(tmp_path / ("x" * 252 + ".png"), np.zeros((16, 16), np.float32))
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_for_results_is_made_with_its_parents(tmp_path: Path) -> None:
    prepare_folder(tmp_path / "a" / "b")
    prepare_folder(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="out: is a file"):
        prepare_folder(tmp_path / "out")
    with pytest.raises(InputError, match="inside: cannot be written"):
        prepare_folder(tmp_path / "out" / "inside")


def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(InputError, match=r"cannot be written \(Permission denied\)"):
        prepare_folder(tmp_path)


def test_one_file_has_one_identity_under_all_its_names(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    (tmp_path / "c").write_text("")
    assert file_identity(tmp_path / "a") == file_identity(tmp_path / "b") != file_identity(tmp_path / "c")
    assert file_identity(tmp_path / ("x" * 300)) is None


def test_what_a_killed_process_left_behind_goes_and_what_may_be_at_work_stays(tmp_path: Path) -> None:
    names = (".0123456789ab.part", ".ba9876543210.part", ".draft.part", "a.part")
    for name in names:
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (0, 0))
    os.utime(tmp_path / names[1])
    prepare_folder(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[1:])
