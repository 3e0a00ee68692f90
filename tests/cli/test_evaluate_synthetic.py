"""`cleanplate evaluate synthetic` prints the table, leaves numbers and sheet, and tells wrong input in one line."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cleanplate.cli.main import main
from cleanplate.runtime.model_file import read_model_file
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import ShardReader, write_shards

SIZE_HW = (48, 64)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data set of three pairs that a plain difference can matte."""
    rng = np.random.default_rng(2)
    alpha = np.zeros(SIZE_HW, np.float32)
    alpha[10:40, 20:45] = 1
    depth_m = np.tile(np.linspace(5, 3, SIZE_HW[1], dtype=np.float32), (SIZE_HW[0], 1))
    samples: list[Sample] = []
    for number in range(3):
        plate = (rng.random((*SIZE_HW, 3)) / 2).astype(np.float32)
        shot = (plate + alpha[..., None] / 2).astype(np.float32)
        samples.append(Sample(f"k{number}", f"s{number}", (), plate, shot, alpha, depth_m, depth_m - alpha))
    write_shards(tmp_path / "data", samples, {})
    return tmp_path / "data"


def test_pairs_are_scored_and_the_worst_are_shown(
    folder: Path, difference_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", "synthetic", str(folder), "--model", str(difference_model), "--out", str(tmp_path / "o")]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert float(lines[1].split()[1]) > 0.9
    assert lines[4] == "3 pairs, 0 without foreground"
    assert lines[-2].split()[:2] == ["something", "3"]
    assert lines[-1] == f"worst pairs: {tmp_path / 'o' / 'worst.jpg'}"
    written = json.loads((tmp_path / "o" / "scores.json").read_text())
    assert (written["effects"], len(written["pairs"])) == (None, 3)
    assert written["scored"] == "difference 0.0.1 (float32)"
    assert written["weights"] == read_model_file(difference_model).contract.weights
    assert (tmp_path / "o" / "worst.jpg").is_file()


def test_effects_make_it_harder_the_same_seed_gives_the_same_scores_and_one_look_others(
    folder: Path, difference_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = ["evaluate", "synthetic", str(folder), "--model", str(difference_model), "--out", str(tmp_path / "o")]
    overlaps: list[list[float]] = []
    ways: tuple[list[str], ...] = ([], ["--effects", "3"], ["--effects", "3", "--count", "2"], ["--closer", "off"])
    written: dict[str, Any] = {}
    for more in (*ways, ["--effect", "noise_sd=0.2"]):
        assert main([*plain, *more]) == 0
        written = json.loads((tmp_path / "o" / "scores.json").read_text())
        overlaps.append([pair["mae"] for pair in written["pairs"]])
    assert np.mean(overlaps[1]) > np.mean(overlaps[0])
    assert overlaps[2] == overlaps[1][:2]
    assert overlaps[3] != overlaps[0]
    assert np.mean(overlaps[4]) > np.mean(overlaps[0])
    assert (written["effects"]["noise_sd"], written["effects"]["blur_p"]) == (0.2, 0)
    capsys.readouterr()


def test_groups_do_not_name_what_a_crop_has_cut_away(folder: Path, difference_model: Path, tmp_path: Path) -> None:
    instances = np.zeros(SIZE_HW, np.uint8)
    instances[10:40, 20:45], instances[:2, :2] = 1, 2
    told = {"instances": instances, "instance_names": ("a", "b"), "instance_kinds": ("person", "object")}
    write_shards(tmp_path / "two", [replace(sample, **told) for sample in ShardReader(folder)], {})
    words = ["evaluate", "synthetic", str(tmp_path / "two"), "--model", str(difference_model), "--out"]
    assert main([*words, str(tmp_path / "whole")]) == 0
    assert main([*words, str(tmp_path / "cropped"), "--effect", "crop=0.9", "--effect", "whole_p=0"]) == 0
    groups = [
        {pair["group"] for pair in json.loads((tmp_path / out / "scores.json").read_text())["pairs"]}
        for out in ("whole", "cropped")
    ]
    assert groups == [{"object + person"}, {"person", "object + person"}]  # some crops take little


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        (["nowhere"], (1, "nowhere: no data set there")),
        (["data", "--model", "nowhere.onnx"], (1, "nowhere.onnx")),
        (["data", "--effects", "loud"], (2, "'loud' is not a valid integer")),
        (["data", "--effect", "wind=1"], (2, "--effect 'wind=1': there is no effect of that name; there are crop, ")),
        (["data", "--effect", "sway_p"], (2, "--effect 'sway_p': is not sway_p=NUMBER, as sway_p=1.0")),
        (["data", "--effect", "sway_px=1e9"], (2, "--effect sway_px must be <= 100, got 1e+09")),
        (["data", "--effect", "sway_p=2"], (2, "--effect sway_p must be <= 1, got 2")),
        (["data", "--worst", "0"], (2, "--worst")),
        ([], (2, "DIR")),
    ],
)
def test_wrong_input_is_one_line_that_names_it_and_leaves_nothing_behind(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    outcome: tuple[int, str],
) -> None:
    monkeypatch.chdir(folder.parent)
    assert main(["evaluate", "synthetic", *arguments, "--out", "o"]) == outcome[0]
    printed = capsys.readouterr()
    assert printed.out == ""
    assert outcome[1] in printed.err
    assert len(printed.err.splitlines()) == 1
    assert not (folder.parent / "o").exists()
