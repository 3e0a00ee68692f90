"""The report: docs/document.md, docs/document.json and their pictures, from whatever rows have a result."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch

from cleanplate.document.pictures import write_drawn, write_grid
from cleanplate.document.rows import COLUMNS, FULL_ROWS, NUM_SHOWN, ROWS, read_result
from cleanplate.document.targets import decode, depth_target, encode
from cleanplate.errors import UsageError
from cleanplate.imaging.files import prepare_folder, replace_file
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import ShardReader

_DRAWN_OVER = 64
_SHORT = {
    "parameters": "weights", "validation_loss": "val. loss", "depth_correlation": "depth corr.",
    "rmse_constant": "rmse const.", "rmse_mean_image": "rmse mean im.",
}  # fmt: skip
_WHOLE = {"parameters", "images", "seconds"}

Result = dict[str, Any]


def write_report(folder: Path, runs: Path, data: Path) -> None:
    """Write `document.md`, `document.json`, `document.jpg` (the grid) and `document_drawn.jpg` into `folder`.

    Raises:
        InputError: no data, or a file cannot be written.
        UsageError: rows of `ROWS` were judged by other data, whose pictures would stand beside these.

    """
    found = {row: read_result(runs, row) for row in (*ROWS, *FULL_ROWS)}
    results = {row: result for row, result in found.items() if result is not None}
    validation = ShardReader(data / "validation")
    for row in (row for row in ROWS if row in results):
        if results[row]["data"][1].rpartition(":")[0] != validation.fingerprint:
            raise UsageError(
                f"{data}: {row} was judged by another set; what is trained is kept, give that set to have the report"
            )
    prepare_folder(folder)
    some = [validation[place] for place in range(min(_DRAWN_OVER, len(validation)))]
    white, black = write_drawn(folder / "document_drawn.jpg", some)
    first = min((result["recipe"]["data"]["validation_count"] for result in results.values()), default=len(validation))
    shown = [validation[place * max(1, first // NUM_SHOWN)] for place in range(min(NUM_SHOWN, first))]
    strips = {row: runs / row / "looks.png" for row in ROWS if row in results}
    write_grid(folder / "document.jpg", shown, strips, len(shown))
    with replace_file(folder / "document.json") as temporary:
        rows = [result["table"] for result in results.values()]
        temporary.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    with replace_file(folder / "document.md") as temporary:
        temporary.write_text(page(results, _colour_cost(some), (white, black)), encoding="utf-8")


def page(results: dict[str, Result], colour_rmse: float, drawn: tuple[float, float]) -> str:
    """The report in Markdown.

    Args:
        results: of the rows that are finished, in the order of the table.
        colour_rmse: what encoding true depth in colours and reading it back costs.
        drawn: share of white and of black pixels in perfect depth drawn by the document's rule.

    """
    narrow = {row: result for row, result in results.items() if row in ROWS}
    full = {row: result for row, result in results.items() if row in FULL_ROWS}
    parts = [_HEAD, _table(narrow), _verdicts(narrow)]
    if absent := [row for row in ROWS if row not in results]:
        parts.append(f"Not trained yet: {', '.join(absent)}.")
    if full:
        parts += ["## At full width, on 40,000 pairs", _table(full), _verdicts(full)]
    parts += ["![every row's prediction](document.jpg)", _GRID]
    parts += _subtract_or_concat(results)
    parts += _as_it_was(results)
    parts += ["## Why it came out blank: the drawing", _DRAWN.format(white=100 * drawn[0], black=100 * drawn[1])]
    parts += ["![a perfect depth map drawn twice](document_drawn.jpg)"]
    parts += _colours(results, colour_rmse)
    parts += _jitter(results)
    parts += ["## Other attempts at the same assignment", _OTHERS]
    return "\n\n".join(parts) + "\n"


def _table(results: dict[str, Result]) -> str:
    head = [_SHORT.get(name, name.replace("_", " ")) for name in COLUMNS]
    lines = [[_cell(name, result["table"][name]) for name in COLUMNS] for result in results.values()]
    return _markdown(
        [*head, "learns"], [[*line, _learns(of)] for line, of in zip(lines, results.values(), strict=True)]
    )


def _learns(result: Result) -> str:
    if result["alarms"]:
        return "stopped" if result["must_learn"] else "no"
    return "no" if result["missing"] else "yes"


def _verdicts(results: dict[str, Result]) -> str:
    lines = [
        f"- `{row}`: {result['says']}" + "".join(f" **{said}.**" for said in (*result["missing"], *result["alarms"]))
        for row, result in results.items()
    ]
    return "\n".join(lines) or "No row is finished."


def _subtract_or_concat(results: dict[str, Result]) -> list[str]:
    pairs = [("mask_subtract", "mask_concat", "inputs scaled honestly")]
    pairs.append(("mask_subtract_offset", "mask_concat_offset", "the document's input scaling put back"))
    won: list[str] = []
    lines: list[list[str]] = [["the document, 10 epochs, its own data", "0.017246", "0.022197", "", ""]]
    for subtract, concat, said in pairs:
        if subtract in results and concat in results:
            tables = [results[row]["table"] for row in (subtract, concat)]
            losses, ious = ([_cell(name, table[name]) for table in tables] for name in ("train_loss", "iou"))
            lines.append([said, *losses, *ious])
            won.append(f"With {said}, {_winner(*tables)}.")
    if len(lines) == 1:
        return []
    head = ["", "train loss: subtract", "concat", "validation IoU: subtract", "concat"]
    return [
        "## Subtract or concatenate",
        _markdown(head, lines),
        "The document found subtracting better. " + " ".join(won),
    ]


def _winner(subtract: dict[str, Any], concat: dict[str, Any]) -> str:
    """Which of two rows learnt its training data better, and which the pairs that it never saw."""
    loss = "subtracting" if subtract["train_loss"] < concat["train_loss"] else "concatenating"
    iou = "subtracting" if subtract["iou"] > concat["iou"] else "concatenating"
    if loss == iou:
        return f"{loss} has the lower train loss and the higher IoU"
    return f"{loss} has the lower train loss, {iou} the higher IoU"


def _as_it_was(results: dict[str, Result]) -> list[str]:
    rows = [row for row in ROWS if row == "as_it_was" or row.startswith("mended_")]
    have = [row for row in rows if row in results]
    if "as_it_was" not in have:
        return []
    names = ("iou", "depth_correlation", "std_ratio", "rmse", "delta1")
    before = results["as_it_was"]["table"]
    lines: list[list[str]] = []
    for row in have:
        table = results[row]["table"]
        cells = [_cell(name, table[name]) + _change(table[name], before[name], row) for name in names]
        watch = "; ".join(results[row]["alarms"]) or "no alarm"
        lines.append([f"`{row}`", results[row]["says"], *cells, watch])
    head = ["row", "what differs", *(name.replace("_", " ") for name in names), "what the watch said"]
    return ["## The document's own conditions, and one mended at a time", _markdown(head, lines)]


def _change(value: float | None, before: float | None, row: str) -> str:
    return "" if row == "as_it_was" or value is None or before is None else f" ({value - before:+.3f})"


def _colours(results: dict[str, Result], colour_rmse: float) -> list[str]:
    text = [
        "## What a colour map costs",
        "`colour` depth is taught as three channels of a colour map and read back as the nearest of its 256 colours. "
        f"True depth encoded so and read back differs from itself by an RMSE of {colour_rmse:.4f}; learning it costs:",
    ]
    names = ("depth_correlation", "std_ratio", "rmse", "abs_rel", "delta1")
    rows = ("trial1_depth_rgb", "trial1_depth_colour", "trial2_both_rgb", "trial2_both_colour")
    lines = [[f"`{row}`", *_cells(results[row]["table"], names)] for row in rows if row in results]
    return [*text, _markdown(["row", *(name.replace("_", " ") for name in names)], lines)] if lines else []


def _jitter(results: dict[str, Result]) -> list[str]:
    names = ("iou", "depth_correlation", "rmse")
    lines: list[list[str]] = []
    for row in ("jitter_joint", "jitter_independent"):
        if row in results:
            shaken = results[row]["under_independent_jitter"]
            lines.append([f"`{row}`", *_cells(results[row]["table"], names), *_cells(shaken, names)])
    if not lines:
        return []
    head = ["row", *names, *(f"{name}, plate and shot jittered" for name in names)]
    text = "Validation as for every row, and once more with plate and shot each jittered by itself:"
    return ["## Jitter, joint or for each picture", text, _markdown([part.replace("_", " ") for part in head], lines)]


def _cells(table: dict[str, float | None], names: Sequence[str]) -> list[str]:
    return [_cell(name, table[name]) for name in names]


def _cell(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"`{value}`"
    if name in _WHOLE or not isinstance(value, float):
        return f"{value:,}"
    return f"{value:.6f}" if name == "train_loss" else f"{value:.4g}"


def _markdown(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _colour_cost(samples: Sequence[Sample]) -> float:
    squared, pixels = 0.0, 0
    for sample in samples:
        truth, valid = depth_target(torch.as_tensor(sample.shot_depth_m)[None, None])
        error = (decode(encode(truth, "colour"), "colour") - truth)[valid]
        squared += float(error.double().square().sum())
        pixels += int(valid.sum())
    return (squared / max(1, pixels)) ** 0.5


_HEAD = """\
# Every row of the document

