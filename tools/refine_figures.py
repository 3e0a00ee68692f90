"""Measures edges on rendered pairs: the alpha at full size, and the foreground's colour where it is covered in part.

    cleanplate synth --out data/edges --count 16 --size 2048x1152 --seed 5
    .venv/bin/python tools/refine_figures.py data/edges
    pip install --target .venv-pymatting --no-deps pymatting      # only to compare with; not needed by anything
    PYTHONPATH=.venv-pymatting .venv/bin/python tools/refine_figures.py data/edges --colour

The coarse alpha is the truth, averaged over cells, and what the shipped network says. Other ways to bring it to full
size: bilinear, and a fast guided filter (He and Sun, 2015) whose guide is the shot, or shot and plate. `--cells 93`
makes the cells of the truth as large beside pictures of 480 px as those of a shorter side of 224 are beside 1152.

For `--colour` the true foreground is made: the colour of the nearest fully covered pixel times a fine random texture.
It is mixed, as light, with the plate as it stands in the shot (in the shadow of the foreground), with noise of half an
8-bit step and rounding to 8 bits. All methods get the true alpha; the error is the mean of |alpha (F - F_true)| where
0.02 < alpha < 0.98. CPU time is the process's, one thread, for a megapixel of the picture.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from cleanplate.imaging import Image
from cleanplate.imaging.colour import linear_to_srgb, srgb_to_linear
from cleanplate.imaging.compositing import recover_foreground
from cleanplate.imaging.resize import resize
from cleanplate.metrics import matting
from cleanplate.runtime.refine import refine_alpha
from cleanplate.runtime.session import Session
from cleanplate.sample.opening import open_samples
from cleanplate.sample.record import Sample

Figures = dict[str, list[tuple[float, float, float]]]


def guided(guide: Image, coarse: Image, radius: int = 2, epsilon: float = 1e-4) -> Image:
    """The fast guided filter with a guide of any number of channels, its coefficients found on the coarse cells."""
    count = guide.shape[2]
    small = np.concatenate(
        [resize(layer, coarse.shape)[..., None] for layer in np.moveaxis(guide, 2, 0).copy()], axis=2
    )

    def mean(values: Image) -> Image:
        layers = [cv2.blur(layer, (2 * radius + 1,) * 2) for layer in np.moveaxis(values, 2, 0).copy()]
        return np.stack(layers, axis=2)

    products = (small[..., :, None] * small[..., None, :]).reshape(*coarse.shape, -1)
    middle, middle_alpha = mean(small), mean(coarse[..., None])
    spread = mean(products).reshape(*coarse.shape, count, count) - middle[..., :, None] * middle[..., None, :]
    along = mean(small * coarse[..., None]) - middle * middle_alpha
    slope = np.linalg.solve(spread + epsilon * np.eye(count), along[..., None])[..., 0]
    offset = middle_alpha[..., 0] - (slope * middle).sum(axis=2)
    full = (guide.shape[0], guide.shape[1])
    alpha = resize(mean(offset[..., None])[..., 0].astype(np.float32), full)
    for layer, part in zip(np.moveaxis(guide, 2, 0), np.moveaxis(mean(slope), 2, 0), strict=True):
        alpha = alpha + layer * resize(part.astype(np.float32), full)
    return np.clip(alpha, 0, 1)


ALPHAS: dict[str, Callable[[Image, Image, Image], Image]] = {
    "bilinear": lambda shot, _, coarse: resize(coarse, (shot.shape[0], shot.shape[1])),
    "guided by the shot": lambda shot, _, coarse: guided(shot, coarse),
    "guided by shot and plate": lambda shot, plate, coarse: guided(np.concatenate([shot, plate], axis=2), coarse),
    "refine_alpha": refine_alpha,
    "refine_alpha, plate 1 px off": lambda shot, plate, coarse: refine_alpha(shot, np.roll(plate, 1, 1), coarse),
}


def alpha_figures(samples: list[Sample], session: Session | None, cells: int) -> Figures:
    """Grad, error near the edge and CPU ms a megapixel of every way, for every pair."""
    figures: Figures = {name: [] for name in ALPHAS}
    for sample in samples:
        height, width = sample.alpha.shape
        if session is None:
            coarse = resize(
                sample.alpha, (round(height * cells / min(height, width)), round(width * cells / min(height, width)))
            )
        else:
            coarse = session.run(sample.plate, sample.shot)[0]
        near = matting.near_edge(sample.alpha)
        for name, way in ALPHAS.items():
            start = time.process_time()
            alpha = way(sample.shot, sample.plate, coarse)
            spent = 1e9 * (time.process_time() - start) / alpha.size
            error = matting.mean_absolute_error(alpha, sample.alpha, near)
            figures[name].append((matting.gradient_error(alpha, sample.alpha), error or 0.0, spent))
    return figures


def known_mixture(sample: Sample, seed: int) -> tuple[Image, Image]:
    """A true foreground (h, w, 3) and the shot of it."""
    rng = np.random.default_rng(seed)
    covered = sample.alpha > 0.99
    _, label = cv2.distanceTransformWithLabels(
        (~covered).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    colours = np.zeros((label.max() + 1, 3), np.float32)
    colours[label[covered]] = srgb_to_linear(sample.shot[covered])
    texture = cv2.GaussianBlur(rng.normal(0, 0.4, sample.alpha.shape).astype(np.float32), (0, 0), 1.0)
    front = np.clip(colours[label] * np.exp(texture)[..., None], 0, 1)
    behind = srgb_to_linear(sample.plate) * (1 if sample.shadow is None else np.clip(sample.shadow, 0, 2))
    part = sample.alpha[..., None]
    shot = linear_to_srgb(np.clip(part * front + (1 - part) * behind, 0, 1)) + rng.normal(0, 0.5 / 255, front.shape)
    return linear_to_srgb(front), (np.rint(np.clip(shot, 0, 1) * 255) / 255).astype(np.float32)


def recovered_codes(shot: Image, plate: Image, alpha: Image) -> Image:
    """The formula on sRGB codes instead of light, clamped, as it was before."""
    part = np.maximum(alpha, 0.05)[..., None]
    return np.clip((shot - (1 - part) * plate) / part, 0, 1)


def colour_ways() -> Iterator[tuple[str, Callable[[Image, Image, Image], Image]]]:
    """The shot as it is, the formula on codes, ours and, where it is installed, pymatting's on codes and on light."""
    yield "the shot's own colour", lambda shot, _, __: shot
    yield "the formula on sRGB codes", recovered_codes
    yield "recover_foreground", recover_foreground
    try:
        from pymatting import estimate_foreground_ml  # noqa: PLC0415 - compared with where it is there
    except ImportError:
        return
    yield "pymatting", lambda shot, _, alpha: estimate_foreground_ml(shot, alpha)
    yield (
        "pymatting on light",
        lambda shot, _, alpha: linear_to_srgb(np.clip(estimate_foreground_ml(srgb_to_linear(shot), alpha), 0, 1)),
    )


