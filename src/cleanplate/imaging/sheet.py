"""Pictures in rows and columns, to be looked at side by side."""

from collections.abc import Sequence

import cv2
import numpy as np

from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_float
from cleanplate.imaging.resize import resize

_STRIP_PX = 14
_MARGIN_PX = 2
_PAPER, _INK = 32, 230
_FONT, _FONT_SCALE = cv2.FONT_HERSHEY_SIMPLEX, 0.36


def contact_sheet(
    rows: Sequence[Sequence[Image]],
    *,
    titles: Sequence[str] = (),
    labels: Sequence[str] = (),
    max_width_px: int = 256,
) -> Image:
    """One picture (h, w, 3) out of many.

    Args:
        rows: the same number of pictures each, (h, w) or (h, w, 3) in [0, 1], all of one size.
        titles: a few words above each column.
        labels: a few words above each row.
        max_width_px: wider pictures are scaled down; beside those that are narrower than their words there is paper.
    """
    height, width = rows[0][0].shape[:2]
    shrink = min(1.0, max_width_px / width)
    size_hw = max(1, round(height * shrink)), max(1, round(width * shrink))
    columns = len(rows[0])
    wanted = [*map(_width_px, titles), *(-(-_width_px(label) // columns) for label in labels)]
    width_px = max([size_hw[1], *wanted])
    lines: list[Image] = []
    if titles:
        lines.append(np.concatenate([_strip(title, width_px) for title in titles], 1))
    for number, row in enumerate(rows):
        if labels:
            lines.append(_strip(labels[number], width_px * columns))
        lines.append(np.concatenate([_on_paper(resize(_in_colour(picture), size_hw), width_px) for picture in row], 1))
    return np.concatenate(lines)


def _on_paper(picture: Image, width_px: int) -> Image:
    beside = (0, 0), (0, width_px - picture.shape[1]), (0, 0)
    return np.pad(picture, beside, constant_values=_PAPER / 255)


def _in_colour(picture: Image) -> Image:
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, 2)


def _width_px(text: str) -> int:
    """What a strip with these words needs."""
    return cv2.getTextSize(text, _FONT, _FONT_SCALE, 1)[0][0] + 2 * _MARGIN_PX


def _strip(text: str, width_px: int) -> Image:
    strip = np.full((_STRIP_PX, width_px, 3), _PAPER, np.uint8)
    cv2.putText(strip, text, (_MARGIN_PX, _STRIP_PX - 4), _FONT, _FONT_SCALE, (_INK,) * 3, 1, cv2.LINE_AA)
    return to_float(strip)
