"""The commands over real shards: it lives here because the invented shards do."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load

from cleanplate.assets.packing import write_pack
from cleanplate.cli.main import main
from cleanplate.models.lite0 import Lite0
from cleanplate.synth.pack import encoder_folder
from cleanplate.train.checkpoint import load_network, read_about
from cleanplate.train.matte import MatteAndDepth
from cleanplate.train.recipe import load_recipe
from cleanplate.train.runs import find_checkpoint


@pytest.mark.slow
def test_train_stop_resume_export_from_the_command_line(
    recipe_file: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    train = ["train", str(recipe_file), "--data", str(data), "--out", str(out), "--set", "optim.steps=4"]
    train += ["--set", "run.validate_every=9"]  # so early, a head may well look blank twice
    assert main(train) == 0
    assert f"trained 4 steps; now:  cleanplate export {out}" in capsys.readouterr().out
    assert main(train) == 1
    assert "add --resume to go on with it" in capsys.readouterr().err
    assert main([*train, "--resume"]) == 0
    model = tmp_path / "model.onnx"
    assert main(["export", str(out), "--out", str(model)]) == 0
    assert f"{model}: tiny 1 (float32), " in capsys.readouterr().out
    assert main(["inspect", str(model)]) == 0
    capsys.readouterr()
    assert main(["export", str(out), "--out", str(model)]) == 1
    assert "model.onnx: is there already; add --overwrite" in capsys.readouterr().err
    assert main(["export", str(out), "--out", str(model), "--overwrite"]) == 0


def test_a_test_set_is_not_trained_on(
    recipe_file: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "objects"
    shutil.copytree(data, copy)
    path = copy / "train" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | {"about": {"only": "objects"}}), encoding="utf-8")
    out = tmp_path / "run"
    assert main(["train", str(recipe_file), "--data", str(copy), "--out", str(out)]) == 1
    assert capsys.readouterr().err == (
        f"cleanplate: {copy / 'train'}: is a test set, made with --only objects; make one without it to train with\n"
    )
    assert not out.exists()


@pytest.mark.slow
def test_weights_that_saw_the_validation_data_are_no_start(
    recipe_file: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", str(recipe_file), "--set", "optim.steps=2", "--set", "run.validate_every=9"]
    swapped, first, second = (tmp_path / name for name in ("swapped", "first", "second"))
    swapped.mkdir()
    (swapped / "train").symlink_to(data / "validation")
    (swapped / "validation").symlink_to(data / "train")
    assert main([*words, "--data", str(swapped), "--out", str(first)]) == 0
    assert main([*words, "--data", str(data), "--out", str(second), "--start", str(first)]) == 1
    assert "was trained on what is to be its validation" in capsys.readouterr().err
    assert not second.exists()


@pytest.mark.slow
def test_a_run_begins_from_anothers_averaged_weights_and_sees_more_data(
    recipe_file: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", str(recipe_file), "--data", str(data), "--set", "run.validate_every=9"]
    first, second = tmp_path / "first", tmp_path / "second"
    assert main([*words, "--out", str(first), "--set", "optim.steps=2"]) == 0
    more = ["--start", str(first), "--set", "optim.lr=1e-30", "--set", "optim.weight_decay=0", "--set", "optim.steps=2"]
    assert main([*words, "--data", str(data), "--out", str(second), *more]) == 0
    begun, ended = (MatteAndDepth(load_recipe(recipe_file)).network() for _ in range(2))
    for run, network in ((first, begun), (second, ended)):
        load_network(find_checkpoint(run) / "ema.safetensors", network)
    assert all(torch.equal(*pair) for pair in zip(begun.parameters(), ended.parameters(), strict=True))
    seen = read_about(find_checkpoint(second)).training_data
    assert seen == "+".join([read_about(find_checkpoint(first)).training_data] * 3)  # before, and twice as much now
    again = [*words, "--data", str(data), "--out", str(second), *more[2:], "--resume"]
    assert main(again) == 1
    assert "give the same --data and --start" in capsys.readouterr().err
    assert main([*again, *more[:2]]) == 0
    assert main([*words, "--out", str(tmp_path / "third"), "--start", str(tmp_path / "none")]) == 1
    assert "is no checkpoint and no run with one" in capsys.readouterr().err


@pytest.mark.slow
def test_a_recipe_on_pretrained_features_needs_them_once_and_keeps_them(
    recipe_file: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEANPLATE_CACHE", str(tmp_path / "cache"))
    run, model = tmp_path / "run", tmp_path / "model.onnx"
    words = ["train", str(recipe_file), "--data", str(data), "--out", str(run), "--set", "run.validate_every=9"]
    words += ["--set", "model.widths=[8, 8, 8, 8, 8]", "--set", "model.pretrained=true", "--set", "optim.steps=2"]
    words += ["--set", "optim.ema_decay=0"]  # settled, features of random weights would drown the maps' rounding
    assert main(words) == 1
    assert "run cleanplate assets first" in capsys.readouterr().err
    assert not run.exists()
    given = {name: x.numpy() for name, x in Lite0().state_dict().items()}
    write_pack(encoder_folder(), {"lite0": given}, [])
    assert main(words) == 0
    shutil.rmtree(tmp_path / "cache")  # from here on the checkpoint has them
    assert main([*words, "--resume"]) == 0
    assert main(["export", str(run), "--out", str(model)]) == 0
    kept = load((find_checkpoint(run) / "model.safetensors").read_bytes())
    assert all(np.array_equal(kept[f"lite0.{name}"].numpy(), x) for name, x in given.items())


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="Windows has no process groups of this kind")
def test_a_signal_to_the_whole_group_saves_and_says_how_to_go_on(recipe_file: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = f"train {recipe_file} --data {data} --out {out} --set run.workers=1 --set optim.steps=100000"
    process = subprocess.Popen(
        [sys.executable, "-m", "cleanplate", *words.split(), "--set", "run.validate_every=100000"],
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (out / "train.csv").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGTERM)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert error.startswith("stopped after step ")
    assert f"cleanplate {words} --set run.validate_every=100000 --resume" in error
    assert len(list((out / "checkpoints").glob("step_*"))) in {1, 2}
