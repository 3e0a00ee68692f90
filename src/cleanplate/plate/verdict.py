"""What a plate is worth, in words with numbers."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cleanplate.plate.findings import Findings
from cleanplate.plate.relight import Light

Kind = Literal["fine", "mended", "unusable"]

AGREEMENT = 0.38
"""Least share of the plate's structure that the shot must have as well."""

DIFFERS = 0.5
"""Largest share of the frame that may have another colour where there is no structure to go by."""

WORST_PX = 2.0
"""Largest 90th percentile of the remaining shifts, in pixels at the size at which plates are registered."""

ADDED = 0.008
"""Largest share of the frame where the plate may show something that was added ..."""

ADDED_OF_ALL = 0.18
"""... unless its share of all that was added to plate or shot is below this: large figures bring errors with them."""

LOST = 0.6
"""Largest share of the frame that may be burnt out or black in the plate alone."""

OVERLAP = 0.6
"""Least share of the shot that the plate must reach."""


@dataclass(frozen=True)
class Verdict:
    """What a plate is worth for a shot.

    `kind` is "fine" (used as it is), "mended" or "unusable"; `sentence` says it with numbers and what to do; `margin`
    is how far the number that decides is from its limit, in doublings: above 0 the plate can be used; `laid` whether
    the plate lies on the shot at least, whatever else is wrong with it.
    """

    kind: Kind
    sentence: str
    margin: float
    laid: bool


def judge(findings: Findings, mends: str, enlarged: float = 1.0) -> Verdict:
    """The verdict on a plate that was brought onto a shot.

    Args:
        findings: what was counted.
        mends: what was done, in words; "" where nothing had to be.
        enlarged: how much larger the shot is than at the size at which the plate was registered.

    """
    lies, shows = _lies(findings, enlarged), _shows(findings)
    margin = min(margin for margin, _ in (*lies, *shows))
    laid = min(margin for margin, _ in lies) > 0
    complaints = [complaint for margin, complaint in (*lies, *shows) if margin <= 0]
    if complaints:  # the first is why the others cannot be trusted
        return Verdict("unusable", f"cannot be used: {complaints[0]}", margin, laid)
    kind: Kind = "mended" if mends else "fine"
    as_it_is = "fine: the plate matches the shot in position and light" if findings.structured else "fine"
    parts = [f"mended: {mends}" if mends else as_it_is]
    parts.append(_tells(findings))
    if findings.overlap < 0.995:
        parts.append(f"{_percent(1 - findings.overlap)} of the shot lies beyond the plate's border")
    return Verdict(kind, "; ".join(parts), margin, laid)


def describe_motion(moved_px: float, turn_deg: float, zoom: float) -> str:
    """How the camera moved, in words.

    >>> describe_motion(4.0, 0.02, 1.021)
    'moved by 4.0 px (2.1 % zoom)'
    """
    more = [f"{abs(turn_deg):.1f} degrees turned"] if abs(turn_deg) >= 0.05 else []
    more += [f"{abs(zoom - 1) * 100:.1f} % zoom"] if abs(zoom - 1) >= 0.0005 else []
    return f"moved by {moved_px:.1f} px" + (f" ({', '.join(more)})" if more else "")


def describe_light(light: Light) -> str:
    """How the light changed, in words; "" where it did not.

    >>> describe_light(Light(gain=np.array([2.0, 2.0, 2.0])))
    'made 1.00 EV brighter'
    """
    if light.is_same:
        return ""
    stops = light.exposure_ev
    words = [f"made {abs(stops):.2f} EV {'brighter' if stops > 0 else 'darker'}"] if abs(stops) >= 0.005 else []
    if light.gain is not None:
        balance = float(np.ptp(np.log(light.gain)))
        words += [f"colour balance changed by {100 * np.expm1(balance):.0f} %"] if balance >= 0.015 else []
    words += ["its light matched to the shot's across the picture"] if light.field is not None else []
    words += ["its tone curve changed"] if light.curve is not None else []
    return ", ".join(words)


def _lies(found: Findings, enlarged: float) -> list[tuple[float, str]]:
    """For each measure of where the plate lies: its distance from the limit in doublings, and what to say below 0."""
    shift = found.worst_px or 0.0
    return [
        (
            _doublings(found.agreement, AGREEMENT),
            f"only {_percent(found.agreement)} of what stands out in the plate is in the shot as well; the plate shows "
            "another room, or much was moved since: photograph the empty scene again from where the camera stands now",
        ),
        (
            _doublings(DIFFERS, found.differs) if not found.structured else 4.0,
            f"{_percent(found.differs)} of the frame differs, and the plate is too plain to tell what place it shows: "
            "photograph the empty scene again from where the camera stands now",
        ),
        (
            _doublings(WORST_PX * enlarged, shift),
            f"parts of the background stay {shift:.1f} px off however the plate is moved; the camera stood elsewhere: "
            "photograph the empty scene again from where it stands now",
        ),
    ]


def _shows(found: Findings) -> list[tuple[float, str]]:
    """The same for what the plate shows."""
    return [
        (
            _doublings(LOST, found.lost),
            f"on {_percent(found.lost)} of the frame the plate is burnt out or black and the shot is not: photograph "
            "the empty scene again in the shot's exposure",
        ),
        (
            max(_doublings(ADDED, found.added), _doublings(ADDED_OF_ALL, _of_all(found))),
            f"the plate itself shows somebody or something that is gone in the shot, on {_percent(found.added)} of the "
            "frame: photograph the scene empty",
        ),
        (
            _doublings(found.overlap, OVERLAP) if found.overlap < 0.99 else 2.0,
            f"the plate reaches only {_percent(found.overlap)} of the shot: photograph the empty scene in this framing",
        ),
    ]


def _of_all(found: Findings) -> float:
    return found.added / (found.added + found.brought + 0.003)


def _doublings(more: float, less: float) -> float:
    return float(np.clip(np.log2(max(more, 1e-4) / max(less, 1e-4)), -4, 4))


def _tells(found: Findings) -> str:
    differs = f"{_percent(found.differs)} of the frame differs"
    if not found.structured:
        return f"{differs}; there is too little to see in the plate to tell whether the camera moved"
    if found.residual_px is None:
        return f"{differs}; there are too few corners to measure a remaining shift"
    return f"a remaining shift of {found.residual_px:.2f} px (90 % of places below {found.worst_px:.2f} px), {differs}"


def _percent(share: float) -> str:
    """A share in words.

    >>> _percent(0.1234), _percent(0.004)
    ('12 %', '0.4 %')
    """
    return f"{100 * share:.0f} %" if share >= 0.0095 else f"{100 * share:.1f} %"
