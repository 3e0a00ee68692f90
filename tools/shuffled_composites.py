"""The course's own game: flat cut-outs on photos, composites shuffled, 112 px; mask and depth by our network.

    .venv/bin/python tools/shuffled_composites.py data/shipped/train data/far/train --out runs/shuffled

100 backgrounds and 100 cut-outs are taken from rendered sets, put together by `cleanplate compose` (100 x 100, and
mirrored) and given depth by `cleanplate label`, whose teacher here is the shipped model without a plate. As in the
course, a cut-out is a whole person half as high as the picture: of three sets made for it and described in public, one
has cut-outs of 108 px on pictures of 224, one of 112 on 224, whose masks cover 5.7 % in the mean, one of 90 to 160 on
224 (16.3 %). Composites are then shuffled, nine in ten to train on: as in the other attempts, validation has every
person and every background that training had, and another place of one on the other at most. Trained is the document's
row `network_small` at full width; our network's sides are multiples of 32, so that it sees the 112 px enlarged to 128.
From there a second row goes on with the same pictures enlarged to 224: so much finer it sees their edges.
Whatever is there already is kept; a training that was stopped goes on.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from shutil import copytree
from typing import Any, cast

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cleanplate.contract import NO_PLATE
from cleanplate.document.recipe import load_row
from cleanplate.document.rows import train_row
from cleanplate.document.targets import depth_target
from cleanplate.document.task import Row
from cleanplate.imaging import Image
from cleanplate.imaging.compositing import recover_foreground
from cleanplate.imaging.files import write_picture
from cleanplate.imaging.resize import resize
from cleanplate.metrics.matting import iou
from cleanplate.models.network import Network
from cleanplate.runtime.model_file import read_model_file
from cleanplate.runtime.session import SHIPPED_MODEL
from cleanplate.sample.folders import read_folder_manifest
from cleanplate.sample.opening import open_samples
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import ShardReader, write_shards
from cleanplate.synth.compose.photos import Cutout
from cleanplate.train.checkpoint import AVERAGE, load_network
from cleanplate.train.data import DegradedSamples, validation_batches
from cleanplate.train.revive import network_of
from cleanplate.train.runs import newest_checkpoint

ROOT = Path(__file__).resolve().parent.parent
EACH, SIZE_HW, FED_HW = 100, (112, 112), (128, 128)
HEIGHT, CUTOUT_HEIGHT = 224, 112
"""Of a background and of a cut-out, in pixels, as the course's were."""

ONE_PIECE = 0.99
"""So much of a whole person hangs together: who stands behind a chair does not."""

