"""What a day does to a clip: people who stand still for half an hour while the daylight goes.

    .venv/bin/python tools/video_figures.py --clips 6

Rendered scenes with exact alpha. In 30 minutes the light falls by a stop and turns warmer, on the window's side of the
picture more than on the other; one frame a minute is matted over the plate of the first minute, each as the next frame
of one clip, so that the doctor goes on from what it knows. Printed: mean absolute error and IoU of the first and the
last three minutes, and the share of the people's pixels that the last ones still find.
"""

import argparse
from collections.abc import Iterator

import cv2
import numpy as np

from cleanplate.imaging import Image
from cleanplate.imaging.colour import linear_to_srgb, srgb_to_linear
from cleanplate.runtime.plate import Plate
from cleanplate.runtime.session import Session
from cleanplate.sample.record import Sample
from cleanplate.synth.clips import make_clip
from cleanplate.synth.shooting import Plan

MINUTES = 30
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


def standing(plan: Plan, count: int) -> Iterator[Sample]:
    """The first frames of so many clips."""
    index = found = 0
    while found < count:
        for sample in make_clip(plan, index, 1):
            found += 1
            yield sample
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


def main() -> None:
    """All clips, and their mean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=6)
    parser.add_argument("--seed", type=int, default=78)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    session, rows = Session(num_threads=1), []
    print("clip      error: first  last  ratio    IoU: first  last    found: first  last")
    for number, sample in enumerate(standing(Plan(options.seed, (360, 480)), options.clips)):
        rng = np.random.default_rng(number)
        plate = Plate.open(seen(sample.plate, 0, rng), session)
        scores = [
            score(plate.matte(seen(sample.shot, minute, rng)).alpha, sample.alpha) for minute in range(MINUTES + 1)
        ]
        first, last = (np.mean(part, axis=0) for part in (scores[:3], scores[-3:]))
        rows.append((first, last))
        print(_line(str(number), first, last), flush=True)
    first, last = np.mean(rows, axis=0)
    print(_line("mean", first, last))


def _line(name: str, first: np.ndarray, last: np.ndarray) -> str:
    figures = (first[0], last[0], last[0] / max(first[0], 1e-6), first[1], last[1], first[2], last[2])
    return f"{name:<8}" + "  ".join(f"{figure:8.4f}" for figure in figures)


if __name__ == "__main__":
    main()
