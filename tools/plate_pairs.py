"""Pairs of a plate and a shot whose truth is known, usable and not: what `doctor_figures.py` and tests measure on.

Every pair is a sample's plate as a camera would see it that was moved, against the sample's shot, both cut so that the
plate shows real surroundings, with part of the frame hidden, other light, noise and compression.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from cleanplate.imaging import Image
from cleanplate.imaging.colour import linear_to_srgb, srgb_to_linear
from cleanplate.sample.record import Sample

MARGIN = 0.1
"""Of each side, cut away on every edge: what the moved camera sees beyond the frame."""


@dataclass(frozen=True)
class Move:
    """How much changes at most.

    `shift` in widths, `zoom` 0.03 = 3 %, `light_ev` stops, `balance` 0.1 = 10 %, `drift` the deviation of the light's
    low-frequency factor, `hidden` the share of the frame.
    """

    shift: float = 0.05
    turn_deg: float = 3.0
    zoom: float = 0.03
    light_ev: float = 1.0
    balance: float = 0.1
    drift: float = 0.1
    hidden: float = 0.4


@dataclass(frozen=True)
class Pair:
    """A plate and a shot with what is true of them.

    `truth` is x and y (h, w) in the shot of what every pixel of the plate shows; `alpha` (h, w) what is foreground in
    the shot, or was moved.
    """

    kind: str
    usable: bool
    plate: Image
    shot: Image
    alpha: Image
    truth: tuple[Image, Image]


def moved_pair(sample: Sample, others: Sequence[Sample], rng: np.random.Generator, move: Move) -> Pair:
    """A usable pair: a moved camera, other light, part of the frame hidden."""
    size_hw = sample.alpha.shape
    look = _camera(rng, size_hw, move)
    x, y = _led(look, size_hw)
    shot, alpha = _hidden(sample, others, rng, move.hidden)
    return _developed("moved", sample.plate, shot, alpha, where=(x, y), rng=rng, move=move)


def other_room(sample: Sample, other: Sample, rng: np.random.Generator, move: Move) -> Pair:
    """The plate of another room."""
    x, y = _led(_camera(rng, sample.alpha.shape, move), sample.alpha.shape)
    return _developed("another room", other.plate, sample.shot, sample.alpha, where=(x, y), rng=rng, move=move)


def rearranged(sample: Sample, others: Sequence[Sample], rng: np.random.Generator, move: Move) -> Pair:
    """Things from other rooms (blobs of their plates) cover 55 to 75 % of what the plate showed."""
    x, y = _led(_camera(rng, sample.alpha.shape, move), sample.alpha.shape)
    height, width = sample.alpha.shape
    shot, gone = sample.shot.copy(), np.zeros((height, width), bool)
    wanted = rng.uniform(0.55, 0.75)
    while gone.mean() < wanted:
        piece = others[rng.integers(len(others))].plate
        blob = np.zeros((height, width), np.uint8)
        middle = (int(rng.integers(width)), int(rng.integers(height)))
        axes = (int(width * rng.uniform(0.08, 0.2)), int(height * rng.uniform(0.1, 0.25)))
        if rng.random() < 0.5:
            cv2.ellipse(blob, middle, axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
        else:
            cv2.rectangle(blob, (middle[0] - axes[0], middle[1] - axes[1], 2 * axes[0], 2 * axes[1]), 1, -1)
        shot[blob > 0] = piece[blob > 0]
        gone |= blob > 0
    return _developed(
        "rearranged", sample.plate, shot, np.maximum(sample.alpha, gone), where=(x, y), rng=rng, move=move
    )


def hand_held(sample: Sample, rng: np.random.Generator, move: Move) -> Pair | None:
    """A camera that stood elsewhere; None where a homography explains it to 2 px."""
    if sample.view is None:
        return None
    known = sample.plate_depth_m > 0
    inverse = np.where(known, 1 / np.where(known, sample.plate_depth_m, 1), 0).astype(np.float32)
    across, down = sample.view.focal_px * rng.uniform(0.15, 0.5) * _direction(rng)
    x, y = _led(_camera(rng, sample.alpha.shape, Move(0.02, 1.5, 0.01)), sample.alpha.shape)
    middle = float(np.median(inverse))
    x, y = x + (inverse - middle) * np.float32(across), y + (inverse - middle) * np.float32(down)
    if unexplained_px(x, y) <= 2:
        return None
    return _developed("parallax", sample.plate, sample.shot, sample.alpha, where=(x, y), rng=rng, move=move)


def somebody_in_plate(sample: Sample, other: Sample, rng: np.random.Generator, move: Move) -> Pair | None:
    """Another shot of the scene as its plate; None where nobody is to be seen in it."""
    seen = (other.alpha > 0.5) & (sample.alpha < 0.5)
    if other.alpha.mean() > move.hidden or seen[_cut(seen.shape)].mean() < 0.02:
        return None
    x, y = _led(_camera(rng, sample.alpha.shape, move), sample.alpha.shape)
    return _developed("somebody in the plate", other.shot, sample.shot, sample.alpha, where=(x, y), rng=rng, move=move)


def unexplained_px(x: Image, y: Image) -> float:
    """What is left, on average, of a mapping when the best homography is taken off."""
    height, width = x.shape
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    here = np.stack([columns[::8, ::8].ravel(), rows[::8, ::8].ravel()], axis=1)
    there = np.stack([x[::8, ::8].ravel(), y[::8, ::8].ravel()], axis=1)
    matrix, _ = cv2.findHomography(here, there, 0)
    led = cv2.perspectiveTransform(here[None].astype(np.float64), matrix)[0]
    return float(np.hypot(*(led - there).T).mean())


def _direction(rng: np.random.Generator) -> Image:
    angle = rng.uniform(0, 2 * np.pi)
    return np.array([np.cos(angle), np.sin(angle)], np.float32)


def _camera(rng: np.random.Generator, size_hw: tuple[int, ...], move: Move) -> Image:
    """From the shot's pixels to the plate's (3x3)."""
    matrix = np.eye(3)
    middle = ((size_hw[1] - 1) / 2, (size_hw[0] - 1) / 2)
    turn, zoom = rng.uniform(-move.turn_deg, move.turn_deg), 1 + rng.uniform(-move.zoom, move.zoom)
    matrix[:2] = cv2.getRotationMatrix2D(middle, turn, zoom)
    # in widths of the picture that is left after cutting
    matrix[:2, 2] += _direction(rng) * rng.uniform(0, move.shift) * size_hw[1] * (1 - 2 * MARGIN)
    return matrix


def _led(matrix: Image, size_hw: tuple[int, ...]) -> tuple[Image, Image]:
    columns, rows = np.meshgrid(np.arange(size_hw[1], dtype=np.float32), np.arange(size_hw[0], dtype=np.float32))
    led = matrix.astype(np.float32) @ np.stack([columns.ravel(), rows.ravel(), np.ones(columns.size, np.float32)])
    return (led[0] / led[2]).reshape(size_hw), (led[1] / led[2]).reshape(size_hw)


def _hidden(sample: Sample, others: Sequence[Sample], rng: np.random.Generator, most: float) -> tuple[Image, Image]:
    """The shot with more foreground, taken from other shots and put anywhere, up to a drawn share of the frame."""
    shot, alpha = sample.shot.copy(), sample.alpha.copy()
    wanted = rng.uniform(0, most)
    for _ in range(40):
        if alpha.mean() >= wanted:
            break
        other = others[rng.integers(len(others))]
        size = rng.uniform(0.8, 1.6)
        height, width = alpha.shape
        place = np.array([[size, 0, rng.uniform(-0.5, 0.5) * width], [0, size, rng.uniform(-0.3, 0.3) * height]])
        over = cv2.warpAffine(other.alpha, place, (width, height))
        if not (over.mean() > 0.01 and np.maximum(alpha, over).mean() <= most):
            continue
        colour = cv2.warpAffine(other.shot, place, (width, height))
        shot = colour * over[..., None] + shot * (1 - over[..., None])
        alpha = np.maximum(alpha, over)
    return shot.astype(np.float32), alpha.astype(np.float32)


def _developed(
    kind: str,
    plate: Image,
    shot: Image,
    alpha: Image,
    *,
    where: tuple[Image, Image],
    rng: np.random.Generator,
    move: Move,
) -> Pair:
    """Both pictures as two exposures of a real camera, and cut."""
    # `where`: what the moved camera shows at a pixel lies there in the picture that is given
    seen = np.asarray(cv2.remap(plate, *where, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101), np.float32)
    height, width = alpha.shape
    gain = 2 ** rng.uniform(-move.light_ev, move.light_ev) * np.exp(rng.uniform(-move.balance, move.balance, 3))
    field = rng.normal(0, 1, (3, 4)).astype(np.float32)
    field = cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC)[..., None] * move.drift
    lit = srgb_to_linear(np.clip(shot, 0, 1)) * gain.astype(np.float32) * np.exp(field)
    shot = linear_to_srgb(np.clip(lit, 0, 1).astype(np.float32))
    cut = _cut((height, width))
    noise = rng.uniform(0.002, 0.012)
    pictures = [_recorded(picture[cut], rng, noise) for picture in (seen, shot)]
    truth = where[0][cut] - cut[1].start, where[1][cut] - cut[0].start
    return Pair(kind, kind == "moved", pictures[0], pictures[1], np.ascontiguousarray(alpha[cut]), truth)


def _cut(size_hw: tuple[int, ...]) -> tuple[slice, slice]:
    rows, columns = (slice(round(MARGIN * side), side - round(MARGIN * side)) for side in size_hw[:2])
    return rows, columns


def _recorded(picture: Image, rng: np.random.Generator, noise: float) -> Image:
    noisy = np.clip(picture + rng.normal(0, noise, picture.shape).astype(np.float32), 0, 1)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(75, 97))]
    _, data = cv2.imencode(".jpg", np.rint(noisy[..., ::-1] * 255).astype(np.uint8), quality)
    return np.divide(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1], 255, dtype=np.float32)
