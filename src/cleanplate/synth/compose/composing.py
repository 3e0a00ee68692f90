"""Every cut-out over every photo, at many places: a data set of any size."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cleanplate.errors import UsageError
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_uint
from cleanplate.imaging.compositing import composite
from cleanplate.imaging.files import encode_png
from cleanplate.jobs.ledger import Entry
from cleanplate.jobs.progress import Advance
from cleanplate.jobs.units import Crew
from cleanplate.sample.folders import write_folder_manifest, write_pictures
from cleanplate.sample.naming import name_rule
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import refuse_strangers, write_manifest, write_shard
from cleanplate.sample.units import finished_samples
from cleanplate.synth.compose.photos import (
    Cutout,
    Photo,
    digest,
    find_backgrounds,
    find_foregrounds,
    read_background,
    read_cutout,
    refuse_large,
)

COMPOSER = "compose-1"
"""Name and version of what makes the pictures; it changes whenever the same photos and seed would give others."""

_NAMES = "{bg}/{person}-{place:[0-9]+(?:-flip)?}"
_UNIT = 64
_BYTES_EACH = 2_000, 3


@dataclass(frozen=True)
class Layout:
    """How to compose.

    Attributes:
        places: how often each foreground is put somewhere on each background.
        flip: also mirrored, at as many places again.
        size_hw: of the pictures; a background is cut to their shape around its middle and scaled down.
        min_scale: a foreground's size is drawn between this and 1, its own beside the background's pixels.
        seed: of the places and sizes.
    """

    places: int = 20
    flip: bool = False
    size_hw: tuple[int, int] = (192, 256)
    min_scale: float = 0.5
    seed: int = 1

    @property
    def num_each(self) -> int:
        """Samples of one foreground on one background."""
        return self.places * (2 if self.flip else 1)


def compose(
    folder: Path,
    backgrounds: Path,
    foregrounds: Path,
    how: Layout,
    *,
    layout: str = "folders",
    crew: Crew | None = None,
) -> tuple[int, str]:
    """Write a data set of all foregrounds over all backgrounds, or what is missing of it.

    The same photos and options give the same bytes, whoever works and however often they were stopped. Nothing is known
    about depth: shards say so of every pixel, folders have none until `cleanplate label` makes it.

    Args:
        folder: for the data set; made if it is not there.
        backgrounds: a folder of photos.
        foregrounds: a folder of cut-outs, pictures with transparency.
        how: what to do with them.
        layout: "folders" or "shards".
        crew: who works; this process unless given.

    Returns:
        The number of samples, and the data set's fingerprint.

    Raises:
        InputError: the folder holds a data set, was begun with others or cannot be written; a photo cannot be used, is
            no cut-out, or too small for the pictures or the foregrounds.
        WorkerError, InterruptedWorkError: not all was done; called again, the rest is.
        UsageError: no such layout.
    """
    if layout not in {"folders", "shards"}:
        raise UsageError(f"layout {layout!r}: choose folders or shards")
    refuse_strangers(folder, layout)
    behind, front = find_backgrounds(backgrounds, how.size_hw), find_foregrounds(foregrounds)
    refuse_large(behind, front, how.size_hw)
    make = _Units(how, layout, behind, front, step=max(1, _UNIT // how.num_each))
    sizes, about = make.sizes(), make.about()
    count = sum(sizes)
    with finished_samples(
        folder,
        make,
        sizes,
        crew,
        layout=layout,
        size_hw=how.size_hw,
        plan=about,
        bytes_each=_BYTES_EACH,
        what="composing",
    ) as entries:
        if layout == "shards":
            return count, write_manifest(folder, entries, about)
        rule = name_rule([f"fg_bg={_NAMES}", "bg={bg}"])
        return count, write_folder_manifest(
            folder, entries, num_samples=count, size_hw=how.size_hw, rule=rule, depth=None, about=about
        )


@dataclass(frozen=True)
class _Units:
    """Makes the units of a data set: some foregrounds on one background, in whatever process it is sent to."""

    how: Layout
    layout: str
    behind: Sequence[Photo]
    front: Sequence[Photo]
    step: int

    def sizes(self) -> list[int]:
        """Number of samples in each unit: `step` foregrounds each, background after background."""
        firsts = range(0, len(self.front), self.step)
        return [self.how.num_each * len(self.front[first : first + self.step]) for first in firsts] * len(self.behind)

    def about(self) -> dict[str, Any]:
        """All that decides what the samples show (JSON values)."""
        how = self.how
        return {
            "generator": COMPOSER,
            "places": how.places,
            "flip": how.flip,
            "min_scale": how.min_scale,
            "seed": how.seed,
            "backgrounds": digest(self.behind),
            "foregrounds": digest(self.front),
        }

    def __call__(self, unit: int, folder: Path, advance: Advance) -> Entry:
        """See `jobs.units.MakeUnit`."""
        b, part = divmod(unit, -(-len(self.front) // self.step))
        first = part * self.step
        samples = self._samples(b, first, advance)
        if self.layout == "shards":
            return write_shard(folder / f"{unit:05d}.tar", samples)
        return write_pictures(folder, self._pictures(samples, self.behind[b], with_plate=first == 0))

    def _samples(self, b: int, first: int, advance: Advance) -> Iterator[Sample]:
        background, how = self.behind[b], self.how
        plate, shrink = read_background(background, how.size_hw)
        unknown = np.zeros(how.size_hw, np.float32)
        for f in range(first, min(first + self.step, len(self.front))):
            foreground = self.front[f]
            height, width = (
                min(there, max(1, round(side * shrink)))
                for side, there in zip(foreground.size_hw, how.size_hw, strict=True)
            )
            cutout = read_cutout(foreground, (height, width))
            for number in range(how.num_each):
                place, mirrored = number % how.places, number >= how.places
                rng = np.random.default_rng([how.seed, b, f, number])
                shot, alpha = _placed(cutout, plate, rng, how.min_scale, mirrored=mirrored)
                yield Sample(
                    key=f"{background.name}-{foreground.name}-{place:03d}{'-flip' if mirrored else ''}",
                    scene=background.name,
                    people=(foreground.name,),
                    plate=plate,
                    shot=shot,
                    alpha=alpha,
                    plate_depth_m=unknown,
                    shot_depth_m=unknown,
                )
                advance(1)

    @staticmethod
    def _pictures(samples: Iterator[Sample], background: Photo, *, with_plate: bool) -> Iterator[tuple[str, bytes]]:
        for sample in samples:
            if with_plate:
                yield f"bg/{background.name}.png", encode_png(to_uint(sample.plate, 8))
                with_plate = False
            name = f"{background.name}/{sample.key.removeprefix(background.name + '-')}"
            yield f"fg_bg/{name}.png", encode_png(to_uint(sample.shot, 8))
            yield f"mask/{name}.png", encode_png(to_uint(sample.alpha, 8))


def _placed(
    cutout: Cutout, plate: Image, rng: np.random.Generator, min_scale: float, *, mirrored: bool
) -> tuple[Image, Image]:
    """Shot (h, w, 3) and alpha (h, w) of a foreground somewhere on the plate, whole."""
    scale = math.exp(rng.uniform(math.log(min_scale), 0))
    height, width = max(1, round(cutout.alpha.shape[0] * scale)), max(1, round(cutout.alpha.shape[1] * scale))
    colour, coverage = cutout.scaled((height, width), mirrored=mirrored)
    rows, columns = int(plate.shape[0]), int(plate.shape[1])
    top, left = int(rng.integers(rows - height + 1)), int(rng.integers(columns - width + 1))
    inside = slice(top, top + height), slice(left, left + width)
    alpha = np.zeros((rows, columns), np.float32)
    alpha[inside] = coverage
    shot = plate.copy()
    shot[inside] = composite(colour, coverage, np.ascontiguousarray(plate[inside]))
    return shot, alpha
