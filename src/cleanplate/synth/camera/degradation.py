"""A clean pair becomes what a camera would have delivered."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import cv2
import numpy as np

from cleanplate.contract import NO_PLATE
from cleanplate.imaging import Image
from cleanplate.sample.record import Sample
from cleanplate.synth.camera import changes, intruders, motion, overlays, thickets
from cleanplate.synth.camera.codec import encoded
from cleanplate.synth.camera.effects import Effects
from cleanplate.synth.camera.framing import framed
from cleanplate.synth.camera.layers import Layers, follow_coverage, split
from cleanplate.synth.camera.light import drawn_look, lamp, relit
from cleanplate.synth.camera.optics import drawn_optics
from cleanplate.synth.camera.planes import fewer, resized
from cleanplate.synth.camera.sensor import drawn_sensor, recorded

_SMALL = (0.45, 0.9)
"""How many rows and columns a camera of few pixels has, as a share of the output's."""


class _Drawn(NamedTuple):
    """Which changes of the scene strike that are off by default."""

    intruded: bool
    overgrown: bool
    dark_rim: bool
    bordered: bool
    swaying: bool


def degrade(sample: Sample, rng: np.random.Generator, effects: Effects, size_hw: tuple[int, int]) -> Sample:
    """The pair as a camera would have delivered it, at `size_hw`; randomness comes from `rng` alone.

    Alpha stays what the foreground covers in the shot: it is framed, smeared and defocused with it. Depth is in metres
    and never blended. Where nobody came, alpha is 0 and the shot's depth is the plate's. Names and kinds of who came
    stay, but for whom a crop cuts away (`framing.framed`), and what is drawn is one more; the layers beside alpha and
    depth (shadow, instances, view) are left out: nothing here keeps them true.
    """
    # Each is drawn only where it can strike: what recipes without them give stays what it was.
    swaying_p = effects.sway_p * (effects.sway_px > 0)
    chances = effects.intruder_p, effects.thicket_p, effects.rim_p, effects.border_p, swaying_p
    drawn = _Drawn(*(_strikes(rng, p) for p in chances))
    rainy, captions, small = (_strikes(rng, p) for p in (effects.rain_p, effects.caption_p, effects.small_p))
    people_alone = _people_alone(sample) and not (drawn.intruded or drawn.overgrown)
    sample = framed(sample, rng, effects, size_hw)
    outline = sample.alpha
    sample = changes.emptied(sample, rng, effects)
    sample = _changed(sample, rng, effects, outline, drawn)
    plate, shot, alpha = sample.plate, sample.shot, sample.alpha
    if rng.random() < effects.lamp_p:
        shot = lamp(shot, sample.shot_depth_m, rng)
    shot, gamma = relit(plate, shot, rng, effects)
    if rainy:
        plate, shot = overlays.rained(plate, shot, rng)

    # Bad cameras are bad in several ways at once, good ones in none.
    wear = float(rng.uniform(0.4, 1.6))
    of_plate, of_shot = drawn_optics(rng, effects, wear)
    for mix in of_plate:
        plate = mix(plate)
    for mix in of_shot:
        shot, alpha = mix(shot), mix(alpha)
    share = rng.uniform(*_SMALL) if small else 1.0
    pixels_hw = fewer(size_hw, (share, share))
    plate, shot = (resized(picture, pixels_hw, cv2.INTER_AREA) for picture in (plate, shot))
    look = drawn_look(rng, effects, pixels_hw)
    sensor = drawn_sensor(rng, effects, wear)
    # A plate is often the mean of many frames, or was taken with more care.
    calm = rng.uniform(0.2, 1.0) if rng.random() < 0.5 else 1.0
    plate = recorded(plate, rng, sensor, look, 1.0, calm=calm)
    shot = recorded(shot, rng, sensor, look, gamma, calm=1.0)
    if captions:
        plate, shot = overlays.captioned(plate, shot, rng)
    plate, shot = (resized(picture, size_hw) for picture in encoded(plate, shot, rng, effects))
    if people_alone and rng.random() < effects.no_plate_p:
        plate = np.full_like(plate, NO_PLATE)
    return replace(sample, plate=plate, shot=shot, alpha=np.clip(alpha, 0, 1))


def _strikes(rng: np.random.Generator, p: float) -> bool:
    """Whether an effect that is off by default strikes; nothing is drawn where it cannot."""
    return p > 0 and rng.random() < p


def _people_alone(sample: Sample) -> bool:
    """Whether a person matte of the shot would be its alpha."""
    return not sample.alpha.any() or set(sample.instance_kinds) == {"person"}


def _changed(sample: Sample, rng: np.random.Generator, effects: Effects, outline: Image, drawn: _Drawn) -> Sample:
    """What happened in the scene, if anything did."""
    happens = rng.random(7) < (
        effects.camouflage_p,
        effects.clutter_p,
        effects.shadow_p,
        effects.screen_p,
        effects.motion_p * (effects.motion_px > 0),
        effects.interlace_p * (effects.motion_px > 0),
        effects.ghost_p,
    )
    if not (happens.any() or any(drawn)):
        return sample
    camouflaged, cluttered, shadowed, screened, moved, interlaced, ghosted = happens
    layers = split(sample, outline)
    in_turn: tuple[tuple[bool, Callable[[Layers, np.random.Generator], None]], ...] = (
        (camouflaged, changes.camouflage),
        (cluttered, changes.clutter),
        (screened, changes.screen),
        (drawn.swaying, partial(changes.sway, reach_px=effects.sway_px)),
        (shadowed, changes.shadow),
        (drawn.intruded, intruders.intrude),
        (drawn.overgrown, thickets.overgrow),
        (drawn.dark_rim, intruders.darken_rim),
    )
    for strikes, change in in_turn:
        if strikes:
            change(layers, rng)
    shot = _smeared(layers, rng, effects, moved=bool(moved), interlaced=bool(interlaced))
    if ghosted:
        shot = motion.ghost(layers, rng, shot)
    if drawn.bordered:
        shot = intruders.black_border(layers, rng, shot)
    named = [name for name, came in (("intruder", drawn.intruded), ("thicket", drawn.overgrown)) if came]
    return replace(
        sample,
        instance_names=(*sample.instance_names, *named),
        instance_kinds=(*sample.instance_kinds, *("something",) * len(named)),
        plate=layers.plate,
        shot=shot,
        alpha=layers.alpha,
        plate_depth_m=layers.plate_depth_m,
        shot_depth_m=layers.shot_depth_m,
    )


def _smeared(layers: Layers, rng: np.random.Generator, effects: Effects, *, moved: bool, interlaced: bool) -> Image:
    """The shot of layers whose foreground moved."""
    before, reach = layers.alpha, 0
    if moved:
        reach += motion.move_foreground(layers, rng, effects.motion_px)
    if interlaced:
        reach += motion.interlace(layers, rng, effects.motion_px / 2)
    if reach:
        follow_coverage(layers, before, reach)
    return layers.shot()
