"""One tool through all conditions: every axis at every level, and the clean pairs beside them."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from cleanplate.errors import InputError, ToolError
from cleanplate.evaluate.predictions import MisfitError, at_size
from cleanplate.evaluate.stress.axes import AXES, NUM_LEVELS, Axis
from cleanplate.evaluate.stress.pairs import Pair, example_of
from cleanplate.evaluate.stress.tools import Tool
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_float, to_uint
from cleanplate.imaging.files import decode_png, encode_png
from cleanplate.imaging.resize import resize
from cleanplate.jobs.ledger import Entry, Ledger
from cleanplate.jobs.progress import Advance, progress

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


TILE_WIDTH_PX = 160
"""How wide the kept mattes are."""

NUM_TILES = 1 + len(AXES)
"""Clean, then each axis at its last level."""

Mattes = list[Image]
"""What the tool made of one pair (`pairs.example_of`), NUM_TILES of `tile`'s size."""

CONDITIONS: list[tuple[Axis | None, int]] = [
    (None, 0),
    *((axis, level) for axis in AXES for level in range(1, NUM_LEVELS + 1)),
]
"""What every pair goes through: clean, which has no axis, then every axis at its levels."""


def measure(pairs: Sequence[Pair], tool: Tool, seed: int, ledger: Ledger) -> tuple[list[Score], Mattes]:
    """Score a tool: first the clean pairs, then the levels 1 to NUM_LEVELS of each axis.

    Pairs that the ledger knows are not measured again; it is for whoever called to close it.

    Raises:
        ToolError: the tool fails, or gives what is no matte of the shot's shape; the sentence names the pair and the
            condition.
        InputError: the ledger cannot be written, or holds what is no measurement of these pairs.
    """
    each, shown = len(CONDITIONS), example_of(pairs)
    if not all(_is_whole(entry, number, len(pairs), shown) for number, entry in ledger.done.items()):
        raise InputError(f"{ledger.path}: is damaged; delete it, and all pairs are measured again")
    with progress("stress", each * len(pairs), done=each * len(ledger.done), items="mattes", summary=True) as advance:
        for number, pair in enumerate(pairs):
            if number not in ledger.done:
                ledger.add(number, _measured(tool, pair, seed, advance, keep=number == shown))
    errors = np.array([ledger.done[number]["errors"] for number in range(len(pairs))])
    means = (float(mean) for mean in errors.mean(0))
    scores = [_score(tool, *condition, mean, len(pairs)) for condition, mean in zip(CONDITIONS, means, strict=True)]
    return scores, unpacked(b64decode(ledger.done[shown]["mattes"]))


def name_of(axis: Axis | None) -> str:
    """How a condition's axis is called."""
    return CLEAN if axis is None else axis.name


def tile(picture: Image) -> Image:
    """A picture at the size in which it is kept and shown."""
    height, width = picture.shape[:2]
    return resize(picture, (round(height * TILE_WIDTH_PX / width), TILE_WIDTH_PX))


def packed(mattes: Mattes) -> bytes:
    """Mattes, one below the other, as the bytes of an 8-bit PNG."""
    return encode_png(to_uint(np.concatenate(mattes), 8))


def unpacked(data: bytes) -> Mattes:
    """What was `packed`.

    Raises:
        InputError: it is something else.
    """
    codes = decode_png(data)
    if codes.ndim != 2 or codes.shape[0] % NUM_TILES:
        raise InputError("holds no strip of mattes")
    return np.split(to_float(codes), NUM_TILES)


def is_error(value: object) -> bool:
    """Whether something out of a file can be a mean absolute error of alpha.

    >>> is_error(0.25), is_error(float("nan")), is_error("0.25")
    (True, False, False)
    """
    return isinstance(value, int | float) and 0 <= value <= 1


def _is_whole(entry: Entry, number: int, num_pairs: int, shown: int) -> bool:
    """Whether an entry of the ledger is what `_measured` gives."""
    errors = entry.get("errors")
    if number not in range(num_pairs) or not isinstance(errors, list):
        return False
    errors = cast("list[object]", errors)
    if len(errors) != len(CONDITIONS) or not all(map(is_error, errors)):
        return False
    try:
        return number != shown or bool(unpacked(b64decode(entry["mattes"])))
    except (KeyError, TypeError, ValueError, InputError):
        return False


def _measured(tool: Tool, pair: Pair, seed: int, advance: Advance, *, keep: bool) -> Entry:
    """The errors of one pair under every condition and, of one to be kept, its mattes."""
    errors: list[float] = []
    mattes: Mattes = []
    for axis, level in CONDITIONS:
        alpha = _matte(tool, pair, axis, level, seed)
        errors.append(float(np.abs(alpha - pair.truth)[pair.scored].mean(dtype=np.float64)))
        if keep and level in {0, NUM_LEVELS}:
            mattes.append(tile(alpha))
        advance(1)
    return {"errors": errors, "mattes": b64encode(packed(mattes)).decode()} if keep else {"errors": errors}


def _matte(tool: Tool, pair: Pair, axis: Axis | None, level: int, seed: int) -> Image:
    plate, shot = (axis or AXES[0]).applied(pair, level, seed)
    where = f"{pair.name}, {name_of(axis)} level {level}"
    try:
        alpha = tool.matte(plate, shot)
    except ToolError as error:
        raise ToolError(f"{where}: {error}") from error
    if alpha.ndim != 2 or not np.isfinite(alpha).all():
        raise ToolError(f"{where}: {tool.name} gave no matte but shape {alpha.shape}, or values that are not finite")
    try:
        fitted = at_size(np.asarray(alpha, np.float32), (shot.shape[0], shot.shape[1]))
    except MisfitError as error:
        raise ToolError(f"{where}: the matte of {tool.name} {error}; have it written in the shot's shape") from error
    return np.clip(fitted, 0, 1)


def _score(tool: Tool, axis: Axis | None, level: int, mean: float, num_pairs: int) -> Score:
    if axis is None:
        return Score(tool.name, CLEAN, 0, None, None, mean, num_pairs)
    return Score(tool.name, axis.name, level, axis.values[level - 1], axis.unit, mean, num_pairs)
