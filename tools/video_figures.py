"""What a day does to a clip, people who stand still for half an hour while the daylight goes; and how clips flicker.

    .venv/bin/python tools/video_figures.py --clips 6
    .venv/bin/python tools/video_figures.py --clips 8 --flicker

Rendered scenes with exact alpha. In 30 minutes the light falls by a stop and turns warmer, on the window's side of the
picture more than on the other; one frame a minute is matted over the plate of the first minute, each as the next frame
of one clip, so that the doctor goes on from what it knows. Printed: mean absolute error and IoU of the first and the
last three minutes, and the share of the people's pixels that the last ones still find.

With --flicker people glide through clips of 720 x 540 pixels, every other one slowly, seen with noise and through
H.264. Printed are dtSSD, the root of the mean square of what alpha changes from frame to frame and should not (Erofeev
et al., Perceptually motivated benchmark for video matting, 2015), and mean absolute error: of the network's alpha,
interpolated, of what `cleanplate run` makes of it, and of that with `--closer on`.
"""

import argparse
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image, Pixels
from cleanplate.imaging.clipfile import ClipWriter
from cleanplate.imaging.colour import linear_to_srgb, srgb_to_linear
from cleanplate.imaging.resize import resize
from cleanplate.imaging.streams import open_clip
from cleanplate.runtime.plate import Plate
from cleanplate.runtime.session import Session
from cleanplate.sample.record import Sample
from cleanplate.synth.clips import make_clip
from cleanplate.synth.shooting import Plan

MINUTES, FRAMES = 30, 14
_FILMED_HW = 540, 720
_SPEEDS_M_S = 0.8, 0.1
_STOPS, _WARMER, _SIDE_STOPS = 1.0, 0.15, 0.4


def seen(rgb: Image, minute: float, rng: np.random.Generator) -> Image:
    """A picture (h, w, 3) as the camera sees it after so many minutes: dimmer, warmer, noisy, in 8 bits."""
    gone = minute / MINUTES
    across = np.linspace(0.5, -0.5, rgb.shape[1], dtype=np.float32)[None, :, None]
    stops = -gone * (_STOPS + _SIDE_STOPS * across)
    colour = np.array([1 + _WARMER * gone, 1, 1 - _WARMER * gone], np.float32)
    light = np.clip(srgb_to_linear(rgb) * 2**stops * colour, 0, 1)
    noisy = linear_to_srgb(light.astype(np.float32)) + rng.normal(0, 0.01, rgb.shape)
    return (np.rint(255 * np.clip(noisy, 0, 1)) / 255).astype(np.float32)


def clips(plan: Plan, count: int, num_frames: int) -> Iterator[list[Sample]]:
    """The frames of so many clips, every other one slow."""
    index = found = 0
    while found < count:
        frames = list(make_clip(plan, index, num_frames, speed_m_s=_SPEEDS_M_S[found % 2]))
        if frames:
            found += 1
            yield frames
        index += 1


def score(alpha: Image, truth: Image) -> tuple[float, float, float]:
    """Mean absolute error, IoU, and the share of the true pixels that were found."""
    there, guess = truth >= 0.5, alpha >= 0.5
    overlap = np.count_nonzero(there & guess)
    return (
        float(np.abs(alpha - truth).mean()),
        overlap / np.count_nonzero(there | guess),
        overlap / np.count_nonzero(there),
    )


def filmed(frames: list[Sample], rng: np.random.Generator) -> Iterator[Pixels]:
    """Shots as they come out of a video file."""
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        with ClipWriter(clip, frames[0].alpha.shape, Fraction(25), "mp4") as writer:
            for number, frame in enumerate(frames):
                writer.add(frame.shot + rng.normal(0, 0.01, frame.shot.shape).astype(np.float32), number / 25)
        for frame in open_clip(clip).frames():
            yield frame.picture.pixels


def flicker(alphas: list[Image], truths: list[Image]) -> tuple[float, float]:
    """The mattes of a clip: their dtSSD and mean absolute error."""
    errors = [alpha - truth for alpha, truth in zip(alphas, truths, strict=True)]
    changes = [float(np.sqrt(np.square(now - then).mean())) for then, now in pairwise(errors)]
    return float(np.mean(changes)), float(np.mean(np.abs(errors)))


def show_flicker(session: Session, seed: int, count: int) -> None:
    """Every clip, and the mean."""
    print("clip      dtSSD: network  run  closer    error: network  run  closer")
    rows: list[list[tuple[float, float]]] = []
    for number, frames in enumerate(clips(Plan(seed, _FILMED_HW), count, FRAMES), 1):
        rng = np.random.default_rng(number)
        plate = np.clip(frames[0].plate + rng.normal(0, 0.01, frames[0].plate.shape), 0, 1).astype(np.float32)
        shots, truths = list(filmed(frames, rng)), [frame.alpha for frame in frames]
        seen_plate = session.see(plate)
        ways = [[resize(session.run(seen_plate, shot)[0], _FILMED_HW) for shot in shots]]
        for closer in (False, True):
            opened = Plate.open(plate, session, closer=closer)
            ways.append([opened.matte(shot).alpha for shot in shots])
        rows.append([flicker(way, truths) for way in ways])
        print(_flicker_line(str(number), np.array(rows[-1])), flush=True)
    print(_flicker_line("mean", np.mean(rows, axis=0)))


def _flicker_line(name: str, figures: np.ndarray) -> str:
    return f"{name:<8}" + "  ".join(f"{figure:8.4f}" for figure in figures.T.ravel())


def show_daylight(session: Session, seed: int, count: int) -> None:
    """Every clip, and the mean."""
    print("clip      error: first  last  ratio    IoU: first  last    found: first  last")
    rows: list[NDArray[np.float64]] = []
    for number, [sample] in enumerate(clips(Plan(seed, (360, 480)), count, 1)):
        rng = np.random.default_rng(number)
        plate = Plate.open(seen(sample.plate, 0, rng), session)
        scores = [
            score(plate.matte(seen(sample.shot, minute, rng)).alpha, sample.alpha) for minute in range(MINUTES + 1)
        ]
        rows.append(np.array([np.mean(part, axis=0) for part in (scores[:3], scores[-3:])]))
        print(_line(str(number), *rows[-1]), flush=True)
    print(_line("mean", *np.mean(rows, axis=0)))


def main() -> None:
    """One of the two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=6)
    parser.add_argument("--seed", type=int, default=78)
    parser.add_argument("--flicker", action="store_true", help="measure steadiness, not a day's light")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    show = show_flicker if options.flicker else show_daylight
    show(Session(num_threads=1), options.seed, options.clips)


def _line(name: str, first: np.ndarray, last: np.ndarray) -> str:
    figures = (first[0], last[0], last[0] / max(first[0], 1e-6), first[1], last[1], first[2], last[2])
    return f"{name:<8}" + "  ".join(f"{figure:8.4f}" for figure in figures)


if __name__ == "__main__":
    main()
