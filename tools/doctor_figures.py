"""Prints how well the doctor of plates does on pairs whose truth is known.

    cleanplate synth --out data/large --count 80 --size 480 --seed 3
    .venv/bin/python tools/doctor_figures.py data/large --seed 2 --count 100
    .venv/bin/python tools/doctor_figures.py data/large --only run --seed 2 --count 24

The residual is the mean distance, over the background, between where the plate's pixels truly lie in the shot and where
the doctor puts them. Choose thresholds with one seed, report with another.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from plate_pairs import Move, Pair, hand_held, moved_pair, other_room, rearranged, somebody_in_plate

from cleanplate import Plate
from cleanplate.metrics import matting
from cleanplate.plate.bedside import Bedside
from cleanplate.plate.doctor import Diagnosis, examine
from cleanplate.plate.geometry import positions
from cleanplate.runtime.session import Session
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import ShardReader

MOST_HIDDEN = 0.42
_LEAST = 0.01
"""An IoU needs somebody: pairs with less foreground than this share are not scored."""

STILL = Move(0, 0, 0, 0, 0, 0, 0)
NUDGED = Move(0.005, 1.0, 0.0, 0.5, 0.03, 0.0, 0.0)
"""At 640 px before cutting: 3 px (0.5 % of the width), 1 degree, half a stop."""


@dataclass(frozen=True)
class Case:
    """One pair and what the doctor made of it."""

    pair: Pair
    diagnosis: Diagnosis
    residual_px: float


class Draws:
    """Pairs of every kind from a data set, the same for the same seed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._reader = ShardReader(folder)
        self._rng = np.random.default_rng(seed)
        self._order = self._rng.permutation(len(self._reader))
        self._pool = [self._reader[int(i)] for i in self._order[:16]]
        self._next = 0
        self._every: list[Sample] = []

    def sample(self) -> Sample:
        """The next sample in which the foreground leaves enough to see."""
        while True:
            sample = self._reader[int(self._order[self._next % len(self._order)])]
            self._next += 1
            if sample.alpha.mean() <= Move.hidden:
                return sample

    def pair(self, kind: str, move: Move) -> Pair:
        """The next pair of a kind."""
        while True:
            pair = self._made(kind, self.sample(), move)
            if pair is not None and not (pair.usable and pair.alpha.mean() > MOST_HIDDEN):
                return pair

    def _made(self, kind: str, sample: Sample, move: Move) -> Pair | None:
        others = [other for other in self._pool if other.scene != sample.scene]
        if kind == "moved":
            return moved_pair(sample, others, self._rng, move)
        if kind == "another room":
            return other_room(sample, others[int(self._rng.integers(len(others)))], self._rng, move)
        if kind == "rearranged":
            return rearranged(sample, others, self._rng, move)
        if kind == "parallax":
            return hand_held(sample, self._rng, move)
        mates = [mate for mate in self._all() if mate.scene == sample.scene and mate.key != sample.key]
        mate = mates[int(self._rng.integers(len(mates)))] if mates else None
        return None if mate is None else somebody_in_plate(sample, mate, self._rng, move)

    def _all(self) -> list[Sample]:
        if not self._every:
            self._every = [self._reader[index] for index in range(len(self._reader))]
        return self._every


def examined(pair: Pair) -> Case:
    """The doctor's word, and how far off the plate lies afterwards (as it is where the doctor left it)."""
    diagnosis = examine(pair.plate, pair.shot)
    print(f"  {pair.kind}: {diagnosis.verdict.margin:+.2f} {diagnosis.verdict.sentence}", flush=True)
    matrix = np.eye(3) if diagnosis.matrix is None else diagnosis.matrix
    x, y = positions(matrix, pair.alpha.shape)
    hidden = cv2.remap(pair.alpha, *pair.truth, cv2.INTER_LINEAR, borderValue=1)
    apart = np.hypot(x - pair.truth[0], y - pair.truth[1])[hidden < 0.05]
    return Case(pair, diagnosis, float(apart.mean()) if apart.size else 0.0)


def area_under_curve(good: list[float], bad: list[float]) -> float:
    """How often a usable pair has the larger margin, ties half."""
    first, second = np.array(good)[:, None], np.array(bad)[None]
    return float((first > second).mean() + 0.5 * (first == second).mean())


