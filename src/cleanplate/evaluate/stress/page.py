"""The page: what was measured, the curves, and a table for each axis, in Markdown."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from cleanplate.evaluate.output import refuse_other
from cleanplate.evaluate.stress.axes import AXES, NUM_LEVELS, Axis
from cleanplate.evaluate.stress.curves import axes_sheet, curves
from cleanplate.evaluate.stress.pairs import LONG_SIDE_PX, Pair
from cleanplate.evaluate.stress.results import PAGES_OWN, Result, read_mattes
from cleanplate.imaging.files import replace_file, write_picture

PAGE = "stress.md"
_TITLE = "# Stress: what each difference between plate and shot costs"
PARTS = "stress"
"""The folder beside the page with the pictures and one JSON for each tool."""


def write_page(out: Path, results: Sequence[Result], pair: Pair, seed: int) -> Path:
    """Write the page of all results in `out` / PARTS with its pictures, and return its path.

    Args:
        out: a folder that is there.
        results: what `read_results` gives of that folder; all of the same pairs.
        pair: the one of those pairs that the kept mattes are of (`pairs.example_of`).
        seed: of the pairs.

    Raises:
        InputError: something cannot be read or written.
    """
    parts = out / PARTS
    write_picture(parts / f"{PAGES_OWN}.png", curves(results))
    mattes = [read_mattes(parts, result) for result in results]
    write_picture(parts / "axes.jpg", axes_sheet(pair, seed, results, mattes))
    with replace_file(out / PAGE) as unfinished:
        unfinished.write_text(page(results), encoding="utf-8")
    return out / PAGE


def refuse_other_page(out: Path) -> None:
    """Refuse to write the page over another text.

    Raises:
        InputError: there is one.
    """
    refuse_other(out / PAGE, _TITLE, "the page of a measurement")


def page(results: Sequence[Result]) -> str:
    """The page's text; every number in it comes from the results."""
    num_pairs = len(results[0].pairs)
    return "\n".join(
        [
            _TITLE,
            "",
            f"Mean absolute error of alpha, {num_pairs} pairs, {LONG_SIDE_PX} px on the long side; smaller is better.",
            "One thing at a time comes between a clean plate and its shot, in five levels. In brackets: how many times",
            "the tool's own error on the clean pairs. This page is written by",
            "",
            "```",
            *(result.command for result in results),
            "```",
            *(line for note in dict.fromkeys(result.note for result in results) if note for line in ("", note)),
            "",
            f"![curves of every tool along the ten axes]({PARTS}/{PAGES_OWN}.png)",
            "",
            "| tool | what it is | clean |",
            "|---|---|---|",
            *(f"| {_cell(result.tool)} | {_cell(result.about)} | {result.clean:.4f} |" for result in results),
            "",
            "One pair, clean and at the last level of each axis, and what every tool makes of it:",
            "",
            f"![plate, shot and mattes, clean and at the last level of every axis]({PARTS}/axes.jpg)",
            *(line for axis in AXES for line in _section(axis, results)),
            "",
            _HOW,
        ]
    )


def _section(axis: Axis, results: Sequence[Result]) -> Iterable[str]:
    values = [axis.written(level) for level in range(1, NUM_LEVELS + 1)]
    yield from ("", f"## {axis.name[0].upper()}{axis.name[1:]}", "", axis.says, "")
    yield f"| tool | clean | {' | '.join(values)} |"
    yield "|---" * (NUM_LEVELS + 2) + "|"
    for result in results:
        cells = [_error(result.error(axis.name, level), result.clean) for level in range(1, NUM_LEVELS + 1)]
        yield f"| {_cell(result.tool)} | {result.clean:.4f} | {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _error(error: float, clean: float) -> str:
    return f"{error:.4f} ({error / clean:.1f}x)" if clean > 0 else f"{error:.4f}"


_HOW = """\
## How it is measured

- A pair is scaled to 576 px on the long side, changed, and cut to 512: a moved plate brings its own border. Tools get
  8-bit RGB. The truth is never changed; what is not known in it is not scored. Shots whose foreground covers less than
  0.5 %, and rendered ones in which something else changed (a lamp, a chair), are passed over.
- Direction, sign, noise and phase are drawn from the seed and the pair's name, alike for all five levels. Each axis is
  one function in `src/cleanplate/evaluate/stress/axes.py`, whose docstring says exactly what it does.
- A matte of another size, from 16 px a side on, but of the shot's shape is scaled to it. Any program takes part:

```
cleanplate evaluate stress DIR --tool 'COMMAND --image {image} --plate {plate} --out {out}' --name NAME
```

DIR is a data set (of `cleanplate synth` or `cleanplate compose`, or folders `bg/ fg_bg/ mask/` of your own), or holds
one folder a camera as for `cleanplate evaluate real`. The same `--out` gathers all tools on one page.
"""
