"""How far a person's depth in metres is off after a few tape measurements of the plate, on rendered pairs.

    cleanplate synth --out data/large --count 80 --size 480 --seed 3
    .venv/bin/python tools/metres_figures.py data/large
    .venv/bin/python tools/metres_figures.py data/large --oracle

Of every pair with somebody in it the plate is anchored as a person would: at pixels that lie at evenly spaced quantiles
(10 to 90 %) of the plate's depth, on surfaces (within 7 px on any side of a 480 px picture depth changes by less than
15 %), drawn by a seed; the distance is exact, the field of view given. Then the shot goes through the shipping runtime.
A pair's error is the median over the person's pixels (true alpha >= 0.5) of |depth - truth| / truth; printed are the
median and the mean over the pairs. `--oracle` puts the truth, at the network's size and on a scale of its own, in the
network's place: what then is left comes from anchoring and resizing.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError
from cleanplate.imaging import Image
from cleanplate.imaging.resize import resize
from cleanplate.plate.anchors import Anchor
from cleanplate.plate.intrinsics import Intrinsics
from cleanplate.runtime.matte import Matte
from cleanplate.runtime.plate import Plate
from cleanplate.runtime.session import SeenPlate, Session
from cleanplate.sample.opening import open_samples
from cleanplate.sample.record import Sample

_FEWEST_PX = 200
_WAYS = (1, 2, 3, 4, 8, 0)
"""Numbers of anchors; 0: a depth map of the plate."""


class Oracle:
    """Stands for a session: the truth at 256 px on the shorter side, on an unknown scale."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample

    def see(self, plate: Image, share: float = 1.0) -> SeenPlate:
        """A plate, to be looked at in so many pixels."""
        height, width = plate.shape[:2]
        scale = share * 256 / min(height, width)
        size_hw = round(height * scale), round(width * scale)
        return SeenPlate(size_hw, {"plate": resize(plate, size_hw).transpose(2, 0, 1)[None]})

    def run(self, plate: SeenPlate, shot: Image) -> tuple[Image, Image, Image]:
        """Alpha and both disparities of the shot; only the plate is looked at in a mirror."""
        sample = self.sample
        mirrored = np.array_equal(shot, resize(sample.plate, (shot.shape[0], shot.shape[1]))[:, ::-1])
        step = -1 if mirrored else 1
        maps = (sample.alpha, _disparity(sample.shot_depth_m), _disparity(sample.plate_depth_m))
        alpha, disparity, behind = (
            np.asarray(cv2.resize(x, plate.size_hw[::-1], interpolation=cv2.INTER_NEAREST), np.float32)[:, ::step]
            for x in maps
        )
        return alpha, disparity, behind


def _disparity(depth_m: Image) -> Image:
    return np.where(depth_m > 0, 3 / np.maximum(depth_m, 0.05), 0).astype(np.float32) - np.float32(1)


def pick_anchors(sample: Sample, number: int, rng: np.random.Generator) -> list[Anchor]:
    """So many places at evenly spaced depths, the first far; one alone is near, where most people stand."""
    depth_m, view = sample.plate_depth_m, sample.view
    if view is None:
        raise SystemExit(f"{sample.key}: says no view; make the data set again")
    height, width = depth_m.shape
    window = np.ones((2 * (min(height, width) * 7 // 480) + 1,) * 2, np.uint8)
    far, near = cv2.dilate(depth_m, window), cv2.erode(depth_m, window)
    flat = (near > 0) & (far < 1.15 * near)
    margin = min(height, width) // 20
    flat[:margin], flat[-margin:], flat[:, :margin], flat[:, -margin:] = False, False, False, False
    places = np.argwhere(flat)
    if not len(places):
        return []
    found = depth_m[flat]
    camera = Intrinsics(view.focal_px, (height, width), "given")
    anchors: list[Anchor] = []
    for target in np.quantile(found, [0.1] if number == 1 else np.linspace(0.9, 0.1, number)):
        off = np.abs(found / target - 1)
        y, x = places[rng.choice(np.flatnonzero(off <= max(0.03, off.min())))].tolist()
        anchors.append(Anchor(x, y, float(depth_m[y, x]) / camera.depth_m(x, y, 1.0)))
    return anchors


def anchor(plate: Plate, sample: Sample, way: int, rng: np.random.Generator) -> None:
    """Anchor in one of `_WAYS`; InputError where the runtime refuses."""
    if way:
        plate.anchor(pick_anchors(sample, way, rng))
    else:
        plate.anchor_by_depth(sample.plate_depth_m)


def person_error(matte: Matte, sample: Sample) -> float:
    """The median relative error over the person's pixels; no depth counts as infinitely far."""
    where = (sample.alpha >= 0.5) & (sample.shot_depth_m > 0)
    depth_m = cast("NDArray[np.float32]", matte.depth_m)[where]
    truth = sample.shot_depth_m[where]
    return float(np.median(np.where(depth_m > 0, np.abs(depth_m - truth) / truth, np.inf)))


def main() -> None:
    """Every pair with somebody in it, anchored in all ways."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--oracle", action="store_true")
    parser.add_argument("--count", type=int, default=1_000_000)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    session = None if options.oracle else Session(options.model)
    samples = open_samples(options.data)
    errors: dict[int, list[float]] = {}
    refused: dict[int, int] = {}
    far_to_near: list[float] = []
    for index in range(min(len(samples), options.count)):
        sample = samples[index]
        if np.count_nonzero(sample.alpha >= 0.5) < _FEWEST_PX or sample.view is None:
            continue
        near, far = np.quantile(sample.plate_depth_m[sample.plate_depth_m > 0], [0.02, 0.98])
        far_to_near.append(float(far / near))
        plate = Plate(sample.plate, session or cast("Any", Oracle(sample)))
        fov = Intrinsics(sample.view.focal_px, (sample.alpha.shape[0], sample.alpha.shape[1]), "given").fov_deg
        plate.look_through(fov)
        matte = plate.matte(sample.shot)
        for way in _WAYS:
            try:
                anchor(plate, sample, way, np.random.default_rng((way, index)))
            except InputError:
                refused[way] = refused.get(way, 0) + 1
                continue
            errors.setdefault(way, []).append(person_error(replace(matte, depth_scale=plate.depth_scale), sample))
    print(f"plates: 98 % quantile of depth / 2 % quantile: median {np.median(far_to_near):.1f}")
    for way, values in errors.items():
        print(
            f"{f'{way} anchors' if way else 'depth map':10} median {np.median(values):.1%}  "
            f"mean {np.mean(np.minimum(values, 10)):.1%}  within 8 %: {np.mean(np.array(values) <= 0.08):.0%}  "
            f"of {len(values)} pairs, {refused.get(way, 0)} refused"
        )


if __name__ == "__main__":
    main()
