"""The figures of a shot, of a camera and of all cameras: the project's yardstick, to the last digit it prints."""

from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass

import numpy as np

from cleanplate.evaluate.cameras import Truth
from cleanplate.evaluate.predictions import Prediction
from cleanplate.imaging import Image
from cleanplate.metrics import Mask, depth, matting

MIN_PERSON_PX = 500
"""A person is scored on its own where more pixels than this have a valid depth."""

COLUMNS = ("IoU", "MAE", "AbsRel", "delta1", "person AbsRel", "person delta1")
"""What the table calls the fields of Figures, in their order."""

MEAN = "MEAN OVER CAMERAS"


@dataclass(frozen=True)
class Figures:
    """The six figures; `None` where there was nothing to measure."""

    iou: float | None
    mae: float | None
    abs_rel: float | None = None
    delta1: float | None = None
    person_abs_rel: float | None = None
    person_delta1: float | None = None


@dataclass(frozen=True)
class ShotScores:
    """One shot's figures.

    `empty` where no foreground is scored (nothing was there, or all of it lies within 2 px of its edge) and none was
    found: the yardstick counts that as IoU 0.
    """

    camera: str
    shot: str
    figures: Figures
    empty: bool


@dataclass(frozen=True)
class CameraScores:
    """The mean of each figure over a camera's shots, over those that have it."""

    camera: str
    num_shots: int
    figures: Figures


def score_shot(prediction: Prediction, truth: Truth) -> tuple[Figures, bool]:
    """The figures of one prediction, and whether there is no foreground to score and none was found."""
    scored = matting.scored_pixels(truth.foreground, truth.known)
    known = bool(scored.any())
    figures = Figures(
        matting.iou(prediction.alpha, truth.foreground, scored) if known else None,
        matting.mean_absolute_error(prediction.alpha, truth.foreground, scored),
        *_depth_figures(prediction.disparity, truth),
    )
    found = bool((scored & (truth.foreground | (prediction.alpha >= matting.FOUND))).any())
    return figures, known and not found


def _depth_figures(disparity: Image | None, truth: Truth) -> tuple[float | None, ...]:
    """AbsRel and delta1 over the picture, then over the person alone with the same alignment."""
    if disparity is None or truth.depth_m is None:
        return (None, None, None, None)
    valid = depth.valid_depth(truth.depth_m)
    person = valid & truth.foreground
    if not valid.any():
        return (None, None, None, None)
    guess_m = depth.aligned_depth_m(disparity, truth.depth_m, valid)

    def errors(where: Mask) -> tuple[float, float]:
        return depth.abs_rel(guess_m, depth_m, where), depth.delta1(guess_m, depth_m, where)

    depth_m = truth.depth_m
    return (*errors(valid), *(errors(person) if np.count_nonzero(person) > MIN_PERSON_PX else (None, None)))


def mean_figures(rows: Sequence[Figures]) -> Figures:
    """The mean of each figure over the rows that have it.

    >>> mean_figures([Figures(0.5, 0.2), Figures(1.0, 0.0, 0.25)])
    Figures(iou=0.75, mae=0.1, abs_rel=0.25, delta1=None, person_abs_rel=None, person_delta1=None)
    """
    columns = zip(*(astuple(row) for row in rows), strict=True)
    present = [[value for value in column if value is not None] for column in columns]
    return Figures(*(float(np.mean(values)) if values else None for values in present))


def camera_scores(shots: Sequence[ShotScores]) -> list[CameraScores]:
    """One row a camera, in the order in which the cameras appear."""
    by_camera: dict[str, list[Figures]] = {}
    for shot in shots:
        by_camera.setdefault(shot.camera, []).append(shot.figures)
    return [CameraScores(camera, len(rows), mean_figures(rows)) for camera, rows in by_camera.items()]


def cells(figures: Figures) -> list[str]:
    """The six figures as they are printed: three decimals, nothing where there is none.

    >>> cells(Figures(0.91249, 0.02))
    ['0.912', '0.020', '', '', '', '']
    """
    return ["" if value is None else f"{value:.3f}" for value in astuple(figures)]


def table(shots: Sequence[ShotScores]) -> str:
    """The rows of all cameras and their mean as aligned text, one header line above, and `note` below."""
    cameras = camera_scores(shots)
    rows = [["camera", "shots", *COLUMNS]]
    rows += [[row.camera, str(row.num_shots), *cells(row.figures)] for row in cameras]
    rows.append([MEAN, "", *cells(mean_figures([row.figures for row in cameras]))])
    return "\n".join(filter(None, [aligned(rows), note(shots)]))


def note(shots: Sequence[ShotScores]) -> str:
    """What the mean does not tell: in how many shots an IoU of 0 is right, and the mean without them; often nothing."""
    rest = [shot for shot in shots if not shot.empty]
    if len(rest) == len(shots):
        return ""
    told = "1 shot" if len(shots) - len(rest) == 1 else f"{len(shots) - len(rest)} shots"
    said = f"In {told} no foreground is scored and none was found; the yardstick counts that as IoU 0"
    mean = mean_figures([row.figures for row in camera_scores(rest)]).iou if rest else None
    return f"{said}." if mean is None else f"{said}, without them the mean is {mean:.3f}."


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Cells as text in columns, one row a line: the first column begins at the left, the others end at the right.

    >>> print(aligned([["", "IoU"], ["mean", "0.912"]]))
            IoU
    mean  0.912

    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        row[0].ljust(widths[0]) + "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def to_json(shots: Sequence[ShotScores]) -> dict[str, object]:
    """The mean, one object a camera and one object a shot, ready for `json.dumps`."""
    cameras = camera_scores(shots)
    return {
        "mean": asdict(mean_figures([row.figures for row in cameras])),
        "cameras": [{"camera": row.camera, "num_shots": row.num_shots, **asdict(row.figures)} for row in cameras],
        "shots": [{"camera": row.camera, "shot": row.shot, **asdict(row.figures), "empty": row.empty} for row in shots],
    }
