"""The model in the package does on this machine what it did where it was made.

`plate.png` and `shot.png` are one degraded sample of a validation set (rendered by `cleanplate synth`, nobody real),
`truth.png` its exact alpha. `expected/` is made by the command line, with every new model anew:

    cd tests/golden
    cleanplate run shot.png --plate plate.png --out expected --only matte,depth --doctor off --overwrite
"""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cleanplate.cli.main import main
from cleanplate.imaging.files import decode_png
from cleanplate.runtime.session import FAST_MODEL, SHIPPED_MODEL, Session

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("golden")
    arguments = ["run", str(HERE / "shot.png"), "--plate", str(HERE / "plate.png"), "--out", str(out)]
    assert main([*arguments, "--only", "matte,depth", "--doctor", "off"]) == 0
    return out


def _read(path: Path) -> NDArray[np.float64]:
    samples = decode_png(path.read_bytes())
    return samples / (255.0 if samples.dtype == np.uint8 else 65535.0)


@pytest.mark.parametrize("name", ["shot_matte.png", "shot_depth.png"])
def test_the_result_is_the_one_it_was_shipped_with(made: Path, name: str) -> None:
    difference = np.abs(_read(made / name) - _read(HERE / "expected" / name))
    assert difference.mean() < 0.002
    assert np.quantile(difference, 0.999) < 0.05


def test_the_depths_sidecar_is_the_one_it_was_shipped_with(made: Path) -> None:
    got, want = (json.loads((folder / "shot_depth.json").read_text()) for folder in (made, HERE / "expected"))
    assert (got["model"], got["version"], got["quantity"]) == (want["model"], want["version"], want["quantity"])
    assert got["lo"] == pytest.approx(want["lo"], abs=0.01)
    assert got["hi"] == pytest.approx(want["hi"], abs=0.01)


def test_the_matte_finds_who_is_there(made: Path) -> None:
    alpha, truth = _read(made / "shot_matte.png") >= 0.5, _read(HERE / "truth.png") >= 0.5
    assert (alpha & truth).sum() / (alpha | truth).sum() > 0.85


def test_the_fast_model_is_the_same_in_8_bits(made: Path, tmp_path: Path) -> None:
    arguments = ["run", str(HERE / "shot.png"), "--plate", str(HERE / "plate.png"), "--out", str(tmp_path), "--fast"]
    assert main([*arguments, "--only", "matte", "--doctor", "off"]) == 0
    exact, fast = (_read(folder / "shot_matte.png") for folder in (made, tmp_path))
    assert 0 < np.abs(exact - fast).mean() < 0.01
    ours, other = (Session(path, num_threads=1).contract for path in (SHIPPED_MODEL, FAST_MODEL))
    assert (ours.precision, other.precision) == ("float32", "int8")
    assert replace(ours, precision="int8", weights=other.weights) == other


def test_the_package_stays_small_and_its_model_says_what_it_is() -> None:
    assert SHIPPED_MODEL.stat().st_size + FAST_MODEL.stat().st_size <= 8_000_000
    contract = Session().contract
    assert contract.licence == "Apache-2.0"
    for fingerprint in contract.training_data.split("+"):
        assert re.fullmatch(r"sha256:[0-9a-f]{64}", fingerprint)
