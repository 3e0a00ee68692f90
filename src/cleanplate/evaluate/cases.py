"""Which shots a report shows, with their pictures.

The pictures are made when a shot is scored, so that they are of what was scored: a plate learns from the shots that it
has seen, and matting one again, out of turn, might give another matte.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cleanplate.evaluate.panels import Panel
from cleanplate.evaluate.scores import ShotScores

NUM_CASES = 6
"""A report shows at most this many of the worst and of the best shots."""


@dataclass(frozen=True)
class Case:
    """One shot that a report shows: its scores and its pictures."""

    scores: ShotScores
    panels: Sequence[Panel]


class Cases:
    """The shots that may come to be shown: the `NUM_CASES` worst and best of each camera so far."""

    def __init__(self) -> None:
        self._by_camera: dict[str, list[Case]] = {}

    def add(self, scores: ShotScores, pictures: Callable[[], Sequence[Panel]]) -> None:
        """Keep a shot, its pictures made by `pictures`, if it may come to be shown; forget whom it displaces."""
        if scores.empty:
            return
        ranked = self._by_camera.setdefault(scores.camera, [])
        place = bisect_right(ranked, _quality(scores), key=lambda case: _quality(case.scores))
        full = len(ranked) == 2 * NUM_CASES
        if full and place == NUM_CASES:  # as many are worse as are better
            return
        ranked.insert(place, Case(scores, pictures()))
        if full:
            del ranked[NUM_CASES]

    def chosen(self) -> tuple[list[Case], list[Case]]:
        """The worst, worst first, and the best, best first, as `choose` takes them of all shots that were added."""
        by_shot = {(case.scores.camera, case.scores.shot): case for cases in self._by_camera.values() for case in cases}
        worst, best = choose([case.scores for case in by_shot.values()])
        return [by_shot[shot.camera, shot.shot] for shot in worst], [by_shot[shot.camera, shot.shot] for shot in best]


def choose(shots: Sequence[ShotScores], count: int = NUM_CASES) -> tuple[list[ShotScores], list[ShotScores]]:
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
