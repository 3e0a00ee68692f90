"""Pictures from 16 x 16 to 8000 x 8000 go all the way through the command line."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage

from cleanplate.imaging.decoding import read_header

RUN_AND_MEASURE = """
import json, resource, sys
from cleanplate.cli.main import main
code = main(sys.argv[1:])
print(json.dumps({"code": code, "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
"""


def run(folder: Path, model: Path, side_px: int) -> dict[str, int]:
    row = np.linspace(20, 120, side_px).astype(np.uint8)
    plate = np.broadcast_to(row[:, None, None], (side_px, side_px, 3)).copy()
    PilImage.fromarray(plate).save(folder / "plate.jpg", quality=95)
    plate[side_px // 4 : side_px // 2, side_px // 4 : side_px // 2] = 250
    PilImage.fromarray(plate).save(folder / "shot.jpg", quality=95)
    words = ["run", folder / "shot.jpg", "--plate", folder / "plate.jpg", "--out", folder / "out", "--model", model]
    done = subprocess.run(
        [sys.executable, "-c", RUN_AND_MEASURE, *map(str, words)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return json.loads(done.stdout.splitlines()[-1])


def assert_results(folder: Path, side_px: int) -> None:
    for name in ("matte", "cutout", "depth"):
        assert read_header(folder / "out" / f"shot_{name}.png").size_hw == (side_px, side_px)
    alpha = np.asarray(PilImage.open(folder / "out" / "shot_matte.png").resize((16, 16)))
    assert alpha[6, 6] == 255
    assert alpha[12, 12] == 0
    assert (folder / "out" / "shot_preview.jpg").exists()


def test_the_smallest_picture(tmp_path: Path, difference_model: Path) -> None:
    pytest.importorskip("resource")
    assert run(tmp_path, difference_model, 16)["code"] == 0
    assert_results(tmp_path, 16)


@pytest.mark.long
def test_the_largest_picture_fits_into_5_gib(
    tmp_path: Path, difference_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("resource")
    monkeypatch.setattr(PilImage, "MAX_IMAGE_PIXELS", None)
    measured = run(tmp_path, difference_model, 8000)
    assert measured["code"] == 0
    assert measured["peak_kib"] < 5 * 2**20
    assert_results(tmp_path, 8000)
