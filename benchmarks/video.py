"""What a frame of video costs, and where: `python benchmarks/video.py`.

The example's person walks through its plate at 1280 x 720, with noise, as an H.264 clip. First frames a second,
reading, matting and the colour of edges at the same time as `cleanplate run` does it, on the cores that this process
may use: without an encoder and after the first frame, as the goal of 25 on two idle cores has it, without depth and
with it in turns; and from file to file, all of it. Then every stage by itself, one thread, in milliseconds of CPU time
a frame, beside a fixed piece of work and OpenCV's MOG2 (and mediapipe's selfie segmenter, where it is installed: see
benchmarks/runtime.py) in turns; the first frame, for which the plate is examined, is told apart.
"""

import contextlib
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import cleanplate.runtime.plate as plate_module
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_uint
from cleanplate.imaging.clipfile import SUFFIXES, ClipKind, ClipWriter
from cleanplate.imaging.compositing import composite_light
from cleanplate.imaging.files import read_picture
from cleanplate.imaging.resize import resize
from cleanplate.imaging.streams import Frame, open_clip
from cleanplate.jobs.memory import keep_freed_memory
from cleanplate.jobs.overlap import Behind
from cleanplate.runtime.clip_parts import ClipChoice
from cleanplate.runtime.plate import Plate
from cleanplate.runtime.session import FAST_MODEL, Session
from cleanplate.runtime.video import begin_frames, matte_clip
from runtime import in_turns, yardsticks

SIZE_HW, FRAMES, RATE = (720, 1280), 96, Fraction(25)
EXAMPLES = Path(__file__).parents[1] / "examples"


def wide(rgb: Image) -> Image:
    """The middle of a picture, of the clip's size."""
    rows = rgb.shape[1] * SIZE_HW[0] // SIZE_HW[1]
    top = (rgb.shape[0] - rows) // 2
    return resize(rgb[top : top + rows], SIZE_HW)


def walk(session: Session) -> tuple[Image, Iterator[Image]]:
    """The plate, and frames of somebody who goes 4 px a frame."""
    plate, shot = (wide(read_picture(EXAMPLES / f"{name}.jpg").rgb) for name in ("plate", "shot"))
    matte = Plate.open(plate, session).matte(shot)
    rng = np.random.default_rng(0)

    def frames() -> Iterator[Image]:
        for index in range(FRAMES):
            moved, alpha = (np.roll(x, 4 * index, axis=1) for x in (matte.foreground, matte.alpha))
            noisy = composite_light(moved, alpha, plate) + rng.normal(0, 0.01, plate.shape).astype(np.float32)
            yield np.clip(noisy, 0, 1)

    return plate, frames()


