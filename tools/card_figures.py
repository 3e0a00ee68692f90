"""Measures what docs/model_card.md says of the model that ships, and writes it there, with docs/worst.jpg.

    cleanplate synth --out data/card/validation --count 256 --seed 2      and what the card names for the other sets
    .venv/bin/python tools/card_figures.py data/card

Seven sets lie below the folder, made as the card says: validation (that of `make weights`), objects, light, large, far,
streets and cut; of the last four, cameras with all effects are made beside them (`tools/synthetic_cameras.py`). What is
measured stands in the card between two comments with a name; the rest is left as it is.
"""

import argparse
import re
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from synthetic_cameras import write_cameras

from cleanplate.evaluate.cameras import find_cameras
from cleanplate.evaluate.predictions import RuntimePredictor
from cleanplate.evaluate.real import score_cameras
from cleanplate.evaluate.scores import camera_scores, cells, mean_figures
from cleanplate.evaluate.synthetic import Pairs, PairScores, score_pairs
from cleanplate.evaluate.synthetic_report import SHEET, summary, write_results
from cleanplate.jobs.processes import map_in_processes
from cleanplate.jobs.progress import Advance
from cleanplate.runtime.session import FAST_MODEL, Session
from cleanplate.sample.shards import ShardReader
from cleanplate.synth.camera import Effects

Rows = Iterable[list[str]]
DOCS = Path(__file__).parents[1] / "docs"
CAMERAS = {
    "large": "480 px, `cleanplate synth --out data/card/large --count 80 --size 480 --seed 3`",
    "far": "nobody nearer than 0.8 m, `--count 48 --seed 8 --nearest 0.8 --size 640x480`",
    "streets": "streets, `--count 48 --seed 12 --place street --nearest 0.8 --size 640x480`",
    "cut": "cut off by the picture, `--count 48 --seed 14 --cut-off --nearest 0.5 --size 640x480`",
}
MOVES = {
    ("sway_p=1", "sway_px=1"): "parts of the scene sway by 1 px",
    ("sway_p=1", "sway_px=2"): "by 2 px",
    ("rain_p=1",): "rain or snow",
    ("caption_p=1",): "the camera's clock",
}
GROUPS = {
    "person": "person",
    "object + person": "object + person",
    "person, removed": "person, and something was taken away",
    "person, daylight": "person, and the daylight changed",
    "person, lamp": "person, and a lamp was switched",
    "animal + person": "animal + person",
    "nothing": "nothing",
}
EDGE, FRONT = "MAE within 10 px of the edge", "correlation of the foreground's disparity"
TITLES = ("IoU", "MAE", "SAD", "MSE", "Grad", "Conn", EDGE, FRONT, "of the plate's", "AbsRel")
CAMERA_TITLES = ("IoU, `--closer off`", "IoU", "MAE", "AbsRel", "AbsRel of what came")
DECIMALS = (3, 4, 3, 4, 3, 3, 4, 3, 3, 3)
"""Of the figures of a pair, in their order."""

NO_PAIR = "-"
"""In a set or group without a pair, which a small set has."""


@dataclass(frozen=True)
class Pass:
    """One way through a set of pairs; `effects`: None for clean ones, nothing for all of them, or those alone."""

    name: str
    count: int = 1_000_000
    effects: tuple[str, ...] | None = None
    closer: bool = True


VALIDATION = Pass("validation")


@dataclass(frozen=True)
class CameraPass:
    """One way through a set of cameras."""

    name: str
    closer: bool = True
    fast: bool = False


Printed = tuple[int, list[str]]
"""How many cameras there were, and their mean figures."""


@dataclass(frozen=True)
class Measure:
    """Goes through a set below a folder."""

    folder: Path

    def __call__(self, work: Pass | CameraPass, _tell: Advance) -> list[PairScores] | Printed:
        """The scores of all pairs, or the figures of all cameras."""
        cv2.setNumThreads(1)
        if isinstance(work, CameraPass):
            cameras = find_cameras(self.folder / f"{work.name}-cameras")
            predictor = RuntimePredictor(FAST_MODEL if work.fast else None, closer=work.closer)
            rows = camera_scores(score_cameras(cameras, predictor))
            return len(rows), cells(mean_figures([row.figures for row in rows]))
        struck = Effects.none() if work.effects else Effects()
        effects = None if work.effects is None else struck.changed(work.effects)
        pairs = Pairs(ShardReader(self.folder / work.name, layers=effects is not None), work.count, effects)
        return score_pairs(_session(), pairs, closer=work.closer)


@lru_cache(maxsize=1)
def _session() -> Session:
    return Session()