def colour_figures(samples: list[Sample]) -> Figures:
    """Mean error, that of the worst hundredth of pixels, and CPU ms a megapixel, for every pair."""
    ways = dict(colour_ways())
    figures: Figures = {name: [] for name in ways}
    for number, sample in enumerate(samples):
        edge = (sample.alpha > matting.SOFT[0]) & (sample.alpha < matting.SOFT[1])
        if not edge.any() or not (sample.alpha > 0.99).any():
            continue
        truth, shot = known_mixture(sample, number)
        for name, way in ways.items():
            if not figures[name] and "pymatting" in name:
                way(shot, sample.plate, sample.alpha)  # compiles itself
            start = time.process_time()
            found = way(shot, sample.plate, sample.alpha)
            spent = 1e9 * (time.process_time() - start) / edge.size
            error = (sample.alpha[..., None] * np.abs(found - truth))[edge]
            figures[name].append((float(error.mean()), float(np.quantile(error, 0.99)), spent))
    return figures


def show(title: str, heads: tuple[str, str, str], figures: Figures) -> None:
    """Means over the pairs; beside the first two, their share of the first way's, and in how many pairs it is less."""
    print(f"\n{title}\n{'':30s}" + "".join(f"{head:>24s}" for head in heads))
    first = np.array(next(iter(figures.values())))
    for name, rows in figures.items():
        values = np.array(rows)
        cells = [
            f"{values[:, k].mean():11.4f} {values[:, k].sum() / first[:, k].sum():5.2f} "
            f"{np.count_nonzero(values[:, k] < first[:, k]):3d}/{len(rows)}"
            for k in range(2)
        ]
        print(f"{name:30s}" + "".join(f"{cell:>24s}" for cell in [*cells, f"{np.median(values[:, 2]):.1f}"]))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cells", type=int, default=224, help="cells along the shorter side of the truth made coarse")
    parser.add_argument("--colour", action="store_true", help="measure the edge colour, not the alpha")
    parser.add_argument("--count", type=int, default=16, help="how many pairs with somebody in them")
    parser.add_argument("--step", type=int, default=1, help="take every so many-th pair: five in a row share a scene")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    stored = open_samples(options.data, layers=True)
    found = (stored[index] for index in range(0, len(stored), options.step))
    samples = [
        sample for sample, _ in zip((s for s in found if s.alpha.mean() > 0.01), range(options.count), strict=False)
    ]
    print(f"{len(samples)} pairs of {samples[0].alpha.shape[1]} x {samples[0].alpha.shape[0]} pixels")
    if options.colour:
        show("edge colour", ("mean error", "99th percentile", "CPU ms / MP"), colour_figures(samples))
        return
    heads = ("Grad", "error near the edge", "CPU ms / MP")
    show(f"coarse alpha: the truth, {options.cells} cells", heads, alpha_figures(samples, None, options.cells))
    show("coarse alpha: the network's", heads, alpha_figures(samples, Session(), options.cells))


if __name__ == "__main__":
    main()
