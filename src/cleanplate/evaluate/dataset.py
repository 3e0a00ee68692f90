"""What a data set holds: how large the foreground is, how far things are, how well a threshold would do."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from cleanplate.sample.record import Sample

QUANTILES = (5, 25, 50, 75, 95)
"""Percent."""

CHANGED = 25
"""A background pixel has changed where a colour differs by more than this, of 255, between plate and shot."""


@dataclass(frozen=True)
class Statistics:
    """Figures over a data set; every list has one entry for each of `QUANTILES`, or none where nothing is known.

    Attributes:
        num_samples, num_empty: all samples, and those without any foreground.
        coverage: share of the picture that the foreground covers, over the samples that have one.
        plate_depth_m, foreground_depth_m: over all pixels where depth is known.
        plate_brightness: mean of a plate, in [0, 1].
        changed_background: mean share of background pixels that changed (see `CHANGED`).
        threshold: of the largest colour difference, of 255, that separates foreground best; threshold_iou: its mean
            IoU over the samples with a foreground. A set where it is high teaches only thresholds.
        tags: how many samples carry each tag.
    """

    num_samples: int
    num_empty: int
    coverage: list[float]
    plate_depth_m: list[float]
    foreground_depth_m: list[float]
    plate_brightness: list[float]
    changed_background: float
    threshold: int
    threshold_iou: float
    tags: dict[str, int]

    def as_dict(self) -> dict[str, object]:
        """JSON values, with the quantiles named."""
        return {"quantiles_percent": list(QUANTILES), **asdict(self)}

    def table(self) -> str:
        """A Markdown table."""
        head = ["", *(f"{q} %" for q in QUANTILES)]
        rows = [
            ["foreground's share of the picture", *_cells(self.coverage, ".1%")],
            ["depth of the plate, m", *_cells(self.plate_depth_m, ".2f")],
            ["depth of the foreground, m", *_cells(self.foreground_depth_m, ".2f")],
            ["brightness of the plate", *_cells(self.plate_brightness, ".2f")],
        ]
        lines = ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]
        tags = ", ".join(f"{name} {count}" for name, count in sorted(self.tags.items())) or "none"
        best = f"{self.threshold}/255, IoU {self.threshold_iou:.3f}" if self.coverage else "unknown"
        return "\n".join(
            [
                *lines,
                "",
                f"{self.num_samples} samples, {self.num_empty} without foreground. "
                f"Background pixels that changed by more than {CHANGED}/255: {self.changed_background:.1%}. "
                f"Best plain threshold: {best}. Tags: {tags}.",
            ]
        )


def _cells(values: list[float], form: str) -> list[str]:
    return [format(x, form) for x in values] or ["unknown"] * len(QUANTILES)


def measure(samples: Iterable[Sample]) -> Statistics:
    """Statistics over samples, one after the other; memory does not grow with the pictures' size.

    Raises:
        ValueError: there are no samples.
    """
    covers: list[float] = []
    brightness: list[float] = []
    changed: list[float] = []
    plate_m: list[NDArray[np.float32]] = []
    front_m: list[NDArray[np.float32]] = []
    ious: list[NDArray[np.float64]] = []
    tags: Counter[str] = Counter()
    num_empty = 0
    for sample in samples:
        inside = sample.alpha >= 0.5
        apart = np.rint(np.abs(sample.plate - sample.shot).max(-1) * 255).astype(np.int64)
        brightness.append(float(sample.plate.mean()))
        plate_m.append(_some(sample.plate_depth_m))
        tags.update(sample.tags)
        if (sample.alpha == 0).any():
            changed.append(float((apart[sample.alpha == 0] > CHANGED).mean()))
        if inside.any():
            covers.append(float(sample.alpha.mean()))
            front_m.append(_some(np.where(inside, sample.shot_depth_m, 0)))
            ious.append(_iou_by_threshold(apart, inside))
        else:
            num_empty += 1
    if not brightness:
        raise ValueError("there are no samples to measure")
    by_threshold = np.mean(ious, axis=0) if ious else np.zeros(256)
    best = int(by_threshold.argmax())
    return Statistics(
        num_samples=len(brightness),
        num_empty=num_empty,
        coverage=_quantiles(covers),
        plate_depth_m=_quantiles(np.concatenate(plate_m)),
        foreground_depth_m=_quantiles(np.concatenate(front_m) if front_m else []),
        plate_brightness=_quantiles(brightness),
        changed_background=float(np.mean(changed)) if changed else 0.0,
        threshold=best,
        threshold_iou=float(by_threshold[best]),
        tags=dict(tags),
    )


def _some(depth_m: NDArray[np.floating]) -> NDArray[np.float32]:
    """Known depths of a picture, every one of the same few hundred pixels."""
    known = depth_m[::8, ::8]
    return known[known > 0].astype(np.float32)


def _iou_by_threshold(apart: NDArray[np.int64], inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """IoU of `apart > t` with `inside`, for t = 0...255."""
    found = np.bincount(apart[inside], minlength=256)
    wrong = np.bincount(apart[~inside], minlength=256)
    hits = found.sum() - np.cumsum(found)
    return hits / np.maximum(found.sum() + wrong.sum() - np.cumsum(wrong), 1)


def _quantiles(values: NDArray[np.float32] | list[float]) -> list[float]:
    if not len(values):
        return []
    return [round(float(x), 4) for x in np.percentile(values, QUANTILES)]
