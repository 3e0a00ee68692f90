"""`cleanplate inspect` says what a file is."""

import hashlib
import json
import os
import tarfile
from pathlib import Path
from typing import Any, NoReturn, cast

import imagecodecs
import numpy as np
import pytest
from PIL import Image as PilImage

from cleanplate.assets.licences import Source
from cleanplate.assets.packing import write_pack
from cleanplate.cli.main import main
from cleanplate.sample.members import NEEDED
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import write_shards

A_PACK = {"format": "cleanplate-pack", "version": 1}
ADOBE = imagecodecs.cms_profile("adobergb")


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """A data set of one shard with two samples."""
    grey = np.full((20, 24), 0.5, np.float32)
    colour = np.full((20, 24, 3), 0.5, np.float32)
    samples = [Sample(key, "scene", (), colour, colour, grey, grey, grey) for key in ("a", "b")]
    write_shards(tmp_path / "d", samples, {})
    return tmp_path / "d"


def told(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["inspect", str(path), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.jpg"
    orientation = PilImage.Exif()
    orientation[274] = 6
    PilImage.new("RGB", (40, 30)).save(path, icc_profile=ADOBE, exif=orientation)
    facts = told(path, capsys)
    assert facts.pop("profile").endswith("(converted to sRGB)")
    assert facts == {
        "file": str(path),
        "kind": "picture",
        "format": "JPEG",
        "width": 30,
        "height": 40,
        "bits": 8,
        "colour": "RGB",
        "transparency": False,
        "orientation": 6,
    }


def test_a_16_bit_picture_with_transparency(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(np.zeros((20, 30, 4), np.uint16)))
    facts = told(tmp_path / "a.png", capsys)
    assert (facts["bits"], facts["transparency"], facts["profile"]) == (16, True, None)


def test_a_model(difference_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = told(difference_model, capsys)
    assert facts["kind"] == "model"
    assert facts["sha256"] == hashlib.sha256(difference_model.read_bytes()).hexdigest()
    assert facts["opset"] == 18
    assert facts["contract"]["name"] == "difference"
    assert facts["contract"]["short_side_px"] == 32


def test_a_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fields = {"format": 1, "step": 1200, "recipe": {"run": {"name": "first"}}, "losses": list(range(100))}
    (tmp_path / "checkpoint.json").write_text(json.dumps(fields))
    for path in (tmp_path, tmp_path / "checkpoint.json"):
        assert told(path, capsys) == {"file": str(tmp_path), "kind": "checkpoint", **fields}
    assert main(["inspect", str(tmp_path)]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert ["recipe.run.name", "first"] in lines
    assert ["losses", "100 entries"] in lines


def test_a_data_set_in_shards_and_one_of_its_shards(shards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = json.loads((shards / "manifest.json").read_text())
    for path in (shards, shards / "manifest.json"):
        assert told(path, capsys) == {"file": str(shards), "kind": "shards", **manifest}
    tar = shards / "00000.tar"
    facts = told(tar, capsys)
    assert sorted(facts.pop("members")) == sorted(NEEDED)
    assert facts == {
        "file": str(tar),
        "kind": "shard",
        "bytes": tar.stat().st_size,
        "num_samples": 2,
        "size_hw": [20, 24],
    }


def test_shards_that_are_cut_off_are_refused(shards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tar = shards / "00000.tar"
    whole = tar.read_bytes()
    with tarfile.open(tar) as opened:
        ends = [entry.offset for entry in opened][1:]  # where the next begins: no member is cut
    for length in (0, 100, len(whole) // 2, *ends, len(whole.rstrip(b"\0"))):
        tar.write_bytes(whole[:length])
        for path in (shards, tar):
            assert main(["inspect", str(path)]) == 1
            error = capsys.readouterr().err
            assert error.startswith(f"cleanplate: {tar}: ")
            assert error.count("\n") == 1


@pytest.mark.parametrize("change", [{"format": "other-shards"}, {"version": 3}, {"shards": None}, A_PACK])
def test_a_manifest_of_another_format_or_version_is_refused(
    shards: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any]
) -> None:
    manifest = json.loads((shards / "manifest.json").read_text())
    (shards / "manifest.json").write_text(json.dumps(manifest | change))
    assert main(["inspect", str(shards)]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"cleanplate: {shards / 'manifest.json'}: ")
    assert error.count("\n") == 1


def test_a_pack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = Source("npm", "thing", "1.0", "a.txt", "0" * 64, "CC0-1.0", "Ann", "LICENSE", "skies")
    pack = write_pack(tmp_path / "pack-1", {"skies": {"name": np.array(["x", "y"])}}, [source])
    facts = told(tmp_path / "pack-1", capsys)
    assert facts == {"file": str(tmp_path / "pack-1"), "kind": "pack", **pack.manifest}
    (tmp_path / "pack-1" / "skies.npz").write_bytes(b"")
    assert main(["inspect", str(tmp_path / "pack-1")]) == 1
    assert "skies.npz: is missing or cut off" in capsys.readouterr().err


def test_the_depth_of_a_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "a_depth.npy", np.array([[0.25, 1.5, 1]], np.float32))
    values = {"kind": "depth map", "shape": [1, 3], "dtype": "float32", "range": [0.25, 1.5]}
    assert told(tmp_path / "a_depth.npy", capsys) == {"file": str(tmp_path / "a_depth.npy"), **values}
    fields = {"quantity": "disparity", "lo": 0.5, "hi": 2.0, "model": "m", "version": "1", "clipped_pixels": 0}
    (tmp_path / "a_depth.json").write_text(json.dumps(fields))
    described = {"file": str(tmp_path / "a_depth.json"), "kind": "depth map", **fields}
    assert told(tmp_path / "a_depth.json", capsys) == described
    assert told(tmp_path / "a_depth.npy", capsys) == {**fields, "file": str(tmp_path / "a_depth.npy"), **values}


def test_what_is_no_number_in_a_depth_map_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "a.npy", np.array([[0.25, np.nan, np.inf]], np.float32))
    facts = told(tmp_path / "a.npy", capsys)
    assert (facts["range"], facts["no_numbers"]) == ([0.25, 0.25], 2)


def test_how_foreign_depth_is_read_is_told_once_it_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind, mode in (("bg", "RGB"), ("fg_bg", "RGB"), ("mask", "L"), ("depth", "L")):
        (tmp_path / kind).mkdir()
        PilImage.new(mode, (24, 20)).save(tmp_path / kind / "a.png")
    for options, depth in (([], "give --depth-is to read it"), (["--depth-is", "disparity"], "disparity")):
        assert main(["inspect", str(tmp_path), "--json", *options]) == 0
        assert json.loads(capsys.readouterr().out)["depth"] == depth


def test_lines_say_yes_no_and_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    PilImage.new("L", (40, 30)).save(tmp_path / "a.png")
    assert main(["inspect", str(tmp_path / "a.png")]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert ["colour", "grey"] in lines
    assert ["transparency", "no"] in lines
    assert ["profile", "none"] in lines


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": "something-else"}', "{}"])
def test_a_foreign_checkpoint_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str) -> None:
    (tmp_path / "checkpoint.json").write_text(content)
    assert main(["inspect", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert "checkpoint.json: " in error
    assert error.count("\n") == 1


def test_what_is_none_of_these_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.onnx").write_text("text")
    (tmp_path / "text.txt").write_text("text")
    for suffix in (".tar", ".json", ".npy"):
        (tmp_path / f"text{suffix}").write_text("text")
        (tmp_path / f"none{suffix}").mkdir()
    (tmp_path / "other.json").write_text("{}")
    np.save(tmp_path / "other.npy", np.arange(3))
    names = ["none", "text.onnx", "text.txt", "x" * 300, "other.json", "other.npy", "nowhere/manifest.json"]
    names += [f"{stem}{suffix}" for stem in ("text", "none", "nowhere") for suffix in (".tar", ".json", ".npy")]
    for path in (tmp_path, *(tmp_path / name for name in names)):
        assert main(["inspect", str(path)]) == 1
        error = capsys.readouterr().err
        assert error.startswith(f"cleanplate: {path}: ")
        assert error.count("\n") == 1


def test_pipes_sockets_and_devices_are_refused_instead_of_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("there are no pipes in folders here")
    paths = [tmp_path / f"pipe{suffix}" for suffix in (".png", ".json", ".npy", ".tar", ".onnx")]
    for path in paths:
        os.mkfifo(path)
    for path in (*paths, Path(os.devnull)):
        assert main(["inspect", str(path)]) == 1
        error = capsys.readouterr().err
        assert error.startswith(f"cleanplate: {path}: is a pipe, socket or device; name a ")
        assert error.count("\n") == 1


def test_what_is_closed_is_said_to_be(
    tmp_path: Path, shards: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(path: Path, *_words: object, **_named: object) -> NoReturn:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    monkeypatch.setattr(Path, "iterdir", closed)
    assert main(["inspect", str(tmp_path / "run")]) == 1
    assert "run: cannot be listed (Permission denied); check its permissions" in capsys.readouterr().err
    opened = cast("Any", Path.open)

    def closed_tars(path: Path, *words: Any, **named: Any) -> object:
        return closed(path) if path.suffix == ".tar" else opened(path, *words, **named)

    monkeypatch.setattr(Path, "open", closed_tars)
    for words in (["00000.tar"], [".", "--verify"], [".", "--sheet", str(tmp_path / "sheet.png")]):
        assert main(["inspect", str(shards / words[0]), *words[1:]]) == 1
        error = capsys.readouterr().err
        assert f"{shards / '00000.tar'}: cannot be read (Permission denied); check its name and permissions" in error
        assert error.count("\n") == 1


def test_a_sheet_is_drawn_of_a_data_set_alone(tmp_path: Path, shards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "sheet.jpg"
    assert main(["inspect", str(shards), "--sheet", str(sheet)]) == 0
    width, height = PilImage.open(sheet).size
    assert width > 7 * 24  # its words are wider
    assert height == 14 + 2 * (14 + 20)
    assert main(["inspect", str(sheet), "--sheet", str(tmp_path / "again.jpg")]) == 2
    assert "is a picture; --sheet draws samples of a data set" in capsys.readouterr().err
    assert main(["inspect", str(shards), "--sheet", str(tmp_path / "sheet.pdf")]) == 2


def test_options_that_would_change_nothing_are_refused(
    tmp_path: Path, shards: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind, mode in (("bg", "RGB"), ("fg_bg", "RGB"), ("mask", "L")):
        (tmp_path / "theirs" / kind).mkdir(parents=True)
        PilImage.new(mode, (24, 20)).save(tmp_path / "theirs" / kind / "a.png")
    for folder, words, said in (
        (shards, ["--from", "1"], "--from is for --sheet: add --sheet, or leave --from out"),
        (shards, ["--overwrite"], "--overwrite is for --sheet: add --sheet, or leave --overwrite out"),
        (shards, ["--pairs", "mask={name}_mask"], "d: is no folder set of pictures; leave --pairs and --depth-is out"),
        (shards, ["--depth-is", "depth"], "d: is no folder set of pictures; leave --pairs and --depth-is out"),
        (tmp_path / "theirs", ["--depth-is", "depth"], "theirs: has no depth images; leave --depth-is out"),
    ):
        assert main(["inspect", str(folder), *words]) == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1


@pytest.mark.parametrize(
    "words", [["inspect", "a\0b.png"], ["doctor", "a\0b.png", "c.png"], ["export", "a\0b", "--out", "m.onnx"]]
)
def test_what_no_file_can_be_called_is_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    error = capsys.readouterr().err
    assert "can be no file's name; check it" in error
    assert error.count("\n") == 1


def test_a_sheet_takes_the_place_of_another_picture_only_if_asked(
    tmp_path: Path, shards: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "holiday.png"
    PilImage.new("RGB", (40, 30)).save(photo)
    arguments = ["inspect", str(shards), "--sheet", str(photo)]
    assert main(arguments) == 1
    assert "holiday.png: is there already; add --overwrite to replace it" in capsys.readouterr().err
    assert PilImage.open(photo).size == (40, 30)
    assert main([*arguments, "--overwrite", "--verify", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["verified"], facts["sheet"]) == (True, str(photo))
    assert PilImage.open(photo).size != (40, 30)


def test_a_run_is_its_newest_checkpoint_and_an_unfinished_set_is_said_to_be_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for step in (5, 10):
        folder = tmp_path / "run" / "checkpoints" / f"step_{step:08d}"
        folder.mkdir(parents=True)
        (folder / "checkpoint.json").write_text(json.dumps({"format": 1, "step": step, "recipe": {}}))
    facts = told(tmp_path / "run", capsys)
    assert (facts["kind"], facts["step"]) == ("checkpoint", 10)
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "unfinished.jsonl").write_text('{"plan": {}}\n')
    (tmp_path / "recipe.toml").write_text("[data]\n")
    for name, said in (
        ("begun", "is not finished; to go on, repeat the command"),
        ("recipe.toml", "is nothing that inspect knows"),
    ):
        assert main(["inspect", str(tmp_path / name)]) == 1
        assert f"{name}: {said}" in capsys.readouterr().err


def test_what_a_sets_own_manifest_says_is_not_told_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "d"
    arguments = ["--count", "2", "--size", "48x32", "--assets", "procedural", "--layout", "folders", "--workers", "1"]
    assert main(["synth", "--out", str(out), *arguments]) == 0
    assert main(["inspect", str(out), "--depth-is", "disparity"]) == 2
    assert "its manifest says what its depth is; leave --depth-is out" in capsys.readouterr().err


def test_an_archive_called_npy_is_refused_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "a.npz", depth=np.ones((2, 2), np.float32))
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    (tmp_path / "b.npy").write_bytes(b"PK\3\4 and nothing else")
    for name, said in (("a.npy", "is an archive of arrays; save the one"), ("b.npy", "cannot be read")):
        assert main(["inspect", str(tmp_path / name)]) == 1
        assert f"{name}: {said}" in capsys.readouterr().err
