"""From what the watch has seen to why a run does not learn, and what mends it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from cleanplate.train.probe import HeadSeen, Seen

Cause = Literal[
    "input range", "target range", "target scale", "one class", "mask and depth swapped", "mis-paired files",
    "dead ReLU", "loss range", "batch norm", "learning rate too high", "learning rate too low", "learning rate decays",
]  # fmt: skip

_LEARNT = 0.5  # gain over the constant from which on nobody asks any more why a head does not learn


@dataclass(frozen=True)
class Alarm:
    """Why a run should stop: `head` is None where it concerns all; `said` what was seen, `mend` what to do."""

    step: int
    cause: Cause
    head: str | None
    said: str
    mend: str

    def __str__(self) -> str:
        """One line."""
        whose = f" of the {self.head} head" if self.head else ""
        return f"step {self.step}: {self.cause}{whose}: {self.said}; {self.mend}"


class _Finding(NamedTuple):
    cause: Cause
    said: str
    mend: str
    head: str | None = None


class Diagnosis:
    """Remembers what was seen, and names a cause as soon as there is no doubt."""

    def __init__(self) -> None:
        self._steps: list[int] = []
        self._seen: list[Seen] = []

    @property
    def looks(self) -> list[tuple[int, Seen]]:
        """Every look so far, and after which step."""
        return list(zip(self._steps, self._seen, strict=True))

    @property
    def heads(self) -> frozenset[str] | None:
        """Every head that a step taught; None before the first look."""
        return frozenset(head for seen in self._seen for head in seen.heads) if self._seen else None

    def recall(self, looks: Sequence[tuple[int, Seen]]) -> None:
        """Begin with the looks of a run that goes on, in the place of its own."""
        self._steps, self._seen = [step for step, _ in looks], [seen for _, seen in looks]

    def add(self, step: int, seen: Seen) -> Alarm | None:
        """Take in one more look; return the first cause with evidence, asked from data to optimiser, or None."""
        self._steps.append(step)
        self._seen.append(seen)
        finding = next(self._findings(), None)
        return finding and Alarm(step, finding.cause, finding.head, finding.said, finding.mend)

    def _findings(self) -> Iterator[_Finding]:
        heads = [name for name in self._seen[-1].heads if len(self._looks(name)) >= 3]
        yield from self._inputs()
        for rule in (_target_range, _one_class, _target_scale, _swapped, _mispaired, _loss_range, _dead):
            for name in heads:
                if (finding := rule(self._looks(name))) is not None:
                    yield finding._replace(head=name)
        for of_all in (self._norms, self._too_high, self._decays, self._too_low):
            yield from of_all()

    def _looks(self, head: str) -> list[HeadSeen]:
        return [seen.heads[head] for seen in self._seen if head in seen.heads]

    def _inputs(self) -> Iterator[_Finding]:
        last = self._seen[-3:]
        squeezed, vast = max(seen.input_std for seen in last) < 0.05, min(seen.input_std for seen in last) > 20
        if len(last) == 3 and (squeezed or vast):
            mean, std = last[-1].input_mean, last[-1].input_std
            said = f"the network is given {mean:.3g} +- {std:.2g}"
            yield _Finding("input range", said, "scale pictures once, to 0..1 or to mean 0 and std 1")

    def _norms(self) -> Iterator[_Finding]:
        last = self._seen[-3:]
        fresh = self._steps[-1] >= 16 and min(seen.fresh_norms for seen in last) > 0.5
        strange = len(last) == 3 and min(seen.strange_norms for seen in last) > 0.5
        if fresh or strange:
            said = "it never gathered statistics" if fresh else "it runs on statistics far from the batch's"
            yield _Finding("batch norm", said, "call train() before training, and give it a momentum above 0")

    def _too_high(self) -> Iterator[_Finding]:
        growth = self._seen[-1].weight / max(self._seen[0].weight, 1e-12)
        leaps = sum(seen.update > 0.25 for seen in self._seen)
        if not all(self._learnt(0.3)) and (leaps >= 2 or (growth > 4 and self._steps[-1] <= 400)):
            said = f"a step moves the weights by {max(s.update for s in self._seen):.2g} of their length"
            yield _Finding("learning rate too high", said, "divide it by 10 or more, or warm it up")

    def _decays(self) -> Iterator[_Finding]:
        updates = [seen.update for step, seen in zip(self._steps, self._seen, strict=True) if step >= 8]
        if len(updates) < 4 or all(self._learnt(0.9)):
            return
        full = max(updates)
        fell = updates[-4] > full / 4 and max(updates[-2:]) < updates[-4] / 30
        if fell or max(updates[-3:]) < full / 1000:
            said = f"a step moves the weights {full / max(updates[-1], 1e-30):.0f} times less than before"
            yield _Finding("learning rate decays", said, "let it fall to a hundredth once in the whole run, not sooner")

    def _too_low(self) -> Iterator[_Finding]:
        # where one head has learnt, small steps are meant
        if self._steps[-1] >= 50 and not any(self._learnt(_LEARNT)) and max(seen.update for seen in self._seen) < 5e-5:
            said = f"a step moves the weights by {self._seen[-1].update:.1g} of their length"
            yield _Finding("learning rate too low", said, "multiply it by 100; 1e-3 is a good first guess for Adam")

    def _learnt(self, gain: float) -> list[bool]:
        """Of every head, whether it gains so much over the best constant; not so where it cannot be judged."""
        return [head.figures.gain >= gain for head in self._seen[-1].heads.values()]


def _target_range(looks: list[HeadSeen]) -> _Finding | None:
    last = looks[-1]
    if last.kind == "free" or (max(x.high for x in looks) <= 1.5 and min(x.low for x in looks) >= -0.5):
        return None
    said = f"its truth lies in {last.low:.3g}..{last.high:.3g}"
    return _Finding("target range", said, "divide it by its full scale (255 or 65535), so that it lies in 0..1")


def _one_class(looks: list[HeadSeen]) -> _Finding | None:
    low, high = min(x.low for x in looks), max(x.high for x in looks)
    if looks[-1].kind != "coverage" or high - low > 1e-3 * abs(high) or len(looks) < 4:
        return None
    return _Finding("one class", f"its truth is {high:.3g} everywhere", "give it masks with foreground and background")


def _target_scale(looks: list[HeadSeen]) -> _Finding | None:
    high = max(x.high for x in looks)
    least = {"coverage": 0.5, "bounded": 0.12, "free": 0.0}[looks[-1].kind]
    if high >= least or len(looks) < 4:
        return None
    return _Finding(
        "target scale", f"its truth never exceeds {high:.2g}", "divide it by its full scale once, not twice"
    )


def _swapped(looks: list[HeadSeen]) -> _Finding | None:
    between, ends = _mean([look.between for look in looks]), _mean([look.ends for look in looks])
    mend = "give each head its own files"
    if looks[-1].kind == "coverage" and between > 0.5:
        return _Finding("mask and depth swapped", f"{between:.0%} of its truth is neither 0 nor 1", mend)
    if looks[-1].kind == "bounded" and between < 0.15 and ends > 0.01:
        return _Finding("mask and depth swapped", f"only {between:.0%} of its truth is neither 0 nor 1", mend)
    return None


def _mispaired(looks: list[HeadSeen]) -> _Finding | None:
    kinship = [value for look in looks for value in look.kinship]
    if len(kinship) < 48:
        return None
    mean = _mean(kinship)
    spread = math.sqrt(sum((value - mean) ** 2 for value in kinship) / (len(kinship) - 1))
    score = mean / max(spread / math.sqrt(len(kinship)), 1e-12)
    if score > 4:
        return None
    said = f"its truth has its edges no more where its pictures have theirs ({score:+.1f} sigma) than where others do"
    return _Finding("mis-paired files", said, "pair files by name, not by the order they are listed in")


def _loss_range(looks: list[HeadSeen]) -> _Finding | None:
    early = looks[:4]
    numb = all(x.kind != "free" and x.loss < 0.25 * x.mse and x.mse > 1e-3 for x in early)
    if not numb or len(early) < 4:
        return None
    said = f"it is {early[-1].loss:.2g} where the squared error is {early[-1].mse:.2g}"
    return _Finding("loss range", said, "tell the loss (SSIM's data_range) that pictures reach from 0 to 1")


def _dead(looks: list[HeadSeen]) -> _Finding | None:
    last = looks[-3:]
    flat = all(x.estimate_high - x.estimate_low < 1e-6 * (1 + abs(x.estimate_high)) for x in last)
    if not flat or any(x.gradient_norm > 0 for x in last):
        return None
    said = f"it says {last[-1].estimate_high:.3g} everywhere and passes no gradient on"
    return _Finding("dead ReLU", said, "end it without ReLU, or begin with a bias of 0")


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
