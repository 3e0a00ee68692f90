"""`cleanplate inspect` says what a file is."""

import hashlib
import json
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image as PilImage

from cleanplate.cli.main import main
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import write_shards

ADOBE = imagecodecs.cms_profile("adobergb")


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


@pytest.mark.parametrize(
    ("name", "kind", "known_by"),
    [
        ("checkpoint.json", "checkpoint", {"format": 1, "recipe": {"run": {"name": "first"}}}),
        ("manifest.json", "shards", {"format": "cleanplate-shards", "fingerprint": "sha256:0", "num_samples": 7}),
    ],
)
def test_a_checkpoint_and_a_folder_of_shards(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, kind: str, known_by: dict[str, Any]
) -> None:
    fields = {**known_by, "step": 1200, "metrics": {"iou": 0.9}, "scenes": list(range(100))}
    (tmp_path / name).write_text(json.dumps(fields))
    assert told(tmp_path, capsys) == {"file": str(tmp_path), "kind": kind, **fields}
    assert told(tmp_path / name, capsys)["kind"] == kind
    assert main(["inspect", str(tmp_path)]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert ["metrics.iou", "0.9"] in lines
    assert ["scenes", "100 entries"] in lines


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
    for path in (tmp_path, tmp_path / "none", tmp_path / "text.onnx", tmp_path / "text.txt", tmp_path / ("x" * 300)):
        assert main(["inspect", str(path)]) == 1
        error = capsys.readouterr().err
        assert error.startswith(f"cleanplate: {path}: ")
        assert error.count("\n") == 1


def test_a_sheet_is_drawn_of_a_data_set_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grey = np.full((20, 24), 0.5, np.float32)
    colour = np.full((20, 24, 3), 0.5, np.float32)
    write_shards(tmp_path / "d", [Sample("k", "scene", (), colour, colour, grey, grey, grey)], {})
    sheet = tmp_path / "sheet.jpg"
    assert main(["inspect", str(tmp_path / "d"), "--sheet", str(sheet)]) == 0
    assert PilImage.open(sheet).size == (7 * 24, 48)
    assert main(["inspect", str(sheet), "--sheet", str(tmp_path / "again.jpg")]) == 2
    assert "is a picture; --sheet draws samples of a data set" in capsys.readouterr().err
    assert main(["inspect", str(tmp_path / "d"), "--sheet", str(tmp_path / "sheet.pdf")]) == 2
