"""Scores predictions on real cameras and writes down what came out."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from cleanplate.evaluate.cameras import Camera, read_truth
from cleanplate.evaluate.panels import panels
from cleanplate.evaluate.predictions import Predictor, save_prediction
from cleanplate.evaluate.report import Case, page
from cleanplate.evaluate.scores import ShotScores, score_shot, to_json
from cleanplate.imaging.files import prepare_folder, replace_file
from cleanplate.jobs.progress import track

NUM_CASES = 6
"""The page shows at most this many of the worst and of the best shots."""


def score_cameras(
    cameras: Sequence[Camera], predictor: Predictor, *, save_to: Path | None = None, with_depth: bool = True
) -> list[ShotScores]:
    """The scores of every shot of every camera, in order; each prediction is also kept in `save_to` if given."""
    jobs = [(camera, shot) for camera in cameras for shot in camera.shots]
    scores: list[ShotScores] = []
    for camera, shot in track(jobs, "scoring", len(jobs)):
        truth = read_truth(camera, shot, with_depth=with_depth)
        prediction = predictor.predict(camera, shot)
        if save_to is not None:
            save_prediction(save_to, camera, shot, prediction)
        scores.append(ShotScores(camera.name, shot, *score_shot(prediction, truth)))
    return scores


def choose_cases(shots: Sequence[ShotScores], count: int = NUM_CASES) -> tuple[list[ShotScores], list[ShotScores]]:
    """The `count` worst shots by IoU, worst first, and the `count` best, best first; no shot is in both.

    Every camera gives its first before any gives its second. Shots where nothing was there and nothing was found have
    nothing to show and are left out.
    """
    ranked = sorted((shot for shot in shots if not shot.empty), key=_quality)
    worst = _spread(ranked, min(count, (len(ranked) + 1) // 2))
    best = _spread([shot for shot in reversed(ranked) if shot not in worst], min(count, len(ranked) // 2))
    return worst, best


def _quality(shot: ShotScores) -> tuple[float, float]:
    return shot.figures.iou or 0.0, -(shot.figures.mae or 0.0)


def _spread(ranked: Sequence[ShotScores], count: int) -> list[ShotScores]:
    """The first `count`, but each camera's second only after all cameras' first, and so on; kept in order."""
    seen: Counter[str] = Counter()
    turns: list[tuple[int, int]] = []
    for position, shot in enumerate(ranked):
        turns.append((seen[shot.camera], position))
        seen[shot.camera] += 1
    return [ranked[position] for position in sorted(position for _, position in sorted(turns)[:count])]


def write_results(
    out: Path,
    title: str,
    shots: Sequence[ShotScores],
    cameras: Sequence[Camera],
    predictor: Predictor,
    *,
    with_depth: bool = True,
) -> tuple[Path, Path]:
    """Write `scores.json` and `report.html` into `out` and return their paths; raises InputError where that fails."""
    by_name = {camera.name: camera for camera in cameras}

    def case(scores: ShotScores) -> Case:
        camera = by_name[scores.camera]
        truth = read_truth(camera, scores.shot, with_depth=with_depth)
        return Case(scores, panels(camera, scores.shot, truth, predictor.predict(camera, scores.shot)))

    worst, best = choose_cases(shots)
    html = page(title, predictor.name, shots, [case(shot) for shot in worst], [case(shot) for shot in best])
    prepare_folder(out)
    about = {"set": title, "scored": predictor.name, "weights": predictor.weights}
    scores_path, report_path = out / "scores.json", out / "report.html"
    _write(scores_path, json.dumps(about | to_json(shots), indent=1) + "\n")
    _write(report_path, html)
    return scores_path, report_path


def _write(path: Path, text: str) -> None:
    with replace_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
