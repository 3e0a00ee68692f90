"""The collapse watch: part of every training run, it stops one that has gone blank and says why."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

from cleanplate.errors import RecipeError
from cleanplate.train.causes import Alarm, Diagnosis
from cleanplate.train.figures import HeadFigures
from cleanplate.train.probe import HeadSeen, Seen

_COLLAPSED = 0.05
_STRIKES = 2
_OFTEN_UNTIL = 200

_CAUSES = {
    "alpha": "a learning rate too high, inputs far from [0, 1], or alpha files that do not belong to their shots",
    "disparity": "a learning rate too high, depth that is mostly unknown, or depth files mis-paired with their shots",
    "plate_disparity": "a learning rate too high, depth that is mostly unknown, or depth files mis-paired with plates",
}


class CollapseWatch:
    """Stops a run with a cause that `train.causes` is sure of, or when a head is blank at two validations in a row.

    It sees tensors, losses and gradients only, never the recipe. With `stops=False` it only notes what it would have
    stopped for. Either way `alarms` has the first of each cause, `said` everything in words.
    """

    def __init__(self, stops: bool = True) -> None:
        self.stops = stops
        self.alarms: list[Alarm] = []
        self.said: list[str] = []
        self._strikes: dict[str, int] = {}
        self._diagnosis = Diagnosis()

    @staticmethod
    def due(step: int) -> bool:
        """Whether it wants to look at this step: often at first, where most runs are lost."""
        if step <= 32:
            return step & (step - 1) == 0
        return step % (10 if step <= _OFTEN_UNTIL else 50) == 0

    def see_step(self, step: int, seen: Seen) -> None:
        """Look at one training step that was `due`.

        Raises:
            RecipeError: what is wrong, and what mends it.

        """
        alarm = self._diagnosis.add(step, seen)
        if alarm is not None and alarm.cause not in {old.cause for old in self.alarms}:
            self.alarms.append(alarm)
            self._stop(str(alarm))

    def see(self, step: int, heads: Mapping[str, HeadFigures]) -> None:
        """Look at one validation; a head that no training step was seen to teach is passed over, as it is not learning.

        Raises:
            RecipeError: a head's std ratio or |correlation| was under 0.05 this time and the last.

        """
        taught = self._diagnosis.heads
        for head, figures in heads.items():
            if taught is not None and head not in taught:
                continue
            blank = figures.std_ratio < _COLLAPSED or abs(figures.correlation) < _COLLAPSED
            self._strikes[head] = self._strikes.get(head, 0) + 1 if blank else 0
            if self._strikes[head] == _STRIKES or (self.stops and self._strikes[head] > _STRIKES):
                self._stop(
                    f"step {step}: the {head} head has collapsed (std ratio {figures.std_ratio:.3f}, correlation "
                    f"{figures.correlation:.3f}, {_STRIKES} validations in a row); likely {_CAUSES.get(head, _ANY)}"
                )

    def memory(self) -> str:
        """All that it has seen and said, as JSON: a run that goes on is judged as one that never stopped."""
        return json.dumps(
            {
                "looks": [[step, _named(seen)] for step, seen in self._diagnosis.looks],
                "strikes": self._strikes,
                "alarms": [asdict(alarm) for alarm in self.alarms],
                "said": self.said,
            }
        )

    def recall(self, memory: str) -> None:
        """Begin with what `memory` gave.

        Raises:
            ValueError, KeyError, TypeError: it is something else.

        """
        held = cast("dict[str, Any]", json.loads(memory))
        self._diagnosis.recall([(step, _seen(table)) for step, table in held["looks"]])
        self._strikes = dict(held["strikes"])
        self.alarms, self.said = [Alarm(**alarm) for alarm in held["alarms"]], list(held["said"])

    def _stop(self, said: str) -> None:
        self.said.append(said)
        if self.stops:
            raise RecipeError(said)


_ANY = "a learning rate too high, inputs scaled twice, or files mis-paired with their shots"


def _named(seen: Seen) -> dict[str, Any]:
    heads = {name: {**head._asdict(), "figures": head.figures._asdict()} for name, head in seen.heads.items()}
    return {**seen._asdict(), "heads": heads}


def _seen(table: dict[str, Any]) -> Seen:
    def head(of: dict[str, Any]) -> HeadSeen:
        parts: dict[str, Any] = {"figures": HeadFigures(**of["figures"]), "kinship": tuple(of["kinship"])}
        return HeadSeen(**(of | parts))

    heads: dict[str, Any] = {"heads": {name: head(of) for name, of in table["heads"].items()}}
    return Seen(**(table | heads))


def row_of(seen: Seen) -> dict[str, float]:
    """What was seen, flat, for the run's `watch.csv`."""
    row = {"input_mean": seen.input_mean, "input_std": seen.input_std, "update": seen.update}
    for name, head in seen.heads.items():
        figures = head.figures._asdict()
        figures |= {"loss": head.loss, "gradient_norm": head.gradient_norm, "dead_share": head.dead_share}
        row |= {f"{name}_{figure}": value for figure, value in figures.items()}
    return row