This project began with a write-up of 2020: a course's task, mask and depth of who steps before a background, in which
the masks came out and the depth images stayed blank. Each row repeats one of its trials, S3 to S10 are its sections.

Made by `make document` ([recipes/document](../recipes/document)); do not edit. Training and validation share no
person and no background. A row learns where its mask has IoU >= 0.9, and its depth a correlation >= 0.9 and a std
ratio within 0.8..1.2 (per picture, then averaged) and an RMSE at most half that of the best constant (the training
set's median) and below that of the training set's mean image, and where the collapse watch has had nothing to say.
Depth is inverse depth with one affine map for the whole set, 10 m = 0 and 0.5 m = 1."""

_GRID = """\
The validation samples are the same for every row; a grey tile is what a row does not predict. Depth is drawn dark
far, bright near, but for the rows whose recipe says `drawn = "as_it_was"`."""

_DRAWN = """\
Each pair: true depth drawn honestly, and the same map, as perfect logits, drawn by the document's rule (`x * std *
255 + mean * 255`, clipped to 0..1). Drawn so, {white:.0f} % of a perfect prediction is white and {black:.0f} % black
(over the first 64 validation samples): no network and no loss could have changed that picture."""

_OTHERS = """\
As they report it. All split by shuffling composites, so every test person and background was seen in training: not to
be compared with the table above.

| attempt | parameters | mask | depth |
| --- | --- | --- | --- |
| nested U2Net with two heads | 1.77 M | IoU 0.9685 (224 px) | RMSE 0.0592 (112 px), 0.0801 (224 px) |
| two-stem ResUNet, two decoders | 10.3 M | soft IoU 0.92 | RMSE 0.014-0.019 |
| depth first, then mask on a frozen encoder | 6.2 M | IoU 0.937 | L1 0.0595 |
| shared encoder, two decoders, L1+SSIM+edge | 3.2 M | RMSE 0.035 | RMSE 0.10, delta1 0.73-0.76 |
| BCE+Dice mask, RMSE depth, OneCycle | 15 M | mIoU 0.47 | RMSE 0.027 |
| ours, in their form | 1.42 M | IoU 0.9708 (112 px) | RMSE 0.0123 (112 px) |

The last row is their game, not ours: 100 cut-out people, rendered, on 100 plates and mirrored, half as high as the
picture and 4.5 % of it, flat, without a shadow, composites shuffled, 112 px (`tools/shuffled_composites.py
data/shipped/train data/far/train data/street/train data/cut/train --out runs/shuffled`). The network of
`network_small` at full width was taught on them enlarged, 10.7 epochs at 128 px and 0.7 at 224; the mask is judged at
112 px. Depth is what the shipped model says of them, and varies little: its std is 0.0417, and the RMSE of the best
constant 0.0429. Without such figures an RMSE says nothing, and of 0.0592 they are not known."""
