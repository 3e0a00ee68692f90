"""Times that rise, whatever those stored in a file do."""

_STUCK_FROM = 3
"""So many stored times one after the other that do not rise are no slips any more, but a clock that stands."""

_JUMP_STEPS = 2.5
"""A time that falls by more of a frame's time than this begins another clock: files were put one after the other."""

_SLIP_STEPS = 0.125


class Clock:
    """Gives every frame a time later than the one before, and the stored one wherever that is possible.

    A frame whose stored time does not rise comes a little after the one before it, so that those that follow keep
    theirs. One without a time, or of a clock that stands, comes a frame's time (`step_s`) after it. Where stored times
    fall far, all that follow are moved to go on from there. `start_s` is the stored time that is 0.

    >>> clock = Clock(10, 1)
    >>> [clock.after(stored_s) for stored_s in (10, 11, 11, 12, None, 5, 6)]
    [0.0, 1.0, 1.125, 2.0, 3.0, 4.0, 5.0]
    >>> clock.slipped
    True
    """

    def __init__(self, start_s: float, step_s: float) -> None:
        self.slipped = False
        self._start_s, self._step_s = start_s, step_s
        self._last_s = -step_s
        self._stored_s: float | None = None
        self._num_stuck = 0

    def after(self, stored_s: float | None) -> float:
        """The time in seconds of the next frame, of its stored one; None where it has none."""
        rise_s = None if stored_s is None or self._stored_s is None else stored_s - self._stored_s
        rises = stored_s is not None and (rise_s is None or rise_s > 0)
        self._num_stuck = 0 if rises else self._num_stuck + 1
        if stored_s is not None and rise_s is not None and rise_s < -_JUMP_STEPS * self._step_s:
            self._start_s, self._num_stuck = stored_s - (self._last_s + self._step_s), 0
            self.slipped = True
        self._last_s = self._next(stored_s)
        self._stored_s = self._stored_s if stored_s is None else stored_s
        return self._last_s

    def _next(self, stored_s: float | None) -> float:
        if stored_s is not None and stored_s - self._start_s > self._last_s:
            return float(stored_s - self._start_s)
        self.slipped = True
        slips = stored_s is not None and self._num_stuck < _STUCK_FROM
        return self._last_s + self._step_s * (_SLIP_STEPS if slips else 1)
