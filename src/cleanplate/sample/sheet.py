"""A contact sheet of a data set: everything a sample holds, in a row; faults are found by looking."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError, UsageError
from cleanplate.imaging import Image
from cleanplate.imaging.depthmap import colour_map
from cleanplate.imaging.files import refuse_output, write_picture
from cleanplate.imaging.sheet import contact_sheet
from cleanplate.sample.opening import open_samples
from cleanplate.sample.record import Sample

NUM_ROWS = 24
"""Samples on a sheet, at most."""

SUFFIXES = (".png", ".jpg", ".jpeg")

_TITLES = ("plate", "shot", "alpha", "shot depth", "plate depth", "shadow (grey: unchanged)", "instances")
_UNKNOWN = np.float32(0.5)
_COLOURS = np.array(
    [(0, 0, 0), (230, 100, 60), (70, 150, 230), (110, 200, 90), (230, 200, 70), (170, 110, 220), (90, 210, 210)],
    np.float32,
) / np.float32(255)  # fmt: skip


def refuse_sheet(path: Path, *, overwrite: bool, made: Path | None = None) -> None:
    """Refuse a sheet that cannot be written, before the work that it shows; arguments as of `refuse_output`.

    Raises:
        UsageError: its name is not that of a PNG or JPEG.
        InputError: as of `refuse_output`.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{path}: a contact sheet is a picture; let its name end in .png or .jpg")
    refuse_output(path, overwrite=overwrite, made=made)


def spread(num_samples: int, num_rows: int = NUM_ROWS) -> list[int]:
    """Numbers of at most `num_rows` samples, evenly over a data set.

    >>> spread(3), spread(100, 4)
    ([0, 1, 2], [0, 33, 66, 99])
    """
    return [int(number) for number in np.linspace(0, num_samples - 1, min(num_rows, num_samples)).round()]


def write_sheet_of(
    folder: Path,
    path: Path,
    first: int | None = None,
    *,
    rule_words: Sequence[str] = (),
    depth_is: str | None = None,
) -> None:
    """Write a sheet of the data set in `folder`: 24 samples spread evenly over it, or those from number `first` on.

    Args:
        folder: where the data set lies.
        path: the sheet.
        first: number of the first sample on it.
        rule_words: as of `open_samples`.
        depth_is: as of `open_samples`.

    Raises:
        InputError: no data set there, fewer samples than `first`, or the file cannot be written.
        UsageError: as of `open_samples`.
    """
    reader = open_samples(folder, layers=True, rule_words=rule_words, depth_is=depth_is)
    if first is not None and first >= len(reader):
        raise InputError(f"{folder}: holds {len(reader)} samples, there is none from number {first} on")
    numbers = spread(len(reader)) if first is None else range(first, min(first + NUM_ROWS, len(reader)))
    write_sample_sheet(path, (reader[number] for number in numbers))


def write_sample_sheet(path: Path, samples: Iterable[Sample]) -> None:
    """Write one row a sample: plate, shot, alpha, the depth of both, shadow ratio and instances.

    Depth has the colours of nearness, the same in a row; what is unknown or not there is grey.

    Raises:
        InputError: the file cannot be written.
    """
    shown = list(samples)
    labels = [" ".join((sample.key, *sample.tags)) for sample in shown]
    write_picture(path, contact_sheet([_row(sample) for sample in shown], titles=_TITLES, labels=labels))


def _row(sample: Sample) -> list[Image]:
    grey = np.full(sample.alpha.shape, _UNKNOWN, np.float32)
    depths = np.stack([sample.shot_depth_m, sample.plate_depth_m])
    known = depths > 0
    nearness = np.where(known, 1 / np.where(known, depths, 1), 0).astype(np.float32)
    lo, hi = (float(nearness[known].min()), float(nearness[known].max())) if known.any() else (0.0, 1.0)
    coloured = [np.where(k[..., None], colour_map(n, lo, hi), _UNKNOWN) for n, k in zip(nearness, known, strict=True)]
    shadow = grey if sample.shadow is None else np.clip(sample.shadow / 2, 0, 1, dtype=np.float32)
    instances = grey if sample.instances is None else _in_colours(sample.instances)
    return [sample.plate, sample.shot, sample.alpha, *coloured, shadow, instances]


def _in_colours(instances: NDArray[np.uint8]) -> Image:
    """Black where there is no foreground, and a colour for each instance; they come again after the sixth."""
    return _COLOURS[np.where(instances > 0, 1 + (instances.astype(np.intp) - 1) % (len(_COLOURS) - 1), 0)]
