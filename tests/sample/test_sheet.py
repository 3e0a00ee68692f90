"""The contact sheet of a data set shows what its samples hold."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cleanplate.errors import InputError, UsageError
from cleanplate.imaging.files import read_picture
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import write_shards
from cleanplate.sample.sheet import refuse_sheet, spread, write_sample_sheet, write_sheet_of

SIZE = (20, 24)


def _sample(index: int) -> Sample:
    plate, shot = (np.full((*SIZE, 3), shade, np.float32) for shade in (0.2, 0.6))
    alpha = np.zeros(SIZE, np.float32)
    alpha[:, 12:] = 1
    plate_depth, shot_depth = np.full(SIZE, 5, np.float32), np.where(alpha > 0, 2, 5).astype(np.float32)
    return Sample(f"k{index}", "scene", (), plate, shot, alpha, plate_depth, shot_depth)


def _cells(path: Path) -> list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """The seven pictures of the first row, whose strips above are 28 px high."""
    row = read_picture(path).rgb[28:48]
    return [column[:, :24] for column in np.split(row, 7, axis=1)]


def test_a_row_is_plate_shot_alpha_depths_shadow_and_instances(tmp_path: Path) -> None:
    shadow = np.full((*SIZE, 3), 0.5, np.float32)
    instances = np.zeros(SIZE, np.uint8)
    instances[:, 12:18], instances[:, 18:] = 1, 2
    write_sample_sheet(tmp_path / "s.png", [replace(_sample(0), shadow=shadow, instances=instances)])
    plate, shot, alpha, shot_depth, plate_depth, shade, ids = _cells(tmp_path / "s.png")
    assert [round(float(cell.mean()), 1) for cell in (plate, shot, alpha)] == [0.2, 0.6, 0.5]
    assert shot_depth[:, 12:].mean() > shot_depth[:, :12].mean()  # nearer is brighter
    np.testing.assert_array_equal(shot_depth[:, :12], plate_depth[:, :12])
    np.testing.assert_allclose(shade, 0.25, atol=0.01)
    assert len(np.unique(ids.reshape(-1, 3), axis=0)) == 3


def test_what_a_sample_lacks_is_grey(tmp_path: Path) -> None:
    sky = np.zeros(SIZE, np.float32)
    write_sample_sheet(tmp_path / "s.png", [replace(_sample(0), plate_depth_m=sky, shot_depth_m=sky)])
    for cell in _cells(tmp_path / "s.png")[3:]:
        np.testing.assert_allclose(cell, 0.5, atol=0.01)


def test_a_data_set_is_shown_evenly_or_from_a_number_on(tmp_path: Path) -> None:
    write_shards(tmp_path / "d", [_sample(index) for index in range(30)], {})
    heights: list[int] = []
    for first in (None, 0, 25):
        write_sheet_of(tmp_path / "d", tmp_path / "s.png", first)
        heights.append((read_picture(tmp_path / "s.png").rgb.shape[0] - 14) // 34)
    assert heights == [24, 24, 5]
    with pytest.raises(InputError, match="holds 30 samples, there is none from number 30 on"):
        write_sheet_of(tmp_path / "d", tmp_path / "s.png", 30)
    assert spread(30)[0] == 0
    assert spread(30)[-1] == 29


def test_a_sheet_is_a_picture(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"let its name end in \.png or \.jpg"):
        refuse_sheet(tmp_path / "sheet.pdf", overwrite=False)
