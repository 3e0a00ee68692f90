"""A pack is written whole, the same from the same arrays, and read back with numpy alone."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from cleanplate.assets.build import build_pack
from cleanplate.assets.credits import credits_page
from cleanplate.assets.gather import Downloads
from cleanplate.assets.licences import Source
from cleanplate.assets.packing import write_pack
from cleanplate.errors import InputError
from cleanplate.synth.pack import Pack, open_pack, pack_folder, verify_pack

SOURCE = Source("npm", "thing", "1.0", "a.txt", "0" * 64, "CC-BY-3.0", "Somebody", "LICENSE", "people")
PARTS = {
    "people": {"b": np.arange(6, dtype=np.int16), "a": np.zeros(3, np.float32)},
    "skies": {"name": np.array(["x"])},
}


def test_a_pack_gives_back_what_was_put_into_it(tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "pack", PARTS, [SOURCE])
    read = open_pack(tmp_path / "pack")
    assert read.fingerprint == pack.fingerprint
    assert read.names == ("people", "skies")
    np.testing.assert_array_equal(read.arrays("people")["b"], PARTS["people"]["b"])
    assert read.manifest["sources"] == [SOURCE.as_json()]
    verify_pack(read)


def test_the_same_arrays_give_the_same_bytes(tmp_path: Path) -> None:
    write_pack(tmp_path / "one", PARTS, [SOURCE])
    other_order = {"skies": PARTS["skies"], "people": dict(sorted(PARTS["people"].items()))}
    write_pack(tmp_path / "two", other_order, [SOURCE])
    for name in ("people.npz", "skies.npz", "manifest.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_no_pack_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cleanplate assets.*--assets procedural"):
        open_pack(tmp_path / "none")


def test_a_file_that_is_cut_off_is_named(tmp_path: Path) -> None:
    write_pack(tmp_path, PARTS, [SOURCE])
    (tmp_path / "skies.npz").write_bytes((tmp_path / "skies.npz").read_bytes()[:-1])
    with pytest.raises(InputError, match=r"skies\.npz: is missing or cut off"):
        open_pack(tmp_path)


def test_a_changed_byte_is_found_by_the_check(tmp_path: Path) -> None:
    pack = write_pack(tmp_path, PARTS, [SOURCE])
    data = bytearray((tmp_path / "people.npz").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "people.npz").write_bytes(data)
    with pytest.raises(InputError, match=r"people\.npz: is not what its SHA-256 says"):
        verify_pack(pack)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[" * 100_000,
        "[]",
        '{"format": "other"}',
        '{"format": "cleanplate-pack", "version": 99}',
        '{"format": "cleanplate-pack", "version": 1, "fingerprint": "a", "files": [5], "sources": []}',
        '{"format": "cleanplate-pack", "version": 1, "fingerprint": 5, "files": [], "sources": []}',
    ],
)
def test_a_foreign_manifest_is_refused(tmp_path: Path, text: str) -> None:
    write_pack(tmp_path, PARTS, [SOURCE])
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=r"manifest\.json"):
        open_pack(tmp_path)


@pytest.mark.parametrize("text", ["[]", '{"format": "other"}'])
def test_the_manifest_of_something_else_is_never_overwritten(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=r"manifest\.json: is no manifest of a pack, so the folder holds"):
        build_pack(tmp_path, {}, Downloads(tmp_path), print)
    assert (tmp_path / "manifest.json").read_text() == text


def test_a_full_disk_leaves_the_old_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = write_pack(tmp_path, PARTS, [SOURCE])

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(InputError, match="No space left on device"):
            write_pack(tmp_path, {"people": PARTS["people"]}, [SOURCE])
    assert open_pack(tmp_path).fingerprint == old.fingerprint
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.json", "people.npz", "skies.npz"]


def test_pictures_come_back_as_rgb_with_their_opacity() -> None:
    stored = np.zeros((2, 3, 4), np.uint8)
    stored[..., 0], stored[..., 3] = 255, 51  # blue in OpenCV's order
    data = np.asarray(cv2.imencode(".png", stored)[1]).reshape(-1)
    picture = Pack.picture(data)
    assert picture.shape == (2, 3, 4)
    np.testing.assert_allclose(picture[0, 0], [0, 0, 1, 0.2])


def test_the_cache_folder_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEANPLATE_CACHE", str(tmp_path))
    assert pack_folder() == tmp_path / "pack-1"


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "", "unknown"])
def test_other_licences_are_not_let_in(licence: str) -> None:
    with pytest.raises(ValueError, match="not let in"):
        Source("npm", "thing", "1.0", "a.txt", "0" * 64, licence, "Somebody", "LICENSE", "people")


def test_attribution_needs_somebody_to_name() -> None:
    with pytest.raises(ValueError, match="somebody to name"):
        Source("npm", "thing", "1.0", "a.txt", "0" * 64, "CC-BY-4.0", "", "LICENSE", "people")


def test_the_credits_name_everybody(tmp_path: Path) -> None:
    page = credits_page([write_pack(tmp_path, PARTS, [SOURCE])])
    assert "| people | npm: thing 1.0 | CC-BY-3.0 | Somebody | a.txt |" in page
    assert json.loads((tmp_path / "manifest.json").read_text())["version"] == 1
