"""Rendered clips: frames of one scene through which its actors move, for measuring what only shows in time."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from cleanplate.sample.record import Sample
from cleanplate.synth.render.render import render_shot
from cleanplate.synth.scene import Actor
from cleanplate.synth.shooting import Plan, parts_of, sample_of, set_up
from cleanplate.synth.staging import stage

_TRIES = 20
_SHARE = 0.03, 0.5
"""How much of the first frame is to be covered: enough to be scored, and not everything."""


def make_clip(plan: Plan, index: int, num_frames: int, rate: float = 25.0, speed_m_s: float = 0.8) -> Iterator[Sample]:
    """Frames of one scene, each a sample; the plate is the same in all.

    Actors glide as they stand, each in a direction of its own, and turn round after a second: their outlines move over
    what is behind them, by parts of a pixel and by several. Light and camera stand still.

    Args:
        plan: seed, size and parts; `shots_per_scene` is not used.
        index: which of the clips of the plan.
        num_frames: how many frames at most; none where nobody found room in the scene.
        rate: frames a second.
        speed_m_s: of the actors, metres a second.

    """
    rng = np.random.default_rng([plan.seed, index])
    parts = parts_of(plan)
    here = set_up(rng, plan, parts, f"clip{plan.seed}-{index:04d}")
    here = replace(here, now=here.plate, changed=None)
    noise = int(rng.integers(2**31))
    for _ in range(_TRIES):
        actors = stage(rng, here.plate.scene, here.cast, parts)
        if actors and _SHARE[0] < float(render_shot(here.plate, actors, noise).alpha.mean()) < _SHARE[1]:
            break
    else:
        return
    headings = rng.uniform(0, 2 * np.pi, len(actors))
    for frame in range(num_frames):
        away_m = speed_m_s * _to_and_fro(frame / rate)
        moved = [_moved(actor, heading, away_m) for actor, heading in zip(actors, headings, strict=True)]
        yield sample_of(f"{here.name}-{frame:05d}", here, moved, render_shot(here.plate, moved, noise))


def _to_and_fro(seconds: float) -> float:
    """Seconds walked from the start: there for a second, back in the next, and so on."""
    return 1 - abs(1 - seconds % 2)


def _moved(actor: Actor, heading: float, away_m: float) -> Actor:
    offset = (away_m * np.cos(heading), away_m * np.sin(heading), 0.0)
    return replace(actor, meshes=[mesh.moved(None, offset) for mesh in actor.meshes])
