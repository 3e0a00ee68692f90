"""What came out of rendered pairs: the table, the numbers as JSON, and a contact sheet of the worst."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, astuple, fields
from pathlib import Path

import numpy as np

from cleanplate.errors import InputError
from cleanplate.evaluate.output import SCORES, SCORES_BEGIN, refuse_other
from cleanplate.evaluate.scores import aligned
from cleanplate.evaluate.synthetic import Estimate, PairFigures, Pairs, PairScores, aligned_m, estimate, worst
from cleanplate.imaging import Image
from cleanplate.imaging.depthmap import colour_map
from cleanplate.imaging.files import is_file, replace_file, write_picture
from cleanplate.imaging.sheet import contact_sheet
from cleanplate.runtime.session import Session
from cleanplate.sample.record import Sample

COLUMNS = ("IoU", "MAE", "SAD", "MSE", "Grad", "Conn", "edge MAE", "person corr", "plate corr", "AbsRel")
"""What the table calls the fields of PairFigures, in their order."""

LARGER_IS_BETTER = frozenset({"iou", "person_correlation", "plate_correlation"})

SHEET = "worst.jpg"

_TITLES = ("plate", "shot", "truth", "prediction", "depth", "true depth (grey: not scored)")
_GREY = np.float32(0.5)


def summary(scores: Sequence[PairScores]) -> dict[str, PairFigures]:
    """The `mean`, `median` and `worst` of each figure over the pairs that have it, at least one pair in all.

    The worst figures are those of different pairs.
    """
    columns = zip(*(astuple(pair.figures) for pair in scores), strict=True)
    present = [np.array([value for value in column if value is not None]) for column in columns]
    larger_is_better = [field.name in LARGER_IS_BETTER for field in fields(PairFigures)]
    rows = {
        "mean": [values.mean() if values.size else None for values in present],
        "median": [np.median(values) if values.size else None for values in present],
        "worst": [
            (values.min() if larger else values.max()) if values.size else None
            for values, larger in zip(present, larger_is_better, strict=True)
        ],
    }
    return {
        name: PairFigures(*(None if value is None else float(value) for value in row)) for name, row in rows.items()
    }


def table(scores: Sequence[PairScores]) -> str:
    """Mean, median and worst as aligned text with one header line, and a line on the pairs where nobody came."""
    rows = [["", *COLUMNS]]
    for name, figures in summary(scores).items():
        rows.append([name, *("" if value is None else f"{value:.4f}" for value in astuple(figures))])
    empty = [pair.found for pair in scores if pair.empty]
    told = f"{len(scores)} pair{'s' * (len(scores) > 1)}, {len(empty)} without foreground"
    if empty:
        told += f", in which {np.mean(empty):.3%} of the picture was found all the same"
    return f"{aligned(rows)}\n{told}"


def groups_table(scores: Sequence[PairScores]) -> str:
    """A line for each group of pairs (`PairScores.group`), the largest first.

    Mean IoU, mean MAE, and the mean share of the picture that was found where nothing came.
    """
    names = Counter(pair.group for pair in scores)
    rows = [["what came, what changed", "pairs", "IoU", "MAE", "wrongly found"]]
    for name, count in names.most_common():
        pairs = [pair for pair in scores if pair.group == name]
        ious, maes = ([getattr(pair.figures, figure) for pair in pairs] for figure in ("iou", "mae"))
        rows.append([name, str(count), _mean(ious), _mean(maes), f"{np.mean([pair.wrong for pair in pairs]):.2%}"])
    return aligned(rows)


def _mean(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{np.mean(known):.4f}" if known else ""


def to_json(scores: Sequence[PairScores]) -> dict[str, object]:
    """The summary and one object a pair, ready for `json.dumps`."""
    return {
        **{name: asdict(figures) for name, figures in summary(scores).items()},
        "num_pairs": len(scores),
        "num_empty": sum(pair.empty for pair in scores),
        "pairs": [
            {name: value for name, value in asdict(pair).items() if name != "figures"} | asdict(pair.figures)
            for pair in scores
        ],
    }


def refuse_other_results(out: Path) -> None:
    """Refuse to write results over files that are none; raises InputError where there are such."""
    refuse_other(out / SCORES, SCORES_BEGIN, "the scores of an evaluation")
    if is_file(out / SHEET) and not is_file(out / SCORES):
        raise InputError(f"{out / SHEET}: is not of an evaluation; move it away, or give another --out")


def write_results(
    out: Path,
    about: dict[str, object],
    scores: Sequence[PairScores],
    *,
    session: Session,
    pairs: Pairs,
    num_worst: int,
    closer: bool = True,
) -> Path:
    """Write `scores.json` and `worst.jpg`, a sheet of the worst pairs, into the folder `out`; return the sheet's path.

    `about` says what was scored on what; it comes first in the JSON. Raises InputError where a file cannot be written.
    """
    with replace_file(out / SCORES) as unfinished:
        unfinished.write_text(json.dumps({**about, **to_json(scores)}, indent=1) + "\n", encoding="utf-8")
    shown = worst(scores, num_worst)
    rows: list[list[Image]] = []
    for pair in shown:
        sample = pairs[pair.number]
        rows.append(_row(sample, estimate(session, sample, closer=closer)))
    write_picture(out / SHEET, contact_sheet(rows, titles=_TITLES, labels=[_label(pair) for pair in shown]))
    return out / SHEET


def _row(sample: Sample, found: Estimate) -> list[Image]:
    """The pictures of a pair; both depths in the same colours of nearness, which the true one fills."""
    guess_m, valid = aligned_m(found, sample)
    if not valid.any():
        depths = [np.full((*valid.shape, 3), _GREY)] * 2
    else:
        true = (1 / np.where(valid, sample.shot_depth_m, 1)).astype(np.float32)
        lo, hi = float(true[valid].min()), float(true[valid].max())
        guess = colour_map((1 / guess_m).astype(np.float32), lo, hi)
        depths = [guess, np.where(valid[..., None], colour_map(true, lo, hi), _GREY)]
    return [sample.plate, sample.shot, sample.alpha, found.alpha, *depths]


def _label(pair: PairScores) -> str:
    cells = zip(COLUMNS, astuple(pair.figures), strict=True)
    said = "  ".join(f"{name} {value:.3f}" for name, value in cells if value is not None)
    nobody = f"  nobody came, found {pair.found:.1%}" if pair.empty else ""
    return f"{pair.number} {pair.key}  {said}{nobody}"
