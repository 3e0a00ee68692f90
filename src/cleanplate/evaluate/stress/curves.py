"""The pictures of the page: ten small plots, and what the axes and the tools look like at the last level."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.evaluate.stress.axes import AXES, NUM_LEVELS, Axis
from cleanplate.evaluate.stress.measure import CLEAN, Mattes, tile
from cleanplate.evaluate.stress.pairs import Pair
from cleanplate.evaluate.stress.results import Result
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_float
from cleanplate.imaging.sheet import contact_sheet

_COLUMNS = 5
_PLOT_HW = 480, 520
_BOX = 96, 60, 500, 410
"""Left, top, right and bottom of the axes inside a plot, in pixels of the picture before it is halved."""

_LEGEND_PX = 76
_PAPER, _INK, _GRID = 255, (50, 50, 50), (225, 225, 225)
_COLOURS = (
    (214, 39, 40),
    (31, 119, 180),
    (44, 160, 44),
    (255, 127, 14),
    (148, 103, 189),
    (23, 150, 170),
    (140, 86, 75),
    (90, 90, 90),
    (190, 170, 20),
    (225, 120, 190),
)
_LOWEST, _HIGHEST = 0.001, 1.0
_TICKS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)

_Canvas = NDArray[np.uint8]


def curves(results: Sequence[Result]) -> Image:
    """Error over level, one plot an axis and one curve a tool, all on one logarithmic scale: (h, w, 3) in [0, 1]."""
    errors = [result.error(axis.name, level) for result in results for axis in AXES for level in range(NUM_LEVELS + 1)]
    ticks = _ticks(min(errors), max(errors))
    plots = [_plot(axis, results, ticks) for axis in AXES]
    rows = [np.concatenate(plots[at : at + _COLUMNS], 1) for at in range(0, len(plots), _COLUMNS)]
    canvas = np.concatenate([*rows, _legend(results, rows[0].shape[1])])
    size_wh = canvas.shape[1] // 2, canvas.shape[0] // 2
    return to_float(np.asarray(cv2.resize(canvas, size_wh, interpolation=cv2.INTER_AREA), np.uint8))


def axes_sheet(pair: Pair, seed: int, results: Sequence[Result], mattes: Sequence[Mattes]) -> Image:
    """Plate, shot and every tool's matte of one pair, clean and at the last level of each axis: (h, w, 3) in [0, 1]."""
    rows: list[list[Image]] = []
    labels: list[str] = []
    for number, axis in enumerate((None, *AXES)):
        seen = (axis or AXES[0]).applied(pair, NUM_LEVELS if axis else 0, seed)
        rows.append([*(tile(to_float(codes)) for codes in seen), *(made[number] for made in mattes)])
        labels.append(f"{axis.name}, {axis.written(NUM_LEVELS)}" if axis else CLEAN)
    titles = ["plate", "shot", *(result.tool for result in results)]
    return contact_sheet(rows, titles=titles, labels=labels)


def _ticks(lowest: float, highest: float) -> list[float]:
    """The marks from just below the lowest error to just above the highest."""
    first = max((i for i, tick in enumerate(_TICKS) if tick <= lowest), default=0)
    last = next((i for i, tick in enumerate(_TICKS) if tick >= highest), len(_TICKS) - 1)
    return list(_TICKS[first : max(last, first + 1) + 1])


def _plot(axis: Axis, results: Sequence[Result], ticks: Sequence[float]) -> _Canvas:
    canvas = np.full((*_PLOT_HW, 3), _PAPER, np.uint8)
    left, top, right, bottom = _BOX

    def x_at(level: int) -> int:
        return round(left + (right - left) * level / NUM_LEVELS)

    def y_at(error: float) -> int:
        share = np.log(np.clip(error, ticks[0], ticks[-1]) / ticks[0]) / np.log(ticks[-1] / ticks[0])
        return round(bottom - (bottom - top) * float(share))

    for tick in ticks:
        cv2.line(canvas, (left, y_at(tick)), (right, y_at(tick)), _GRID, 2)
        _write(canvas, f"{tick:g}", (left - 8, y_at(tick) + 8), align=1)
    for level in range(NUM_LEVELS + 1):
        _write(canvas, f"{axis.values[level - 1]:g}" if level else CLEAN, (x_at(level), bottom + 34), align=0.5)
    _write(canvas, f"{axis.name}, {axis.unit}", (left, top - 22), scale=0.95, thickness=2)
    for colour, result in zip(_colours(len(results)), results, strict=True):
        points = [(x_at(level), y_at(result.error(axis.name, level))) for level in range(NUM_LEVELS + 1)]
        cv2.polylines(
            canvas, [np.array(points, np.int32)], isClosed=False, color=colour, thickness=4, lineType=cv2.LINE_AA
        )
        for point in points:
            cv2.circle(canvas, point, 7, colour, -1, cv2.LINE_AA)
    return canvas


def _legend(results: Sequence[Result], width: int) -> _Canvas:
    canvas = np.full((_LEGEND_PX, width, 3), _PAPER, np.uint8)
    at = _BOX[0]
    for colour, result in zip(_colours(len(results)), results, strict=True):
        cv2.line(canvas, (at, 30), (at + 60, 30), colour, 6, cv2.LINE_AA)
        at = _write(canvas, result.tool, (at + 74, 40), scale=0.95, thickness=2) + 60
    _write(canvas, "mean absolute error of alpha, logarithmic", (width - 20, 40), align=1)
    return canvas


def _write(
    canvas: _Canvas, text: str, at: tuple[int, int], *, align: float = 0, scale: float = 0.7, thickness: int = 1
) -> int:
    """Write from `at` (align 0), about it (0.5) or up to it (1); return where the text ends."""
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thickness)
    start = round(at[0] - align * width)
    cv2.putText(canvas, text, (start, at[1]), cv2.FONT_HERSHEY_SIMPLEX, scale, _INK, thickness, cv2.LINE_AA)
    return start + width


def _colours(count: int) -> list[tuple[int, int, int]]:
    return [_COLOURS[number % len(_COLOURS)] for number in range(count)]
