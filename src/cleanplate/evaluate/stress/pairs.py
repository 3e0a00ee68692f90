"""The pairs that are put under stress: a plate, a shot and its true alpha, at one size and with a margin to move in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError
from cleanplate.evaluate.cameras import Camera, find_cameras, read_truth
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_uint
from cleanplate.imaging.files import read_picture
from cleanplate.imaging.resize import resize
from cleanplate.metrics import Mask
from cleanplate.plate.sizes import fitted
from cleanplate.sample.manifest import MANIFEST
from cleanplate.sample.opening import is_folder_set, open_samples
from cleanplate.sample.record import Sample

Codes = NDArray[np.uint8]
"""An 8-bit picture (h, w, 3) in sRGB, as every tool gets it."""

LONG_SIDE_PX = 512
"""Every picture is brought to this long side, so that a pixel means the same for all."""

MARGIN_PX = 32
"""A pair is kept wider than it is shown by this much on each side: a moved plate needs no invented border."""

MIN_COVERAGE = 0.005
"""A shot whose foreground covers less of the picture than this is passed over."""

_MIN_SIDE_PX = 64
_EXAMPLE_COVERAGE = 0.15


@dataclass(frozen=True, eq=False)
class Pair:
    """A plate, a shot and what is true of the shot; all arrays share (h, w) and carry the margin.

    `plate` and `shot` are (h, w, 3) sRGB in [0, 1], `alpha` (h, w) is coverage in [0, 1], `known` (h, w) is False where
    the truth says nothing.
    """

    name: str
    plate: Image
    shot: Image
    alpha: Image
    known: Mask

    @property
    def truth(self) -> Image:
        """Alpha as it is compared: without the margin."""
        return without_margin(self.alpha)

    @property
    def scored(self) -> Mask:
        """Where it is compared: without the margin."""
        return without_margin(self.known)

    @property
    def coverage(self) -> float:
        """The share of the picture that surely is foreground."""
        return float((self.truth * self.scored).mean())


def without_margin(array: NDArray[Any]) -> NDArray[Any]:
    """The part of a picture (h, w) or (h, w, channels) that is shown and scored."""
    return array[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]


def shown(picture: Image) -> Codes:
    """A picture (h, w, 3) with its margin as the tool gets it: without, in 8 bit."""
    return to_uint(without_margin(picture), 8)


def prepared(name: str, plate: Image, shot: Image, alpha: Image, known: Mask) -> Pair:
    """A pair of any size, all arrays of (h, w), brought to LONG_SIDE_PX and its margin.

    Raises:
        InputError: the picture is so narrow that nothing is left between the margins.
    """
    height, width = alpha.shape
    scale = (LONG_SIDE_PX + 2 * MARGIN_PX) / max(height, width)
    size_hw = round(height * scale), round(width * scale)
    if min(size_hw) < _MIN_SIDE_PX + 2 * MARGIN_PX:
        raise InputError(
            f"{name}: is {width} x {height} pixels; give pictures that are at most 4 times as long as wide"
        )
    everywhere = resize(known.astype(np.float32), size_hw) > 1 - 1e-4
    return Pair(name, resize(plate, size_hw), resize(shot, size_hw), resize(alpha, size_hw), everywhere)


def read_pairs(folder: Path, count: int, seed: int, *, rule_words: Sequence[str] = ()) -> list[Pair]:
    """Up to `count` pairs of a folder, chosen by `seed`; the same folder, count and seed give the same pairs.

    Args:
        folder: a data set in shards or folders (`sample.opening`), or one folder a camera (`evaluate.cameras`), whose
            unscored pixels count as half covered where colours are changed.
        count: how many; fewer where there are no more with a foreground and with nothing else changed (no tags).
        seed: of the choice.
        rule_words: how the names of a folder set without a manifest pair, as `open_samples` takes them.

    Raises:
        InputError: nothing there can be used. UsageError: as `open_samples`.
    """
    found: list[Pair] = []
    for pair in _candidates(folder, seed, rule_words):
        if pair.coverage >= MIN_COVERAGE:
            found.append(pair)
        if len(found) == count:
            break
    if not found:
        raise InputError(f"{folder}: holds no shot with a foreground and nothing else changed; give another set")
    return found


def example_of(pairs: Sequence[Pair]) -> int:
    """Which of the pairs the pictures show: the one whose foreground is nearest to _EXAMPLE_COVERAGE of the picture."""
    return min(range(len(pairs)), key=lambda index: abs(pairs[index].coverage - _EXAMPLE_COVERAGE))


def digest_of(pairs: Sequence[Pair], seed: int) -> str:
    """What two results must share to stand on one page: "sha256:..." over pictures, truth, and what is drawn from."""
    digest = sha256(str(seed).encode())
    for pair in pairs:
        digest.update(pair.name.encode())
        for array in (shown(pair.plate), shown(pair.shot), to_uint(pair.truth, 8), pair.scored):
            digest.update(np.ascontiguousarray(array).tobytes())
    return f"sha256:{digest.hexdigest()}"


def _candidates(folder: Path, seed: int, rule_words: Sequence[str]) -> Iterator[Pair]:
    rng = np.random.default_rng(seed)
    if (folder / MANIFEST).exists() or is_folder_set(folder):
        reader = open_samples(folder, rule_words=rule_words, with_depth=False)
        for index in rng.permutation(len(reader)):
            sample = reader[int(index)]
            if not sample.tags:
                yield _of_sample(sample)
        return
    shots = [(camera, shot) for camera in find_cameras(folder) for shot in camera.shots]
    for index in rng.permutation(len(shots)):
        yield _of_camera(*shots[int(index)])


def _of_sample(sample: Sample) -> Pair:
    return prepared(sample.key, sample.plate, sample.shot, sample.alpha, np.ones(sample.alpha.shape, np.bool_))


def _of_camera(camera: Camera, name: str) -> Pair:
    truth, shot = read_truth(camera, name, with_depth=False), read_picture(camera.shot(name)).rgb
    plate = fitted(read_picture(camera.plate).rgb, (shot.shape[0], shot.shape[1]), str(camera.plate), name)
    alpha = np.where(truth.known, truth.foreground, 0.5).astype(np.float32)
    return prepared(f"{camera.name}/{name}", plate, shot, alpha, truth.known)
