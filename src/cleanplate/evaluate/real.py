"""Scores predictions on real cameras and writes down what came out."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from cleanplate.evaluate.cameras import Camera, read_truth
from cleanplate.evaluate.cases import Cases
from cleanplate.evaluate.output import SCORES, SCORES_BEGIN, refuse_other
from cleanplate.evaluate.panels import panels
from cleanplate.evaluate.predictions import Predictor, save_prediction
from cleanplate.evaluate.report import BEGINS, page
from cleanplate.evaluate.scores import ShotScores, score_shot, to_json
from cleanplate.imaging.files import prepare_folder, replace_file
from cleanplate.jobs.progress import track

REPORT = "report.html"


def score_cameras(
    cameras: Sequence[Camera],
    predictor: Predictor,
    cases: Cases | None = None,
    *,
    save_to: Path | None = None,
    with_depth: bool = True,
) -> list[ShotScores]:
    """The scores of every shot of every camera, in order.

    Each shot is added to `cases`, and each prediction kept in `save_to`, where those are given. All truth is read
    before the first shot is matted: a damaged mask is told at once.
    """
    jobs = [(camera, shot) for camera in cameras for shot in camera.shots]
    for camera, shot in track(jobs, "reading masks", len(jobs)):
        read_truth(camera, shot, with_depth=with_depth)
    scores: list[ShotScores] = []
    for camera, shot in track(jobs, "scoring", len(jobs)):
        truth = read_truth(camera, shot, with_depth=with_depth)
        prediction = predictor.predict(camera, shot)
        if save_to is not None:
            save_prediction(save_to, camera, shot, prediction)
        scores.append(ShotScores(camera.name, shot, *score_shot(prediction, truth)))
        if cases is not None:
            cases.add(scores[-1], partial(panels, camera, shot, truth, prediction))
    return scores


def refuse_other_results(out: Path) -> None:
    """Refuse to write results over files that are none; raises InputError where there are such."""
    refuse_other(out / SCORES, SCORES_BEGIN, "the scores of an evaluation")
    refuse_other(out / REPORT, BEGINS, "the report of an evaluation")


def write_results(
    out: Path, title: str, predictor: Predictor, shots: Sequence[ShotScores], cases: Cases
) -> tuple[Path, Path]:
    """Write `scores.json` and `report.html` into `out` and return their paths; raises InputError where that fails.

    `title` names the set, `predictor` gave what was scored.
    """
    prepare_folder(out)
    about = {"set": title, "scored": predictor.name, "weights": predictor.weights}
    _write(out / SCORES, json.dumps(about | to_json(shots), indent=1) + "\n")
    _write(out / REPORT, page(title, predictor.name, shots, *cases.chosen()))
    return out / SCORES, out / REPORT


def _write(path: Path, text: str) -> None:
    with replace_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
