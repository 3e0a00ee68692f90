"""From a plan to a data set: scenes spread over processes, their shots gathered in files."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from cleanplate.jobs.processes import map_in_processes
from cleanplate.jobs.progress import track
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import write_shards
from cleanplate.synth.shooting import GENERATOR, Plan, make_samples


def generate(folder: Path, count: int, plan: Plan, num_processes: int = 1) -> str:
    """Write a data set of `count` samples into `folder`; return its fingerprint. The same plan gives the same bytes.

    Raises:
        InputError: the folder already holds a data set, or cannot be written.
    """
    about = {
        "generator": GENERATOR,
        "seed": plan.seed,
        "shots_per_scene": plan.shots_per_scene,
    }
    samples = islice(_endless(plan, num_processes, count), count)
    return write_shards(folder, track(samples, "rendering", count), about)


def _endless(plan: Plan, num_processes: int, count: int) -> Iterator[Sample]:
    """Scenes one after another until enough shots came out (a scene may give fewer than planned)."""
    first = 0
    while True:
        scenes = [(0, k) for k in range(first, first + max(8, count // plan.shots_per_scene))]
        for shots in map_in_processes(partial(make_samples, plan), scenes, num_processes):
            yield from shots
        first += len(scenes)
