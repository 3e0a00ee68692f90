"""Contact sheets: every picture in its place."""

import numpy as np

from cleanplate.imaging import Image
from cleanplate.imaging.sheet import contact_sheet


def test_pictures_stand_in_rows_and_columns() -> None:
    shades = np.linspace(0, 1, 6).astype(np.float32)
    pictures: list[Image] = [np.full((8, 12), shade, np.float32) for shade in shades[:5]]
    pictures.append(np.full((8, 12, 3), shades[5], np.float32))
    sheet = contact_sheet([pictures[:3], pictures[3:]])
    assert sheet.shape == (16, 36, 3)
    np.testing.assert_array_equal(sheet[::8, ::12, 0].ravel(), shades)


def test_titles_and_labels_are_written_outside_the_pictures() -> None:
    white = np.ones((8, 40), np.float32)
    sheet = contact_sheet([[white, white], [white, white]], titles=("plate", "shot"), labels=("one", "two"))
    white_rows = (sheet == 1).all((1, 2))
    assert white_rows.sum() == 16
    assert np.diff(np.flatnonzero(white_rows)).max() > 8
    assert sheet[:8].std() > 0.02


def test_wide_pictures_are_scaled_down_in_proportion() -> None:
    assert contact_sheet([[np.zeros((300, 400, 3), np.float32)] * 2], max_width_px=100).shape == (75, 200, 3)


def test_words_wider_than_a_picture_are_not_cut_off() -> None:
    def inked(sheet: Image) -> int:
        return int((sheet[:14] > 0.5).sum())

    small, large = np.zeros((8, 10), np.float32), np.zeros((8, 400), np.float32)
    titles = ("shadow (grey: unchanged)", "instances")
    sheet = contact_sheet([[small, small]], titles=titles)
    assert inked(sheet) == inked(contact_sheet([[large, large]], titles=titles, max_width_px=400))
    assert sheet.shape[1] < 400
    label = ["000012-scene lamp daylight removed"]
    assert inked(contact_sheet([[small]], labels=label)) == inked(contact_sheet([[large]], labels=label))
