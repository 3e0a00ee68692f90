"""Writes a data set as cameras that `cleanplate evaluate real` scores: how a model does at full size.

    cleanplate synth --out data/large --count 100 --size 480 --seed 3
    .venv/bin/python tools/synthetic_cameras.py data/large data/large-cameras
    cleanplate evaluate real data/large-cameras --model MODEL.onnx

Choose by these (scenes and people that training never saw), not by real cameras. Every pair is a camera of its own,
because its camera effects are. Effects measured in pixels grow with the picture from 160 px on, at which the first
models were trained; later ones see them smaller in training, but their figures can be compared.
"""

import argparse
from dataclasses import fields, replace
from pathlib import Path

import cv2
import numpy as np

from cleanplate.imaging.files import encode_png, write_picture
from cleanplate.sample.members import millimetres
from cleanplate.sample.opening import open_samples
from cleanplate.sample.record import Sample
from cleanplate.synth.camera import Effects, degrade

_TRAINED_AT_PX = 160


def effects_at(short_side_px: int) -> Effects:
    """The default effects with pixels that are as large beside the picture as they were in training."""
    scale = short_side_px / _TRAINED_AT_PX
    defaults = Effects()
    grown = {f.name: getattr(defaults, f.name) * scale for f in fields(defaults) if f.name.endswith("_px")}
    return replace(defaults, **grown)


def write_camera(folder: Path, sample: Sample) -> None:
    """One pair in the layout of `evaluate.cameras`; what is partly covered is not scored."""
    folder.mkdir(parents=True)
    write_picture(folder / "plate.png", sample.plate)
    write_picture(folder / "0000.png", sample.shot)
    mask = np.where(sample.alpha > 0.95, 255, np.where(sample.alpha < 0.05, 0, 128))
    (folder / "0000_mask.png").write_bytes(encode_png(mask.astype(np.uint8)))
    (folder / "0000_depth.png").write_bytes(encode_png(millimetres(sample.shot_depth_m)))


def write_cameras(data: Path, out: Path) -> None:
    """Every sample of a set with somebody in it."""
    samples = open_samples(data)
    for index in range(len(samples)):
        clean = samples[index]
        size_hw = clean.alpha.shape[0], clean.alpha.shape[1]
        seen = degrade(clean, np.random.default_rng(index), effects_at(min(size_hw)), size_hw)
        if seen.alpha.mean() > 0.005:
            write_camera(out / f"{index:04d}", seen)


def main() -> None:
    """The set that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    write_cameras(options.data, options.out)


if __name__ == "__main__":
    main()
