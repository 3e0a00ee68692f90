import sys
from pathlib import Path

import pytest

from cleanplate.cli.main import main

RECIPE = Path(__file__).parents[2] / "recipes" / "shipped.toml"


@pytest.mark.parametrize(("command", "missing"), [("train", "lightning_fabric"), ("export", "torch")])
def test_without_the_training_parts_it_says_what_to_install(
    command: str, missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith("cleanplate.train")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    arguments = ["x.toml", "--data", "d", "--out", "o"] if command == "train" else ["x", "--out", "o"]
    assert main([command, *arguments]) == 2
    assert capsys.readouterr().err == (
        f"cleanplate: cleanplate {command} needs {missing}: install it with pip install 'cleanplate[train]'\n"
    )


def test_a_misspelt_key_is_one_line_and_leaves_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    assert main(["train", str(RECIPE), "--data", "nowhere", "--out", str(out), "--set", "optim.lrr=1"]) == 2
    assert capsys.readouterr().err == "cleanplate: --set: optim.lrr: unknown key (did you mean optim.lr?)\n"
    assert not out.exists()


def test_missing_data_is_one_line_and_leaves_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    assert main(["train", str(RECIPE), "--data", str(tmp_path / "none"), "--out", str(out)]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"cleanplate: {tmp_path / 'none' / 'train'}: ")
    assert error.count("\n") == 1
    assert not out.exists()


def test_export_of_no_checkpoint_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(tmp_path), "--out", str(tmp_path / "model.onnx")]) == 1
    assert capsys.readouterr().err.startswith(f"cleanplate: {tmp_path}: is no checkpoint")
    assert not (tmp_path / "model.onnx").exists()
