"""The command line as a whole: what it prints where, and what it leaves behind."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cleanplate.cli.main import main
from cleanplate.imaging.files import write_picture


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    write_picture(tmp_path / "plate.png", np.full((32, 48, 3), 0.4, np.float32))
    return tmp_path / "plate.png"


def _cleanplate(*words: str | Path, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in {"ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}}
    environment |= {"HOME": str(home)} if home else {}
    command = [sys.executable, "-m", "cleanplate", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize("words", [[], ["evaluate"]])
def test_without_a_command_the_help_is_shown_as_it_is(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("Usage: cleanplate")
    assert len(told.err.splitlines()) > 5


def test_a_run_leaves_nothing_at_home(tmp_path: Path, plate: Path, difference_model: Path) -> None:
    """onnxruntime would: an identifier of the device, and a database of what to tell its makers."""
    home = tmp_path / "home"
    home.mkdir()
    done = _cleanplate(
        "run", plate, "--plate", plate, "--out", tmp_path / "out", "--model", difference_model, home=home
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list(home.rglob("*")) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_that_cannot_be_written_is_one_line(plate: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "cleanplate", "inspect", str(plate)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "cannot be written (No space left on device)" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="pipes end otherwise elsewhere")
def test_output_that_nobody_reads_is_no_failure(plate: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "cleanplate", "inspect", str(plate)]
    with os.fdopen(write, "w") as pipe:
        done = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize(
    ("module", "raised"),
    [
        ("click", "raise KeyboardInterrupt"),
        ("importlib.metadata", "raise KeyboardInterrupt"),
        ("numpy", "raise KeyboardInterrupt"),
        ("cv2", "raise ImportError('initialization failed') from KeyboardInterrupt()"),  # as compiled modules do
    ],
)
def test_ctrl_c_while_modules_are_loaded_is_one_line(plate: Path, module: str, raised: str) -> None:
    code = f"""
import sys

class Finder:
    def find_spec(self, name, *_):
        if name == "{module}":
            {raised}

assert "{module}" not in sys.modules
sys.meta_path.insert(0, Finder())
from cleanplate.cli.main import main
sys.exit(main(["inspect", sys.argv[1]]))
"""
    done = subprocess.run([sys.executable, "-c", code, str(plate)], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr.strip() == "cleanplate: interrupted; every file that was finished is kept"


def test_loops_run_where_the_cache_folder_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    code = (
        "import numpy as np; from cleanplate.synth.render.rays import picked; "
        "assert picked(4, 2, 1).shape == (4,); print('fine')"
    )
    environment = os.environ | {"CLEANPLATE_CACHE": str(tmp_path / "cache")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert (done.stdout, done.stderr) == ("fine\n", "")


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        (["synth", "--out", "d", "--count", "2"], "--sheet"),
        (["evaluate", "data", "d"], "--json"),
        (["assets"], "--credits"),
    ],
)
def test_overwrite_without_a_file_to_write_is_wrong_usage(
    words: list[str], needed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--overwrite"]) == 2
    told = f"cleanplate: --overwrite is for {needed}: add {needed}, or leave --overwrite out\n"
    assert capsys.readouterr().err == told
