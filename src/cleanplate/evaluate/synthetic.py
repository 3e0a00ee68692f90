"""Scores a model on rendered pairs, whose coverage and depth are exact: every pixel counts, soft edges too."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.imaging.depthmap import merge_layers
from cleanplate.jobs.progress import track
from cleanplate.metrics import Mask, depth, matting
from cleanplate.runtime.plate import Plate
from cleanplate.runtime.session import Session
from cleanplate.sample.record import Sample
from cleanplate.synth.camera import Effects, degrade

FEWEST_PX = 64
"""A correlation needs so many pixels of known depth, as the training's own validation does."""

FLAT = 0.01
"""A true inverse depth whose deviation is below this share of the pair's has nothing to correlate with."""

_SAID = {"empty", "moved"}
"""Tags that the kinds say already: nothing, or an object."""


class Samples(Protocol):
    """What is needed of a data set: `sample.shards.ShardReader` is one.

    Only if opened with `layers` do `PairScores.group`s leave out whom a camera effect has cut away.
    """

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Sample: ...


@dataclass(frozen=True)
class Pairs:
    """The first `count` pairs of a data set, clean, or as a camera would have delivered them.

    With effects, pair number i goes through them with randomness of (seed, i) alone, at its own size: it is the same
    however often and in whichever order it is asked for.
    """

    samples: Samples
    count: int
    effects: Effects | None = None
    seed: int = 0

    def __len__(self) -> int:
        return min(self.count, len(self.samples))

    def __getitem__(self, number: int) -> Sample:
        sample = self.samples[number]
        if self.effects is None:
            return sample
        size_hw = sample.alpha.shape[0], sample.alpha.shape[1]
        return degrade(sample, np.random.default_rng((self.seed, number)), self.effects, size_hw)


@dataclass(frozen=True)
class Estimate:
    """What a model says of a pair, all (h, w): alpha in [0, 1] as a user gets it, and the disparity of both layers.

    The disparities share one unknown scale and shift, larger = nearer; the foreground's is defined everywhere.
    """

    alpha: Image
    foreground: Image
    plate: Image

    @property
    def disparity(self) -> Image:
        """The shot's single map (h, w): the foreground's where it was found, else the plate's."""
        return merge_layers(self.alpha, self.foreground, self.plate)


@dataclass(frozen=True)
class PairFigures:
    """The figures of a pair, or their mean; `None` where there was nothing to measure.

    Attributes:
        iou: of alpha >= 0.5 in both; `None` where nobody came.
        mae, sad, mse, grad, conn: of alpha over the whole picture (`metrics.matting`).
        edge_mae: of alpha within 10 px of the true edge.
        person_correlation: of the foreground's disparity with the true inverse depth where the true alpha >= 0.5;
            where the matte missed it, as carried over from what was found.
        plate_correlation: of the plate's disparity with its true inverse depth.
        abs_rel: of the shot's single map where depth is 0.3 to 10 m, after one alignment over plate and shot.
    """

    iou: float | None
    mae: float | None
    sad: float | None
    mse: float | None
    grad: float | None
    conn: float | None
    edge_mae: float | None
    person_correlation: float | None
    plate_correlation: float | None
    abs_rel: float | None


@dataclass(frozen=True)
class PairScores:
    """One pair's figures.

    `empty`: nothing came. `found`: the share of the picture with alpha >= 0.5; `wrong`: the share that has it although
    nothing came there. `group` says what came, and what changed besides: "person", "nothing, lamp".
    """

    number: int
    key: str
    figures: PairFigures
    empty: bool
    found: float
    wrong: float = 0.0
    group: str = ""

    @property
    def quality(self) -> float:
        """What pairs are ranked by: the IoU, or where nobody came the share of the picture that was left empty."""
        return 1 - self.found if self.figures.iou is None else self.figures.iou


def estimate(session: Session, sample: Sample, *, closer: bool = True) -> Estimate:
    """What the shipping runtime makes of a pair; `closer` as `Plate.open` takes it.

    Raises:
        ModelError: the model fails.
    """
    matte = Plate.open(sample.plate, session, closer=closer).matte(sample.shot)
    return Estimate(matte.alpha, matte.foreground_disparity, matte.plate_disparity)


