"""The course's own game: flat cut-outs on photos, composites shuffled, 112 px; mask and depth by our network.

    .venv/bin/python tools/shuffled_composites.py data/far/train runs/shuffled

100 backgrounds and 100 cut-outs are taken from a rendered set, put together by `cleanplate compose` (100 x 100, and
mirrored) and given depth by `cleanplate label`, whose teacher here is the shipped model without a plate. Composites are
then shuffled, nine in ten to train on: as in the other attempts, validation has every person and every background that
training had, and another place of one on the other at most. Trained is the document's row `network_small` at full
width; our network's sides are multiples of 32, so that it sees the 112 px enlarged to 128. Whatever is there already is
kept; a training that was stopped goes on.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from cleanplate.contract import NO_PLATE
from cleanplate.document.rows import train_row
from cleanplate.document.targets import depth_target
from cleanplate.imaging.compositing import recover_foreground
from cleanplate.imaging.files import write_picture
from cleanplate.models.network import Network
from cleanplate.runtime.model_file import read_model_file
from cleanplate.runtime.session import SHIPPED_MODEL
from cleanplate.sample.opening import open_samples
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import ShardReader, write_shards
from cleanplate.train.revive import network_of

ROOT = Path(__file__).resolve().parent.parent
EACH, SIZE, FED_HW = 100, "149x112", (128, 160)
COVERAGE = (0.02, 0.35)
VALIDATION_SHARE = 0.1
CHANGES: dict[str, Any] = {
    "network": {"width": 1.0},
    "optim": {"batch_size": 16, "steps": 1600},
    "run": {"size_hw": [128, 128], "precision": "auto", "validate_every": 800, "checkpoint_every": 200},
}


class Teacher(nn.Module):
    """One map of one picture: the model's disparity where nobody took a plate."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> Tensor:
        """(1, 3, h, w) in [0, 1] -> (1, 1, h, w)."""
        maps = self.network(torch.full_like(picture, NO_PLATE), picture)
        return torch.where(maps.alpha_logit >= 0, maps.disparity, maps.plate_disparity)


def write_teacher(path: Path) -> None:
    """The shipped model as a teacher of `cleanplate label`."""
    _, network = network_of(read_model_file(SHIPPED_MODEL))
    program = cast("Any", torch.onnx).export(Teacher(network).eval(), (torch.zeros(1, 3, *FED_HW),), dynamo=True)
    program.save(str(path))


def write_parts(data: Path, backgrounds: Path, cutouts: Path) -> None:
    """Plates of different scenes, and people who are in the picture as a whole, each somebody else."""
    scenes, people = set[str](), set[str]()
    for folder in (backgrounds, cutouts):
        folder.mkdir(parents=True)
    for sample in open_samples(data):
        if len(scenes) < EACH and sample.scene not in scenes:
            scenes.add(sample.scene)
            write_picture(backgrounds / f"{len(scenes):03d}.png", sample.plate)
        rows, columns = (np.flatnonzero((sample.alpha > 0.02).any(axis=axis)) for axis in (1, 0))
        alone = len(sample.people) == 1 and set(sample.instance_kinds) == {"person"} and sample.people[0] not in people
        if not alone or not COVERAGE[0] < sample.alpha.mean() < COVERAGE[1] or len(people) == EACH:
            continue
        height, width = sample.alpha.shape
        if min(rows[0], columns[0], height - 1 - rows[-1], width - 1 - columns[-1]) < 1:
            continue
        people.add(sample.people[0])
        here = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        colour = recover_foreground(sample.shot, sample.plate, sample.alpha)
        write_picture(cutouts / f"{len(people):03d}.png", np.dstack([colour, sample.alpha])[here])
    print(f"{len(scenes)} backgrounds, {len(people)} cut-outs")


def composites(folder: Path, *, validation: bool) -> Iterator[Sample]:
    """The composites of one side, shuffled, each as if it were a scene of its own."""
    samples = open_samples(folder)
    order = np.random.default_rng(0).permutation(len(samples))
    first = round(VALIDATION_SHARE * len(samples))
    for index in order[:first] if validation else order[first:]:
        sample = samples[int(index)]
        yield replace(sample, scene=sample.key, people=(sample.key,))


def spread_of(folder: Path) -> float:
    """Standard deviation of the depth targets of a set over all their pixels."""
    pixels = [depth_target(torch.as_tensor(sample.shot_depth_m)[None, None]) for sample in ShardReader(folder)]
    return float(torch.cat([truth[valid] for truth, valid in pixels]).std())


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    out: Path = options.out
    parts, teacher, made = (out / "backgrounds", out / "cutouts"), out / "teacher.onnx", out / "composites"
    if not parts[0].exists():
        write_parts(options.data, *parts)
    if not teacher.exists():
        write_teacher(teacher)
    command = [sys.executable, "-m", "cleanplate"]
    compose = ["compose", "--backgrounds", *parts[:1], "--foregrounds", *parts[1:], "--out", made]
    if not (made / "manifest.json").exists():
        subprocess.run([*command, *map(str, compose), "--places", "1", "--flip", "--size", SIZE], check=True)
    fed = f"{FED_HW[1]}x{FED_HW[0]}"
    subprocess.run([*command, "label", str(made), "--teacher", str(teacher), "--teacher-size", fed], check=True)
    for name in ("train", "validation"):
        if not (out / "data" / name / "manifest.json").exists():
            write_shards(out / "data" / name, composites(made, validation=name == "validation"), {"shuffled": True})
    sets = [ShardReader(out / "data" / name) for name in ("train", "validation")]
    changes = CHANGES | {"data": {"train_count": len(sets[0]), "validation_count": len(sets[1])}}
    table = train_row("network_small", ROOT / "recipes" / "document", out / "data", out / "runs", changes)["table"]
    said = {
        name: f"{table[name]:.4f}" for name in ("iou", "rmse", "rmse_constant", "rmse_mean_image", "depth_correlation")
    }
    said["std"] = f"{spread_of(out / 'data' / 'validation'):.4f}"
    print(f"{table['images']} images: {said}")


if __name__ == "__main__":
    main()
