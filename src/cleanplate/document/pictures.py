"""Pictures for the report: a strip of what a row predicts, the grid of all rows, and a perfect map drawn two ways."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from cleanplate.document.network import Logits
from cleanplate.document.scores import Estimate
from cleanplate.document.targets import depth_target, drawn_as_it_was
from cleanplate.imaging import Image
from cleanplate.imaging.depthmap import colour_map
from cleanplate.imaging.files import read_picture, write_picture
from cleanplate.imaging.resize import resize
from cleanplate.imaging.sheet import contact_sheet
from cleanplate.sample.record import Sample

TILE_PX = 96
_NOTHING = 0.15
_NUM_DRAWN = 4


def write_looks(
    path: Path,
    shown: Sequence[Logits],
    estimate: Callable[[Logits], Estimate],
    drawn: Literal["honest", "as_it_was"],
) -> None:
    """Write one strip: mask and depth of each of `shown` (one sample each), grey where a row predicts none."""
    tiles: list[Image] = []
    for logits in shown:
        maps = logits if drawn == "as_it_was" else estimate(logits)
        tiles += [_tile(maps.mask, drawn, depth=False), _tile(maps.depth, drawn, depth=True)]
    write_picture(path, np.concatenate(tiles, 1))


def write_grid(path: Path, samples: Sequence[Sample], strips: dict[str, Path], num_shown: int) -> None:
    """Write the grid: plate and shot, true mask and true depth, then each row's strip, for `num_shown` samples."""
    pictures = [[_small(sample.plate), _small(sample.shot)] for sample in samples]
    truths = [[_grey(_small(sample.alpha)), honest_depth(_target(sample))] for sample in samples]
    lines = [[tile for pair in pairs for tile in pair] for pairs in (pictures, truths)]
    for strip in strips.values():
        whole = np.asarray(read_picture(strip).rgb, np.float32)
        tiles = np.split(whole[:, : 2 * num_shown * TILE_PX], 2 * num_shown, 1)
        lines.append([np.asarray(tile, np.float32) for tile in tiles])
    labels = ("plate, shot", "truth: mask, depth", *strips)
    write_picture(path, contact_sheet([line[: 2 * num_shown] for line in lines], labels=labels))


def write_drawn(path: Path, samples: Sequence[Sample]) -> tuple[float, float]:
    """Write true depth drawn honestly beside the same, as perfect logits, drawn by the document's rule.

    Returns the share of the latter's pixels that came out white, and black, over all of `samples`.
    """
    targets = [_target(sample) for sample in samples]
    drawn = [_array(drawn_as_it_was(torch.as_tensor(_logit(target))[None, None])) for target in targets]
    titles = ("true depth, drawn honestly", "the same, drawn by its rule")
    rows = [[_large(honest_depth(target)), _large(picture)] for target, picture in zip(targets, drawn, strict=True)]
    write_picture(path, contact_sheet(rows[:_NUM_DRAWN], titles=titles))
    pixels = np.concatenate([picture.reshape(-1, 3) for picture in drawn])
    return float((pixels >= 1).all(1).mean()), float((pixels <= 0).all(1).mean())


def honest_depth(target: Image) -> Image:
    """A depth target (h, w) in [0, 1] in colours (h, w, 3): dark far, bright near."""
    return colour_map(target, 0, 1)


def _target(sample: Sample) -> Image:
    target, _ = depth_target(torch.as_tensor(sample.shot_depth_m))
    return _small(target.numpy())


def _logit(target: Image) -> Image:
    sure = np.clip(target, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(sure / (1 - sure)), np.float32)


def _tile(values: Tensor | None, drawn: Literal["honest", "as_it_was"], *, depth: bool) -> Image:
    if values is None:
        return np.full((TILE_PX, TILE_PX, 3), _NOTHING, np.float32)
    if drawn == "as_it_was":
        return _small(_array(drawn_as_it_was(values.float())))
    grey = _small(values[0, 0].float().cpu().numpy())
    return honest_depth(grey) if depth else _grey(grey)


def _array(x: Tensor) -> Image:
    return x[0].permute(1, 2, 0).cpu().numpy()


def _grey(picture: Image) -> Image:
    return np.repeat(picture[..., None], 3, 2)


def _large(picture: Image) -> Image:
    return resize(picture, (2 * TILE_PX, 2 * TILE_PX))


def _small(picture: Image) -> Image:
    return np.clip(resize(np.ascontiguousarray(picture), (TILE_PX, TILE_PX)), 0, 1)
