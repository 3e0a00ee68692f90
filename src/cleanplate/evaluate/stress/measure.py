"""One tool through all conditions: every axis at every level, and the clean pairs beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cleanplate.errors import ToolError
from cleanplate.evaluate.stress.axes import AXES, NUM_LEVELS, Axis
from cleanplate.evaluate.stress.pairs import Pair, example_of
from cleanplate.evaluate.stress.tools import Tool
from cleanplate.imaging import Image
from cleanplate.imaging.resize import resize
from cleanplate.jobs.progress import progress

CLEAN = "clean"
"""What stands for the axis of a pair as it is."""


@dataclass(frozen=True)
class Score:
    """The mean over all pairs of the mean absolute error of alpha, in [0, 1]; `value` and `unit` None at level 0."""

    tool: str
    axis: str
    level: int
    value: float | None
    unit: str | None
    mean_absolute_error: float
    num_pairs: int


Mattes = list[Image]
"""What the tool made of one pair (`pairs.example_of`): clean, then each axis at its last level."""


def measure(pairs: Sequence[Pair], tool: Tool, seed: int) -> tuple[list[Score], Mattes]:
    """Score a tool: first the clean pairs, then the levels 1 to NUM_LEVELS of each axis.

    Raises:
        ToolError: the tool fails, or gives what is no matte; the sentence names the pair and the condition.
    """
    conditions: list[tuple[Axis | None, int]] = [(None, 0)]
    conditions += [(axis, level) for axis in AXES for level in range(1, NUM_LEVELS + 1)]
    errors = np.zeros((len(conditions), len(pairs)))
    mattes: Mattes = []
    example = example_of(pairs)
    with progress("stress", errors.size, items="mattes", summary=True) as advance:
        for column, pair in enumerate(pairs):
            for row, (axis, level) in enumerate(conditions):
                alpha = _matte(tool, pair, axis, level, seed)
                errors[row, column] = np.abs(alpha - pair.truth)[pair.scored].mean()
                if column == example and level in {0, NUM_LEVELS}:
                    mattes.append(alpha)
                advance(1)
    means = (float(mean) for mean in errors.mean(1))
    scores = [_score(tool, *condition, mean, len(pairs)) for condition, mean in zip(conditions, means, strict=True)]
    return scores, mattes


def _matte(tool: Tool, pair: Pair, axis: Axis | None, level: int, seed: int) -> Image:
    plate, shot = (axis or AXES[0]).applied(pair, level, seed)
    where = f"{pair.name}, {axis.name if axis else CLEAN} level {level}"
    try:
        alpha = tool.matte(plate, shot)
    except ToolError as error:
        raise ToolError(f"{where}: {error}") from error
    if alpha.ndim != 2 or not np.isfinite(alpha).all():
        raise ToolError(f"{where}: {tool.name} gave no matte but shape {alpha.shape}, or values that are not finite")
    return np.clip(resize(np.asarray(alpha, np.float32), (shot.shape[0], shot.shape[1])), 0, 1)


def _score(tool: Tool, axis: Axis | None, level: int, mean: float, num_pairs: int) -> Score:
    if axis is None:
        return Score(tool.name, CLEAN, 0, None, None, mean, num_pairs)
    return Score(tool.name, axis.name, level, axis.values[level - 1], axis.unit, mean, num_pairs)
