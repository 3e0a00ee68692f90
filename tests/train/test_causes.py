"""A cause is named when the evidence is there, and only then."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from cleanplate.train.causes import Alarm, Diagnosis
from cleanplate.train.figures import HeadFigures
from cleanplate.train.probe import HeadSeen, Seen
from cleanplate.train.watch import CollapseWatch

STEPS = [step for step in range(1, 401) if CollapseWatch.due(step)]


def _head(**changes: Any) -> HeadSeen:
    healthy = HeadSeen(
        kind="bounded", figures=HeadFigures(0.6, 0.5, 0.1), loss=0.2, mse=0.04, low=0.0, high=0.9, between=0.8,
        ends=0.0, estimate_low=0.1, estimate_high=0.8, gradient_norm=0.5, dead_share=0.02, kinship=(0.3, 0.2, 0.4, 0.1),
    )  # fmt: skip
    return healthy._replace(**changes)


def _seen(head: HeadSeen, **changes: Any) -> Seen:
    return Seen(0.0, 1.0, {"depth": head}, update=5e-3, weight=10.0, fresh_norms=0.0, strange_norms=0.0)._replace(
        **changes
    )


def _first_alarm(look: Callable[[int], Seen]) -> Alarm | None:
    diagnosis = Diagnosis()
    return next((alarm for step in STEPS if (alarm := diagnosis.add(step, look(step))) is not None), None)


def _cosine(step: int) -> float:
    """Warm-up over 40 steps, then half a cosine to a hundredth at step 400."""
    return 5e-3 * (step / 40 if step < 40 else 0.01 + 0.495 * (1 + math.cos(math.pi * (step - 40) / 360)))


CASES: list[tuple[str, Callable[[int], Seen]]] = [
    ("input range", lambda _: _seen(_head(), input_mean=-1.98, input_std=0.0045)),
    ("input range", lambda _: _seen(_head(), input_mean=120.0, input_std=60.0)),
    ("target range", lambda _: _seen(_head(high=255.0))),
    ("target scale", lambda _: _seen(_head(high=0.003))),
    ("one class", lambda _: _seen(_head(kind="coverage", low=1.0, high=1.0, between=0.0))),
    ("mask and depth swapped", lambda _: _seen(_head(kind="coverage"))),
    ("mask and depth swapped", lambda _: _seen(_head(between=0.05, ends=0.2))),
    ("mis-paired files", lambda step: _seen(_head(kinship=(0.2, -0.2, 0.1, -0.1) if step % 2 else (0.0, 0.01)))),
    ("dead ReLU", lambda _: _seen(_head(estimate_low=0.5, estimate_high=0.5, gradient_norm=0.0))),
    ("loss range", lambda _: _seen(_head(loss=0.002))),
    ("batch norm", lambda _: _seen(_head(), fresh_norms=1.0)),
    ("batch norm", lambda _: _seen(_head(), strange_norms=0.9)),
    ("learning rate too high", lambda _: _seen(_head(), update=0.8)),
    ("learning rate too low", lambda _: _seen(_head(), update=1e-6)),
    ("learning rate decays", lambda step: _seen(_head(), update=5e-3 * 0.01 ** (step // 60))),
]  # fmt: skip


def test_a_run_that_learns_slowly_under_warm_up_and_cosine_is_left_alone() -> None:
    assert _first_alarm(lambda step: _seen(_head(), update=_cosine(step))) is None


@pytest.mark.parametrize(("cause", "look"), CASES)
def test_each_cause_is_named_within_two_hundred_steps(cause: str, look: Callable[[int], Seen]) -> None:
    alarm = _first_alarm(look)
    assert alarm is not None
    assert alarm.cause == cause
    assert alarm.step <= 200
    assert "\n" not in str(alarm)
    assert alarm.mend in str(alarm)


def test_a_map_of_any_scale_may_have_any_scale_and_one_class_of_it_is_no_fault() -> None:
    assert _first_alarm(lambda _: _seen(_head(kind="free", high=80.0, loss=0.001))) is None
    assert _first_alarm(lambda _: _seen(_head(kind="free", low=0.0, high=0.002))) is None


def test_what_happens_once_or_has_learnt_is_no_alarm() -> None:
    learnt = _head(figures=HeadFigures(1.0, 0.99, 0.95), loss=0.001, mse=0.0002)
    assert _first_alarm(lambda step: _seen(_head(), update=0.5 if step == 1 else 5e-3)) is None
    assert _first_alarm(lambda step: _seen(learnt, update=1e-6 if step > 60 else 5e-3)) is None
    assert _first_alarm(lambda _: _seen(_head(estimate_low=0.5, estimate_high=0.5, gradient_norm=0.1))) is None


def test_small_steps_are_no_fault_where_a_head_has_learnt() -> None:
    heads = {"alpha": _head(figures=HeadFigures(1.0, 0.97, 0.77)), "disparity": _head(kind="free", high=9.0)}
    assert _first_alarm(lambda _: _seen(_head(), heads=heads, update=1e-5)) is None
