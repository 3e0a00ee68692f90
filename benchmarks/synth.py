"""How fast training data is made, in pairs per second of one core, beside a fixed workload timed in the same run.

    python benchmarks/synth.py [--pairs 40] [--assets pack|procedural] [--json FILE]

Counts everything from the plan to the finished shard on disk, and nothing of the start: parts are loaded and loops
compiled by a first scene. Time is that of the process (user and system), so a busy machine changes it little; what it
changes is seen in the fixed workload: compare "pairs per reference", not pairs per second, between machines and days.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np

from cleanplate.errors import InputError
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import write_shard
from cleanplate.synth.render.embree import TriangleTree
from cleanplate.synth.shooting import ASSETS, Plan, load_parts, make_samples

SIZES = {192: (192, 256), 256: (256, 344)}
"""Pictures (height, width) by their shorter side."""


def reference_s() -> float:
    """CPU seconds of a fixed piece of numpy, and of a million rays against a sphere of 40,000 triangles."""
    rng = np.random.default_rng(1)
    theta, phi = np.meshgrid(np.linspace(0, np.pi, 101), np.linspace(0, 2 * np.pi, 201), indexing="ij")
    ball = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], -1)
    index = np.arange(101 * 201).reshape(101, 201)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    triangles = np.concatenate([np.stack(t, -1).reshape(-1, 3) for t in ((a, b, c), (a, c, d))])
    origins = (3 * rng.standard_normal((500_000, 3))).astype(np.float32)
    directions = (rng.standard_normal((500_000, 3)) - origins).astype(np.float32)
    numbers = rng.random(4_000_000, np.float32)

    def work() -> None:
        tree = TriangleTree(ball.reshape(-1, 3).astype(np.float32), triangles.astype(np.uint32))
        for _ in range(2):
            tree.closest(origins, directions)
        np.sort(numbers)
        np.exp(np.sqrt(numbers) * 0.5).sum()

    work()
    return min(_cpu_s(work) for _ in range(3))


def pairs_per_s(assets: str, size_hw: tuple[int, int], num_pairs: int) -> float:
    """Pairs that one core makes and writes in a second."""
    plan = Plan(seed=2718, size_hw=size_hw, assets=assets)
    with tempfile.TemporaryDirectory() as folder:
        write_shard(Path(folder) / "warm.tar", _samples(plan, 0, plan.shots_per_scene))
        seconds = _cpu_s(lambda: write_shard(Path(folder) / "timed.tar", _samples(plan, 1, num_pairs)))
    return num_pairs / seconds


def _samples(plan: Plan, unit: int, count: int) -> Iterator[Sample]:
    scene = 0
    while count > 0:
        shots = make_samples(plan, (unit, scene))[:count]
        yield from shots
        count, scene = count - len(shots), scene + 1


def _cpu_s(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Measure and print a table; `--json` writes the same figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=40, help="timed at each size")
    parser.add_argument("--assets", choices=ASSETS, action="append", help="default: all that are there")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    reference = reference_s()
    _say(f"fixed workload: {reference:.3f} CPU-s")
    _say("assets      short side   pairs per CPU-s   CPU-s per pair   pairs per reference")
    rows: list[dict[str, Any]] = []
    for assets in options.assets or ASSETS:
        try:
            load_parts(assets)
        except InputError as error:
            _say(f"{assets}: {error}")
            continue
        for side, size_hw in SIZES.items():
            rate = pairs_per_s(assets, size_hw, options.pairs)
            _say(f"{assets:11} {side:7} px {rate:17.2f} {1 / rate:16.3f} {rate * reference:21.2f}")
            rows.append({"assets": assets, "short_side_px": side, "pairs_per_cpu_s": rate})
    if options.json:
        figures = {"reference_cpu_s": reference, "pairs": options.pairs, "rows": rows}
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
