"""Pictures in rows and columns, to be looked at side by side."""

from collections.abc import Sequence

import cv2
import numpy as np

from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_float
from cleanplate.imaging.resize import resize

_STRIP_PX = 14
_PAPER, _INK = 32, 230


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
        max_width_px: wider pictures are scaled down.
    """
    height, width = rows[0][0].shape[:2]
    shrink = min(1.0, max_width_px / width)
    size_hw = max(1, round(height * shrink)), max(1, round(width * shrink))
    lines: list[Image] = []
    if titles:
        lines.append(np.concatenate([_strip(title, size_hw[1]) for title in titles], 1))
    for number, row in enumerate(rows):
        if labels:
            lines.append(_strip(labels[number], size_hw[1] * len(row)))
        lines.append(np.concatenate([resize(_in_colour(picture), size_hw) for picture in row], 1))
    return np.concatenate(lines)


def _in_colour(picture: Image) -> Image:
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, 2)


def _strip(text: str, width_px: int) -> Image:
    strip = np.full((_STRIP_PX, width_px, 3), _PAPER, np.uint8)
    cv2.putText(strip, text, (2, _STRIP_PX - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (_INK,) * 3, 1, cv2.LINE_AA)
    return to_float(strip)
