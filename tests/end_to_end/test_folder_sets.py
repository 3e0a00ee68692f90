"""The document's folders from end to end: composed, killed, labelled, looked at, trained on."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage

from cleanplate.cli.main import main
from cleanplate.jobs.ledger import LEDGER
from cleanplate.sample.folder_reader import FolderReader

ModelMaker = Callable[..., Path]

RECIPE = """
data = { train_count = 16, validation_count = 8 }
model = { widths = [8, 8, 16] }
export = { short_side_px = 32 }

[loss]
bce = 1.0
l1 = 1.0
laplacian = 0.5
dice = 0.5
disparity = 0.5
disparity_person = 0.5
disparity_gradient = 0.25

[optim]
lr = 2e-3
weight_decay = 1e-2
batch_size = 4
steps = 2
warmup_steps = 1
clip_norm = 5.0
ema_decay = 0.9

[run]
name = "tiny"
version = "1"
size_hw = [32, 48]
precision = "32-true"
workers = 0
log_every = 2
validate_every = 2
checkpoint_every = 2
"""


def material(folder: Path, seed: int, num_backgrounds: int = 2) -> list[str]:
    """Photos and cut-outs of nobody else, and the options that name them."""
    rng = np.random.default_rng(seed)
    for name in ("bg", "fg"):
        (folder / name).mkdir(parents=True)
    for number in range(num_backgrounds):
        squares = rng.integers(30, 220, (6, 8, 3))
        picture = np.kron(squares, np.ones((10, 10, 1))).astype(np.uint8)
        PilImage.fromarray(picture).save(folder / "bg" / f"room{number}.png")
    for number in range(2):
        rgba = np.zeros((30, 20, 4), np.uint8)
        rgba[3:27, 3:17] = [*rng.integers(0, 255, 3), 255]
        PilImage.fromarray(rgba).save(folder / "fg" / f"ann{number}.png")
    return ["--backgrounds", str(folder / "bg"), "--foregrounds", str(folder / "fg"), "--size", "45"]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_compose_label_inspect(tmp_path: Path, make_teacher: ModelMaker, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "d"
    compose = ["compose", *material(tmp_path, 1), "--out", str(out), "--places", "3", "--flip", "--workers", "1"]
    assert main(compose) == 0
    assert "24 samples in " in capsys.readouterr().out
    assert main(compose) == 1
    assert "already holds a data set" in capsys.readouterr().err
    label = ["label", str(out), "--teacher", str(make_teacher()), "--teacher-gives", "disparity", "--workers", "1"]
    assert main(label) == 0
    assert f"24 depth images in {out / 'depth'}: disparity = " in capsys.readouterr().out
    assert main(["inspect", str(out), "--json", "--verify", "--sheet", str(tmp_path / "sheet.png")]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["num_pictures"] == {"bg": 2, "fg_bg": 24, "mask": 24, "depth": 24}
    assert facts["depth"]["quantity"] == "disparity"
    assert facts["about"]["teacher"]["file"] == "teacher.onnx"
    assert (tmp_path / "sheet.png").exists()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="Windows has no process groups of this kind")
def test_killed_again_and_again_a_composed_set_has_the_bytes_of_one_run(tmp_path: Path) -> None:
    options = [*material(tmp_path, 1, 12), "--places", "20", "--flip", "--workers", "1"]
    assert main(["compose", *options, "--out", str(tmp_path / "whole")]) == 0
    killed = tmp_path / "killed"
    command = [sys.executable, "-m", "cleanplate", "compose", *options, "--out", str(killed)]
    for num_units in (2, 9, 17):
        running = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
        while running.poll() is None and num_finished(killed) < num_units:
            time.sleep(0.01)
        os.killpg(running.pid, signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL
        assert main(["inspect", str(killed)]) == 1
    assert main(["compose", *options, "--out", str(killed)]) == 0
    assert contents(killed) == contents(tmp_path / "whole")


def num_finished(folder: Path) -> int:
    ledger = folder / LEDGER
    return max(0, ledger.read_bytes().count(b"\n") - 1) if ledger.exists() else 0


@pytest.mark.slow
@pytest.mark.parametrize("labelled", [True, False])
def test_a_network_trains_on_a_folder_set_with_depth_and_without(
    tmp_path: Path, make_teacher: ModelMaker, labelled: bool
) -> None:
    (tmp_path / "tiny.toml").write_text(RECIPE)
    for seed, name in ((1, "train"), (2, "validation")):
        out = tmp_path / "data" / name
        assert main(["compose", *material(tmp_path / name, seed), "--out", str(out), "--places", "4"]) == 0
        if labelled:
            label = ["label", str(out), "--teacher", str(make_teacher()), "--teacher-gives", "depth"]
            assert main([*label, "--workers", "1"]) == 0
    train = ["train", str(tmp_path / "tiny.toml"), "--data", str(tmp_path / "data")]
    assert main([*train, "--out", str(tmp_path / "run")]) == 0
    head, *rows = (tmp_path / "run" / "validation.csv").read_text().splitlines()
    figures = dict(zip(head.split(","), rows[-1].split(","), strict=True))
    assert float(figures["loss"]) > 0
    assert (float(figures["disparity"]) > 0) == labelled


@pytest.mark.slow
def test_a_network_trains_on_a_set_that_somebody_else_has_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tiny.toml").write_text(RECIPE)
    for seed, name in ((1, "train"), (2, "validation")):
        made, theirs = tmp_path / name / "made", tmp_path / "data" / name
        assert main(["compose", *material(tmp_path / name, seed), "--out", str(made), "--places", "4"]) == 0
        reader = FolderReader(made)
        for kind in ("bg", "fg_bg", "mask", "depth"):
            (theirs / kind).mkdir(parents=True)
        for number, one in enumerate(reader.pairs):
            scene = one.scene.split("-")[0]
            for kind, file in (("bg", one.bg), ("fg_bg", one.fg_bg), ("mask", one.mask), ("depth", one.mask)):
                stem = scene if kind == "bg" else f"{scene}_{number:03d}{'' if kind == 'fg_bg' else '_' + kind}"
                PilImage.open(made / ("mask" if kind == "depth" else kind) / file).save(theirs / kind / f"{stem}.jpg")
    rule = ["--pairs", "fg_bg={bg}_{n}", "--pairs", "mask={bg}_{n}_mask", "--pairs", "depth={bg}_{n}_depth"]
    train = ["train", str(tmp_path / "tiny.toml"), "--data", str(tmp_path / "data"), "--out", str(tmp_path / "run")]
    assert main([*train, *rule]) == 2
    assert "nothing says what its pictures show; give --depth-is" in capsys.readouterr().err
    assert main([*train, "--depth-is", "disparity"]) == 1
    assert "do not pair by their names: fg_bg/room0_000 has no bg" in capsys.readouterr().err
    assert main([*train, *rule, "--depth-is", "disparity"]) == 0
    capsys.readouterr()
    ours = tmp_path / "ours"
    ours.mkdir()
    for name in ("train", "validation"):
        (ours / name).symlink_to(tmp_path / name / "made")
    both = [*train[:-2], "--data", str(ours), "--out", str(tmp_path / "both"), *rule, "--depth-is", "disparity"]
    assert main(both) == 0
    assert main([*train[:2], "--data", str(ours), "--out", str(tmp_path / "alone"), *rule]) == 2
    assert "all of these sets record names and depth themselves; leave both out" in capsys.readouterr().err
    assert main(["inspect", str(tmp_path / "data" / "train"), *rule]) == 0
    assert "give --depth-is to read it" in capsys.readouterr().out