@dataclass(frozen=True)
class Card:
    """What was measured, as the parts of the card."""

    pairs: dict[Pass, list[PairScores]]
    cameras: dict[CameraPass, Printed]

    def parts(self) -> dict[str, str]:
        """Every part by its name."""
        return {
            "validation": table(["", *TITLES], ([row, *self._row(VALIDATION, row)] for row in ("mean", "median"))),
            "one look": self._one_look(),
            "groups": table(["", "pairs", "IoU", "MAE", "of the picture wrongly found"], self._groups()),
            "sets": table(["", "clean", "with all camera effects"], self._sets()),
            "cameras": table(["", "cameras", *CAMERA_TITLES], self._cameras()),
            "moves": table(["", "rooms", "streets"], self._moves()),
        }

    def _row(self, work: Pass, row: str = "mean") -> list[str]:
        return _printed(self.pairs[work], row)

    def _one_look(self) -> str:
        values = self._row(replace(VALIDATION, closer=False))
        named = ", ".join(f"{title} {value}" for title, value in zip(TITLES, values, strict=True))
        return f"With one look (`--closer off`, what a clip's frames get), the mean: {named}."

    def _groups(self) -> Rows:
        for group, words in GROUPS.items():
            scores = [pair for pair in self.pairs[VALIDATION] if pair.group == group]
            wrong = _percent([pair.wrong for pair in scores], 2)
            yield [words, str(len(scores)), *_printed(scores, "mean")[:2], wrong]

    def _sets(self) -> Rows:
        clean, struck = (Pass("objects", effects=effects) for effects in (None, ()))
        for group, words in {"object": "things of models that no training saw", "animal": "horses"}.items():
            scores = [pair for pair in self.pairs[clean] if pair.group == group]
            yield [f"{words}, IoU", f"{_printed(scores, 'mean')[0]} ({len(scores)} pairs)", ""]
        yield ["both together, IoU", *(self._row(work)[0] for work in (clean, struck))]
        found = ([pair.found for pair in self.pairs[Pass("light", effects=effects)]] for effects in (None, ()))
        words = "other lamps, daylight, curtains, screens: of the picture wrongly found"
        yield [words, *(_percent(shares, 3) for shares in found)]

    def _cameras(self) -> Rows:
        for name, words in CAMERAS.items():
            count, figures = self.cameras[CameraPass(name)]
            once = self.cameras[CameraPass(name, closer=False)][1][0]
            yield [words, str(count), once, *figures[:3], figures[4]]
            if name == "large":
                _, figures = self.cameras[CameraPass(name, fast=True)]
                yield ["the same in 8 bits", str(count), "", *figures[:3], figures[4]]

    def _moves(self) -> Rows:
        for effects, words in MOVES.items():
            yield [words, *(self._row(of(effects))[0] for of in (_rooms, _streets))]


def table(titles: list[str], rows: Rows) -> str:
    """Rows of cells in Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (titles, ["---"] * len(titles), *rows))


def _printed(scores: list[PairScores], row: str) -> list[str]:
    if not scores:
        return [NO_PAIR] * len(DECIMALS)
    values = zip(astuple(summary(scores)[row]), DECIMALS, strict=True)
    return ["" if value is None else f"{value:.{places}f}" for value, places in values]


def _percent(shares: list[float], places: int) -> str:
    return f"{100 * np.mean(shares):.{places}f} %" if shares else NO_PAIR


def _rooms(effects: tuple[str, ...]) -> Pass:
    return Pass("validation", 48, effects)


def _streets(effects: tuple[str, ...]) -> Pass:
    return Pass("streets", 32, effects)


def passes() -> list[Pass | CameraPass]:
    """All there is to measure, the longest first."""
    pairs = [VALIDATION, replace(VALIDATION, closer=False)]
    pairs += [Pass(name, effects=effects) for name in ("objects", "light") for effects in (None, ())]
    pairs += [of(effects) for effects in MOVES for of in (_streets, _rooms)]
    cameras = [CameraPass(name, closer) for name in CAMERAS for closer in (True, False)]
    return [*pairs, *cameras, CameraPass("large", fast=True)]


def written(text: str, parts: dict[str, str]) -> str:
    """The card with other parts; each stands between `<!-- figures: NAME -->` and `<!-- end -->`."""
    for name, part in parts.items():
        begin, end = f"<!-- figures: {name} -->", "<!-- end -->"
        text, count = re.subn(f"{begin}.*?{end}", lambda _, s=f"{begin}\n{part}\n{end}": s, text, flags=re.DOTALL)
        if count != 1:
            raise SystemExit(f"the card has {count} places for {name}; it needs one line {begin} and one {end}")
    return text


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    for name in CAMERAS:
        if not (options.data / f"{name}-cameras").exists():
            write_cameras(options.data / name, options.data / f"{name}-cameras")
    pairs: dict[Pass, list[PairScores]] = {}
    cameras: dict[CameraPass, Printed] = {}
    for work, result in map_in_processes(Measure(options.data), passes(), options.workers):
        if isinstance(work, Pass) and isinstance(result, list):
            pairs[work] = result
        elif isinstance(work, CameraPass) and isinstance(result, tuple):
            cameras[work] = result
    with tempfile.TemporaryDirectory() as out:
        shown = Pairs(ShardReader(options.data / VALIDATION.name), VALIDATION.count)
        sheet = write_results(Path(out), {}, pairs[VALIDATION], session=_session(), pairs=shown, num_worst=10)
        shutil.copy(sheet, DOCS / SHEET)
    parts = Card(pairs, cameras).parts()
    path = DOCS / "model_card.md"
    path.write_text(written(path.read_text(encoding="utf-8"), parts), encoding="utf-8")
    print("\n\n".join(parts.values()))


if __name__ == "__main__":
    main()
