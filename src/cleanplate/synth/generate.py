"""From a plan to a data set of any size: a unit is a shard's worth of samples with scenes of its own."""

import platform
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count as numbers
from pathlib import Path

from cleanplate.errors import InputError, UsageError
from cleanplate.jobs.ledger import Entry
from cleanplate.jobs.progress import Advance
from cleanplate.jobs.units import Crew
from cleanplate.sample.depthcodes import MILLIMETRES
from cleanplate.sample.folders import pictures_of, write_folder_manifest, write_pictures
from cleanplate.sample.naming import name_rule
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import refuse_strangers, write_manifest, write_shard
from cleanplate.sample.units import finished_samples
from cleanplate.synth.shooting import GENERATOR, Plan, make_samples, parts_of
from cleanplate.synth.staging import NEAREST_M

LAYOUTS = ("shards", "folders")
"""Shards for training, or one folder a kind of picture (docs/formats.md)."""

_NAMES = "{unit}/{scene}-{n:[0-9]+}"
"""How the pictures in folders are named; a folder below for each unit, because nobody lists 40,000 files gladly."""

_UNIT = 64

_BARREN = 200
"""After so many scenes in a row in which nothing found room, none will come."""

_BYTES_EACH = 10_000, 5
"""About how much a sample takes, and each of its pixels; after the first unit what was made is measured instead."""


def generate(
    folder: Path, count: int, plan: Plan, *, layout: str = "shards", crew: Crew | None = None, unit: int | None = None
) -> str:
    """Write a data set of `count` samples into `folder`, or what is missing of it; return its fingerprint.

    The same plan, count and unit give the same bytes, whoever works and however often they were stopped.

    Args:
        folder: for the data set; made if it is not there.
        count: number of samples.
        plan: what to make.
        layout: one of `LAYOUTS`.
        crew: who works; this process unless given.
        unit: samples a unit (and shard); unless given 64, and fewer in small sets, so that many can work on them.

    Raises:
        InputError: the folder holds a data set, was begun with another plan or cannot be written, or there is no pack.
        WorkerError, InterruptedWorkError: not all was done; called again, the rest is.
        UsageError: no such layout.
    """
    if layout not in LAYOUTS:
        raise UsageError(f"layout {layout!r}: choose one of {', '.join(LAYOUTS)}")
    refuse_strangers(folder, layout)
    parts = parts_of(plan).fingerprint
    about = {
        "generator": GENERATOR,
        "parts": parts,
        "assets": plan.assets,
        "seed": plan.seed,
        "shots_per_scene": plan.shots_per_scene,
    }
    about |= {"only": plan.only} if plan.only else {}
    about |= {"nearest_m": plan.nearest_m} if plan.nearest_m != NEAREST_M else {}
    about |= {"place": plan.place} if plan.place else {}
    about |= {"cut_off": True} if plan.cut_off else {}
    about |= {"least": plan.least} if plan.least else {}
    unit = unit or min(_UNIT, max(8, count // 64))
    sizes = [min(unit, count - first) for first in range(0, count, unit)]
    with finished_samples(
        folder,
        _Units(plan, parts, sizes, layout),
        sizes,
        crew,
        layout=layout,
        size_hw=plan.size_hw,
        plan={"unit": unit, **about},
        bytes_each=_BYTES_EACH,
        what="rendering",
    ) as entries:
        if layout == "shards":
            return write_manifest(folder, entries, about)
        return write_folder_manifest(
            folder,
            entries,
            num_samples=count,
            size_hw=plan.size_hw,
            rule=name_rule([f"fg_bg={_NAMES}", f"bg={_NAMES}"]),
            depth=MILLIMETRES,
            about=about,
        )


@dataclass(frozen=True)
class _Units:
    """Makes the units of a data set, in whatever process it is sent to."""

    plan: Plan
    parts: str
    sizes: list[int]
    layout: str

    def __call__(self, unit: int, folder: Path, advance: Advance) -> Entry:
        """See `jobs.units.MakeUnit`."""
        if parts_of(self.plan).fingerprint != self.parts:
            raise InputError(f"{platform.node()}: has other parts than this machine; run  cleanplate assets  on both")
        samples = _samples(self.plan, unit, self.sizes[unit], advance)
        if self.layout == "shards":
            return write_shard(folder / f"{unit:05d}.tar", samples)
        named = (picture for sample in samples for picture in pictures_of(sample, f"{unit:05d}/{sample.key}"))
        return write_pictures(folder, named)


def _samples(plan: Plan, unit: int, count: int, advance: Advance) -> Iterator[Sample]:
    """`count` samples of the unit's own scenes; a scene may give fewer than planned."""
    missing, barren = count, 0
    for scene in numbers():
        if not missing:
            return
        shots = make_samples(replace(plan, shots_per_scene=min(plan.shots_per_scene, missing)), (unit, scene))
        for sample in shots:
            yield sample
            advance(1)
        missing -= len(shots)
        barren = 0 if shots else barren + 1
        if barren == _BARREN:
            raise InputError(
                f"{_BARREN} scenes in a row gave no shot; lower --nearest or --least, or give another --place"
            )