def score_pair(found: Estimate, sample: Sample) -> PairFigures:
    """The figures of one estimate."""
    everywhere = np.ones(sample.alpha.shape, bool)
    there = sample.alpha >= matting.FOUND
    shot, plate = _inverse_depth(sample.shot_depth_m), _inverse_depth(sample.plate_depth_m)
    flat = FLAT * _deviation(np.concatenate([shot[shot > 0], plate[plate > 0]]))
    guess_m, valid = aligned_m(found, sample)
    return PairFigures(
        iou=matting.iou(found.alpha, there, everywhere) if there.any() else None,
        mae=matting.mean_absolute_error(found.alpha, sample.alpha, everywhere),
        sad=matting.sum_absolute_differences(found.alpha, sample.alpha),
        mse=matting.mean_squared_error(found.alpha, sample.alpha),
        grad=matting.gradient_error(found.alpha, sample.alpha),
        conn=matting.connectivity_error(found.alpha, sample.alpha),
        edge_mae=matting.mean_absolute_error(found.alpha, sample.alpha, matting.near_edge(sample.alpha)),
        person_correlation=_correlation(found.foreground, shot, there & (shot > 0), flat),
        plate_correlation=_correlation(found.plate, plate, plate > 0, flat),
        abs_rel=depth.abs_rel(guess_m, sample.shot_depth_m, valid) if valid.any() else None,
    )


def score_pairs(session: Session, pairs: Pairs, *, closer: bool = True) -> list[PairScores]:
    """The scores of all pairs, in order; raises InputError where one cannot be read, ModelError where the model fails.

    A pair where nobody came counts in every figure but those of overlap, edge and person.
    """
    scores: list[PairScores] = []
    for number in track(range(len(pairs)), "scoring", len(pairs)):
        sample = pairs[number]
        found = estimate(session, sample, closer=closer)
        figures = score_pair(found, sample)
        there, empty = found.alpha >= matting.FOUND, figures.iou is None
        wrong = float((there & (sample.alpha < matting.FOUND)).mean())
        scores.append(PairScores(number, sample.key, figures, empty, float(there.mean()), wrong, group_of(sample)))
    return scores


def group_of(sample: Sample) -> str:
    """What came and what changed besides, in words that do not depend on order: "object + person, lamp"."""
    kinds = " + ".join(sorted(set(sample.instance_kinds))) or "something"
    kinds = kinds if (sample.alpha >= matting.FOUND).any() else "nothing"
    return ", ".join([kinds, *sorted(tag for tag in sample.tags if tag not in _SAID)])


def worst(scores: Sequence[PairScores], count: int) -> list[PairScores]:
    """The `count` pairs of the lowest quality, the worst first; of equals the one with the larger MAE comes first."""
    return sorted(scores, key=lambda pair: (pair.quality, -(pair.figures.mae or 0)))[:count]


def aligned_m(found: Estimate, sample: Sample) -> tuple[NDArray[np.float64], Mask]:
    """The shot's depth in metres (h, w) after one alignment over plate and shot, and where depth is scored (h, w).

    Where neither picture has a depth to be scored, all of it is 0 and none is scored.
    """
    height = len(sample.alpha)
    depth_m = np.concatenate([sample.shot_depth_m, sample.plate_depth_m])
    valid = depth.valid_depth(depth_m)
    if not valid.any():
        return np.zeros(sample.alpha.shape), valid[:height]
    disparity = np.concatenate([found.disparity, found.plate])
    return depth.aligned_depth_m(disparity, depth_m, valid)[:height], valid[:height]


def _inverse_depth(depth_m: Image) -> Image:
    """1/m, and 0 where unknown."""
    return np.where(depth_m > 0, 1 / np.where(depth_m > 0, depth_m, 1), 0).astype(np.float32)


def _deviation(values: Image) -> float:
    return float(np.abs(values - np.median(values)).mean()) if values.size else 0.0


def _correlation(guess: Image, truth: Image, where: Mask, flat: float) -> float | None:
    if np.count_nonzero(where) < FEWEST_PX or float(truth[where].std()) <= flat:
        return None
    return depth.correlation(guess, truth, where)