def print_verdicts(draws: Draws, count: int) -> None:
    """Half of the pairs usable, half not, of four kinds."""
    kinds = ["moved"] * (count // 2)
    kinds += ["another room", "rearranged", "parallax", "somebody in the plate"] * (count // 8)
    cases = [examined(draws.pair(kind, Move())) for kind in kinds]
    for kind in dict.fromkeys(kinds):
        some = [case for case in cases if case.pair.kind == kind]
        words = [case.diagnosis.verdict.kind for case in some]
        residuals = [case.residual_px for case in some]
        told = ", ".join(f"{word} {words.count(word)}" for word in ("fine", "mended", "unusable"))
        print(f"{kind:22} {told}; residual median {np.median(residuals):.3f} px, largest {max(residuals):.2f} px")
    usable = [case.diagnosis.verdict.margin for case in cases if case.pair.usable]
    for kind in [None, *dict.fromkeys(kinds[count // 2 :])]:
        bad = [c.diagnosis.verdict.margin for c in cases if not c.pair.usable and kind in {None, c.pair.kind}]
        print(f"AUC, usable against {kind or 'all others'}: {area_under_curve(usable, bad):.3f}")
    fine = [case for case in cases if case.diagnosis.verdict.kind == "fine"]
    wrong = sum(case.pair.kind == "another room" or case.residual_px > 2 for case in fine)
    print(f"called fine though of another room or over 2 px off: {wrong}")


def print_run(draws: Draws, count: int) -> None:
    """The shipped model's IoU with and without the doctor, on moved and on unmoved pairs."""
    session = Session()
    for name, move in (("unmoved", STILL), ("moved", NUDGED)):
        scores = []
        same = 0
        for _ in range(count):
            while (pair := draws.pair("moved", move)).alpha.mean() < _LEAST:
                pass
            mattes = [Plate.open(pair.plate, session, doctor=doctor).matte(pair.shot) for doctor in (False, True)]
            scored = matting.scored_pixels(pair.alpha >= 0.5, np.abs(pair.alpha - 0.5) > 0.45)
            scores.append([matting.iou(matte.alpha, pair.alpha >= 0.5, scored) for matte in mattes])
            print(f"  {scores[-1][0]:.3f} -> {scores[-1][1]:.3f}  {'; '.join(mattes[1].notices)}", flush=True)
            same += bool(np.array_equal(mattes[0].alpha, mattes[1].alpha))
        without, with_doctor = np.mean(scores, axis=0)
        worse = sum(after < before - 0.005 for before, after in scores)
        print(f"{name}: IoU {without:.3f} without, {with_doctor:.3f} with the doctor; lower by over 0.005 in {worse}; ")
        print(f"  the same to the bit in {same} of {count}")


def print_cost(draws: Draws) -> None:
    """CPU time of a static camera's frames at 720p, the examination of the first left out."""
    pair = draws.pair("moved", STILL)
    plate, shot = (np.clip(cv2.resize(picture, (1280, 720)), 0, 1) for picture in (pair.plate, pair.shot))
    bedside = Bedside(plate)
    start = time.process_time()
    first = bedside.mended_for(shot)
    examination = time.process_time() - start
    rng = np.random.default_rng(0)
    frames = [np.clip(shot + rng.normal(0, 0.01, shot.shape).astype(np.float32), 0, 1) for _ in range(10)]
    start = time.process_time()
    kept = [bedside.mended_for(frame) is first for frame in frames]
    spent = (time.process_time() - start) / len(frames)
    print(f"examination {examination:.2f} s, then {1000 * spent:.1f} ms CPU a frame; kept {sum(kept)} of {len(kept)}")


def main() -> None:
    """All of it, or one part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--only", choices=["verdicts", "run", "cost"])
    options = parser.parse_args()
    cv2.setNumThreads(1)
    draws = Draws(options.data, options.seed)
    if options.only in {None, "verdicts"}:
        print_verdicts(draws, options.count)
    if options.only in {None, "run"}:
        print_run(draws, options.count)
    if options.only in {None, "cost"}:
        print_cost(draws)


if __name__ == "__main__":
    main()
