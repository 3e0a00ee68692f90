"""What `import cleanplate` promises, and how little it and the command line load."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cleanplate
from cleanplate.cli.commands import COMMANDS
from cleanplate.cli.main import main
from cleanplate.imaging.files import write_picture

TRAINING = {"torch", "lightning_fabric", "lightning", "safetensors", "pydantic", "onnx", "onnxscript", "tensorboard"}


def loaded_by(code: str, *arguments: str) -> set[str]:
    """The top-level modules in memory after a fresh interpreter ran `code`."""
    report = "import sys; sys.stderr.write(' '.join({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}", *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def test_the_exported_names_are_these() -> None:
    assert cleanplate.__all__ == ["CleanplateError", "Matte", "NoPlate", "Plate", "__version__"]
    assert dir(cleanplate) == ["CleanplateError", "Matte", "NoPlate", "Plate", "__version__"]


@pytest.mark.parametrize("name", cleanplate.__all__)
def test_every_exported_name_is_there(name: str) -> None:
    assert getattr(cleanplate, name) is not None


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Session'"):
        _ = cleanplate.Session  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]


def test_plates_and_mattes_have_these_public_members() -> None:
    members = {name for name in dir(cleanplate.Plate) if not name.startswith("_")}
    assert members == {
        "anchor", "anchor_by_depth", "assumption", "begin", "disparity_range", "look_at", "look_through", "matte",
        "open", "ready", "twin",
    }  # fmt: skip
    assert {name for name in dir(cleanplate.NoPlate) if not name.startswith("_")} == {"begin", "matte", "ready"}
    fields = set(cleanplate.Matte.__dataclass_fields__)
    assert fields == {
        "alpha", "front", "plate_disparity", "pixels", "plate", "disparity_range", "notices", "camera", "depth_scale",
        "diagnosis",
    }  # fmt: skip
    made = {
        "shot", "beyond", "foreground_disparity", "disparity", "depth_m", "foreground", "foreground_pixels", "shadow",
        "over",
    }  # fmt: skip
    assert made <= set(dir(cleanplate.Matte))


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_by("import cleanplate") & {*TRAINING, "numpy", "cv2", "PIL", "onnxruntime", "click", "rich"} == set()


def test_help_loads_neither_torch_nor_the_runtime() -> None:
    loaded = loaded_by("from cleanplate.cli.main import main; assert main(['--help']) == 0")
    assert loaded & {*TRAINING, "cv2", "onnxruntime"} == set()


def test_help_tells_every_command_in_a_whole_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    commands = capsys.readouterr().out.partition("Commands:")[2].splitlines()
    assert len(commands) > len(COMMANDS)
    assert [line for line in commands if line.endswith("...")] == []


def test_run_loads_no_torch(tmp_path: Path, difference_model: Path) -> None:
    write_picture(tmp_path / "plate.png", np.zeros((32, 32, 3), np.float32))
    words = ["run", tmp_path / "plate.png", "--plate", tmp_path / "plate.png", "--out", tmp_path / "out"]
    code = "import sys; from cleanplate.cli.main import main; assert main(sys.argv[1:]) == 0"
    loaded = loaded_by(code, *map(str, words), "--model", str(difference_model))
    assert "onnxruntime" in loaded
    assert loaded & TRAINING == set()