VALIDATION_SHARE = 0.1
CHANGES: dict[str, Any] = {
    "network": {"width": 1.0},
    "loss": {"mask": "bce_dice"},
    "optim": {"batch_size": 16, "steps": 12000},
    "run": {"size_hw": list(FED_HW), "precision": "auto", "validate_every": 800, "checkpoint_every": 200},
}
CLOSER_PX = 224
CLOSER: dict[str, Any] = {
    "optim": {"steps": 800, "lr": 1e-3},
    "run": {"size_hw": [CLOSER_PX, CLOSER_PX], "threads": 2},
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


def write_parts(sets: Iterable[Path], backgrounds: Path, cutouts: Path) -> None:
    """Plates of different scenes, and people who are in the picture as a whole, each somebody else."""
    scenes, people = set[str](), set[str]()
    for folder in (backgrounds, cutouts):
        folder.mkdir(parents=True)
    for sample in chain.from_iterable(open_samples(data) for data in sets):
        if len(scenes) < EACH and sample.scene not in scenes:
            scenes.add(sample.scene)
            write_picture(backgrounds / f"{len(scenes):03d}.png", resize(sample.plate, of_height(sample.plate, HEIGHT)))
        if len(people) == EACH or len(sample.people) != 1 or set(sample.instance_kinds) != {"person"}:
            continue
        if sample.people[0] not in people and (here := whole_person(sample.alpha)) is not None:
            people.add(sample.people[0])
            colour = recover_foreground(sample.shot, sample.plate, sample.alpha)
            cutout = Cutout((colour * sample.alpha[..., None])[here], sample.alpha[here])
            size_hw = of_height(cutout.alpha, CUTOUT_HEIGHT)
            write_picture(cutouts / f"{len(people):03d}.png", np.dstack(cutout.scaled(size_hw, mirrored=False)))
    print(f"{len(scenes)} backgrounds, {len(people)} cut-outs")


def of_height(picture: Image, height: int) -> tuple[int, int]:
    """A picture's size (h, w) at another height."""
    return height, max(1, round(picture.shape[1] * height / picture.shape[0]))


def whole_person(alpha: Image) -> tuple[slice, slice] | None:
    """Rows and columns of somebody who is high enough, inside the picture, and hidden by nothing; else None."""
    rows, columns = (np.flatnonzero((alpha > 0.02).any(axis=axis)) for axis in (1, 0))
    if not rows.size or rows[-1] + 1 - rows[0] < alpha.shape[0] * CUTOUT_HEIGHT / HEIGHT:
        return None
    if min(rows[0], columns[0], alpha.shape[0] - 1 - rows[-1], alpha.shape[1] - 1 - columns[-1]) < 1:
        return None
    sure = (alpha >= 0.5).astype(np.uint8)
    _, _, pieces, _ = cv2.connectedComponentsWithStats(sure)
    if pieces[1:, cv2.CC_STAT_AREA].max(initial=0) < ONE_PIECE * sure.sum():
        return None
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


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


@torch.no_grad()
def iou_at_own_size(run: Path, recipes: Path, samples: ShardReader, changes: dict[str, Any]) -> float:
    """Mean IoU of the row `closer` against the masks of 112 px as they were made, its own made so small again."""
    task, found = Row(load_row(recipes, "closer", changes)), list[Tensor]()
    network = task.network().eval()
    load_network(cast("Path", newest_checkpoint(run)) / AVERAGE, network)
    for batch in validation_batches(DegradedSamples(samples, task.camera(validating=True), None), 16, 0):
        mask = task.estimate(network(*task.inputs(batch))).mask
        found.extend(F.adaptive_avg_pool2d(cast("Tensor", mask), SIZE_HW)[:, 0])
    everywhere = np.ones(SIZE_HW, np.bool_)
    truths = (samples[index].alpha >= 0.5 for index in range(len(samples)))
    return float(np.mean([iou(mask.numpy(), true, everywhere) for mask, true in zip(found, truths, strict=True)]))


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    out: Path = options.out
    parts, teacher, made = (out / "backgrounds", out / "cutouts"), out / "teacher.onnx", out / "composites"
    if not parts[0].exists():
        write_parts(options.data, *parts)
    if not teacher.exists():
        write_teacher(teacher)
    command = [sys.executable, "-m", "cleanplate"]
    size, fed = (f"{width}x{height}" for height, width in (SIZE_HW, FED_HW))
    compose = ["compose", "--backgrounds", *parts[:1], "--foregrounds", *parts[1:], "--out", made]
    if read_folder_manifest(made) is None:
        subprocess.run(
            [*command, *map(str, compose), "--places", "1", "--min-scale", "1", "--flip", "--size", size], check=True
        )
    labelled = read_folder_manifest(made)
    if labelled is None or labelled.depth is None:
        subprocess.run([*command, "label", str(made), "--teacher", str(teacher), "--teacher-size", fed], check=True)
    for name in ("train", "validation"):
        if not (out / "data" / name / "manifest.json").exists():
            write_shards(out / "data" / name, composites(made, validation=name == "validation"), {"shuffled": True})
    sets = [ShardReader(out / "data" / name) for name in ("train", "validation")]
    changes = CHANGES | {"data": {"train_count": len(sets[0]), "validation_count": len(sets[1])}}
    recipes = out / "recipes"
    copytree(ROOT / "recipes" / "document", recipes, dirs_exist_ok=True)
    (recipes / "closer.toml").write_text(
        'like = "network_small"\n[row]\nsays = "The same, enlarged."\n[stage]\nafter = "network_small"\n'
    )
    closer = {name: changes.get(name, {}) | CLOSER.get(name, {}) for name in {*changes, *CLOSER}}
    for row, of_row in (("network_small", changes), ("closer", closer)):
        table = train_row(row, recipes, out / "data", out / "runs", of_row)["table"]
        names = ("iou", "rmse", "rmse_constant", "rmse_mean_image", "depth_correlation")
        said = {name: f"{table[name]:.4f}" for name in names}
        print(f"{row}, {table['images']} images: {said}")
    at_own_size = iou_at_own_size(out / "runs" / "closer", recipes, sets[1], closer)
    print(f"closer at {SIZE_HW[0]} px: IoU {at_own_size:.4f}; depth's std {spread_of(out / 'data' / 'validation'):.4f}")


if __name__ == "__main__":
    main()