class Stopwatch:
    """Adds up the CPU time of this thread by name; what runs inside another stage is taken out of that one."""

    def __init__(self) -> None:
        self.spent_ms: dict[str, float] = defaultdict(float)
        self._inner: list[float] = [0.0]

    @contextlib.contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Count what is done within."""
        start = time.thread_time()
        self._inner.append(0.0)
        yield
        spent = time.thread_time() - start
        self.spent_ms[name] += (spent - self._inner.pop()) * 1e3
        self._inner[-1] += spent

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """`call`, counted."""

        def counted(*args: object, **kwargs: object) -> object:
            with self(name):
                return call(*args, **kwargs)

        return counted


def stages(clip: Path, plate: Plate, folder: Path) -> tuple[float, dict[str, float]]:
    """CPU milliseconds of the first frame, and a frame of every stage of those that follow."""
    watch = Stopwatch()
    plate_module.refine_alpha = watch.around("alpha at full size", plate_module.refine_alpha)
    plate.session.run = watch.around("network", plate.session.run)
    plate_module.Bedside.mended_for = watch.around("doctor", plate_module.Bedside.mended_for)
    kinds: dict[str, ClipKind] = {"H.264, grey": "mp4", "ProRes 4444": "prores"}
    frames = open_clip(clip).frames()
    with watch("first"):
        _ = plate.begin(next(frames).picture)().foreground_pixels
    first_ms = sum(watch.spent_ms.values())
    watch.spent_ms.clear()
    with contextlib.ExitStack() as stack:
        writers = {
            name: stack.enter_context(ClipWriter(folder / f"stage{SUFFIXES[kind]}", SIZE_HW, RATE, kind))
            for name, kind in kinds.items()
        }
        while True:
            with watch("read"):
                frame: Frame | None = next(frames, None)
            if frame is None:
                break
            with watch("the rest of matting"):
                matte = plate.begin(frame.picture)()
            with watch("edge colour"):
                colour = matte.foreground_pixels
            with watch("depth"):
                _ = matte.disparity
            grey = np.repeat(matte.alpha[..., None], 3, axis=2)
            for name, writer in writers.items():
                with watch(f"encoder, {name}"):
                    if "grey" in name:
                        writer.add(grey, frame.time_s)
                    else:
                        writer.add(colour, frame.time_s, matte.alpha)
    return first_ms, {name: spent / (FRAMES - 1) for name, spent in watch.spent_ms.items()}


class Pace:
    """Frames a second from when it is made, and CPU milliseconds of this process a frame."""

    def __init__(self) -> None:
        self._start, self._cpu = time.perf_counter(), time.process_time()

    def told(self, frames: int) -> str:
        """Both, after so many frames."""
        rate, cpu_s = frames / (time.perf_counter() - self._start), time.process_time() - self._cpu
        return f"{rate:.1f} frames/s, {cpu_s / frames * 1e3:.0f} ms of CPU a frame"


def without_encoder(clip: Path, plate: Plate, wanted: Sequence[str]) -> str:
    """Read, matte and what is wanted, one frame beside the next, as `matte_clip` has it; from the first one on."""
    pace = Pace()
    with Behind() as later:
        for frame, finish in begin_frames(open_clip(clip).frames(), plate, str(clip)):
            later.do(lambda matte: [getattr(matte, name) for name in wanted], finish())
            if frame.index == 0:
                pace = Pace()
    return pace.told(FRAMES - 1)


def main() -> None:
    """Print one line for each figure."""
    keep_freed_memory()  # as the command does
    cv2.setNumThreads(1)
    session = Session(FAST_MODEL, num_threads=1)
    plate_rgb, frames = walk(session)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = folder / "walk.mp4"
        with ClipWriter(clip, SIZE_HW, RATE, "mp4") as writer:
            for index, frame in enumerate(frames):
                writer.add(frame, index / RATE)
        where = f"video, 1280 x 720, {len(os.sched_getaffinity(0))} cores"
        colour, both = ("foreground_pixels",), ("foreground_pixels", "disparity")
        for what, wanted in 3 * (("the colour of edges", colour), ("that and the depth", both)):
            told = without_encoder(clip, Plate.open(plate_rgb, session, closer=False), wanted)
            print(f"{where}, read, matted, with {what}, no encoder: {told}")  # noqa: T201
        plate, pace = Plate.open(plate_rgb, session, closer=False), Pace()
        matte_clip(open_clip(clip), plate, folder / "out", "a", ClipChoice(("matte",)), identity={})
        print(f"{where}, from file to matte.mp4: {pace.told(FRAMES)}")  # noqa: T201
        first_ms, costs = stages(clip, Plate.open(plate_rgb, session, closer=False), folder)
        whole = sum(cost for stage, cost in costs.items() if not stage.startswith("encoder"))
        told = ", ".join(f"{stage} {cost:.1f}" for stage, cost in costs.items())
        print(f"video, CPU ms a frame: {whole:.0f} without encoders: {told}; the first frame {first_ms:.0f}")  # noqa: T201
        shot = to_uint(plate_rgb, 8)
        mog2 = cv2.createBackgroundSubtractorMOG2()
        work = {**yardsticks(shot), "MOG2": lambda: mog2.apply(shot)}
        print("video, beside them: " + ", ".join(f"{k} {v:.1f} ms" for k, v in in_turns(work).items()))  # noqa: T201


if __name__ == "__main__":
    main()
