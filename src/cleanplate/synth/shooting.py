"""From a seed and a number to one scene with its cast and all its shots."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from cleanplate.errors import UsageError
from cleanplate.imaging import Image
from cleanplate.imaging.colour import linear_to_srgb
from cleanplate.sample.record import Sample, View
from cleanplate.synth.geometry.vectors import Floats
from cleanplate.synth.pack import open_pack, unseen_folder
from cleanplate.synth.packed import PackParts
from cleanplate.synth.parts import Parts
from cleanplate.synth.places.changes import LOOKS, Changed, change
from cleanplate.synth.places.rooms import PLACES, make_scene
from cleanplate.synth.procedural import ProceduralParts
from cleanplate.synth.render.render import PlateRender, ShotRender, render_plate, render_shot
from cleanplate.synth.scene import Actor, Camera
from cleanplate.synth.staging import NEAREST_M, Cast, stage

GENERATOR = "rooms-6"
"""Name and version of what makes the pictures; it changes whenever the same seed and parts would give others."""

ASSETS = ("pack", "procedural")
"""Where the parts come from: gathered ones (`cleanplate assets`), or formulas alone."""

_BRIGHT = (0.2, 0.85)
"""The linear brightness that three quarters of a plate's pixels stay below: from dim to bright, log-uniform."""


_SMALL, _SMALL_ON_STREETS = 0.01, 0.002
"""The share of the picture below which a shot is hardly touched."""

_MOST = 0.9
"""The share of the picture that may be covered."""


class _Rules(NamedTuple):
    """What happens in the scenes of a data set.

    `changed`: how often something in the scene changes between the plate and its shots, one of `tags` if there are any.
    `num_people`: how many may come. `staged`: whether anything comes; else one shot of a scene is as the other.
    `little`: how often a shot that is hardly touched is kept, where nothing changed besides, and where something did.
    `unseen`: whether what is brought has models that no training sees. `things`: whether anything but people comes.
    """

    changed: float
    tags: tuple[str, ...]
    num_people: int
    staged: bool
    little: tuple[float, float]
    unseen: bool = False
    things: bool = True


_TRAINING = _Rules(0.3, (), 3, True, (0.15, 0.5))
_ONLY = {
    "people": _Rules(0, (), 3, True, (0, 0), things=False),
    "objects": _Rules(0, (), 0, True, (0, 0), unseen=True),
    "light": _Rules(1, LOOKS, 0, False, (1, 1)),
}
"""Sets of one thing each.

"people": they come, and nothing else does or changes. "objects": what is brought (from the pack: of models that no
training sees), and nothing else changes; nobody comes. "light": nobody and nothing comes, but a lamp, the daylight, a
screen or a curtain is another; one shot a scene.
"""


_DAYLIT = {"outdoor", "street"}
"""Places without lamps, windows and curtains."""


@dataclass(frozen=True)
class Plan:
    """What to make.

    Attributes:
        seed: names the data set; another seed shares no scene and no person with it.
        size_hw: of every picture, in pixels.
        shots_per_scene: at most; a scene is given up after twice as many tries.
        assets: one of `ASSETS`.
        only: "people", "objects" or "light", the sets of `_ONLY`; or all of what training sees.
        nearest_m: how far at least who or what comes stays from the camera.
        place: one of `places.rooms.PLACES`; all but streets if not said.
        cut_off: whether a side of the picture cuts off whoever comes on foot.
        least: the share of the picture that who or what comes covers at least.

    Raises:
        UsageError: no such place, or one where nothing that `only` asks for happens, or it is said how somebody comes
            where nobody does.
    """

    seed: int
    size_hw: tuple[int, int] = (192, 256)
    shots_per_scene: int = 5
    assets: str = "pack"
    only: str | None = None
    nearest_m: float = NEAREST_M
    place: str | None = None
    cut_off: bool = False
    least: float = 0.0

    def __post_init__(self) -> None:
        if self.place is not None and self.place not in PLACES:
            raise UsageError(f"place {self.place!r}: choose one of {', '.join(PLACES)}")
        if self.only == "light" and self.place in _DAYLIT:
            raise UsageError(f"only 'light', place {self.place!r}: nothing is switched or drawn there; leave one out")
        if self.only == "light" and (self.cut_off or self.nearest_m != NEAREST_M or self.least):
            raise UsageError("only 'light': nobody comes who could be near, large or cut off; leave that out")

    @property
    def rules(self) -> _Rules:
        """What happens in its scenes; raises UsageError where `only` is none of the sets."""
        if self.only is None:
            return _TRAINING
        if self.only not in _ONLY:
            raise UsageError(f"only {self.only!r}: choose one of {', '.join(_ONLY)}")
        return _ONLY[self.only]


def parts_of(plan: Plan) -> Parts:
    """The parts of a plan; raises as `load_parts` and `Plan.rules`."""
    return load_parts(plan.assets, unseen=True) if plan.rules.unseen else load_parts(plan.assets)


@cache
def load_parts(assets: str, *, unseen: bool = False) -> Parts:
    """Parts of one of `ASSETS`; one process loads them once.

    `unseen`: what is brought has models that no training sees, where parts come from the pack; formulas have no others.

    Raises:
        InputError: there is no pack yet. UsageError: no such parts.
    """
    if assets == "procedural":
        return ProceduralParts()
    if assets == "pack":
        return PackParts(open_pack(), open_pack(unseen_folder()) if unseen else None)
    raise UsageError(f"assets {assets!r}: choose one of {', '.join(ASSETS)}")


@dataclass(frozen=True, eq=False)
class Scenery:
    """A scene ready for its shots: as the plate has it, as it is now, and who may come."""

    name: str
    plate: PlateRender
    now: PlateRender
    changed: Changed | None
    cast: Cast
    exposure: float


def make_samples(plan: Plan, index: tuple[int, int]) -> list[Sample]:
    """All shots of one scene of the plan; `index` = (the unit of the data set it belongs to, its number in there)."""
    rng = np.random.default_rng([plan.seed, *index])
    parts = parts_of(plan)
    here = set_up(rng, plan, parts, f"s{plan.seed}-{index[0]:05d}-{index[1]:04d}")
    samples: list[Sample] = []
    num_shots = plan.shots_per_scene if plan.rules.staged else 1
    for attempt in range(2 * num_shots):
        if len(samples) == num_shots:
            break
        # from 1 on: numpy takes a missing last word of a seed for 0, and the scene's own stream must not come again
        rng = np.random.default_rng([plan.seed, *index, attempt + 1])
        sample = _shoot(rng, plan, here, parts, f"{here.name}-{attempt}")
        if sample is not None:
            samples.append(sample)
    return samples


def set_up(rng: np.random.Generator, plan: Plan, parts: Parts, name: str) -> Scenery:
    """A scene of the plan, rendered empty, and its cast."""
    scene = make_scene(rng, plan.size_hw, parts, plan.place)
    noise = int(rng.integers(2**31))
    plate = render_plate(scene, noise)
    rules = plan.rules
    changed = change(rng, scene, parts, rules.tags) if rng.random() < rules.changed else None
    now = plate if changed is None else render_plate(changed.scene, noise)
    bright = float(np.exp(rng.uniform(float(np.log(_BRIGHT[0])), float(np.log(_BRIGHT[1])))))
    exposure = bright / max(float(np.percentile(plate.radiance.mean(-1), 75)), 1e-4)
    cast = Cast({f"{name}-p{k}": parts.person(rng) for k in range(rules.num_people)})
    return Scenery(name, plate, now, changed, cast, exposure)


def _shoot(rng: np.random.Generator, plan: Plan, here: Scenery, parts: Parts, key: str) -> Sample | None:
    """One shot, or None where it would teach little: nothing is different, or somebody fills or hardly touches it."""
    rules = plan.rules
    actors = list(here.changed.moved) if here.changed else []
    if rules.staged:
        scene = here.now.scene
        actors += stage(rng, scene, here.cast, parts, plan.nearest_m, cut_off=plan.cut_off, things=rules.things)
    if not actors and here.changed is None:
        return None
    shot = render_shot(here.now, actors, int(rng.integers(2**31)))
    share = float(shot.alpha.mean())
    small = _SMALL if here.now.scene.road is None else _SMALL_ON_STREETS
    if share > _MOST or share < plan.least:
        return None
    if share < small and rng.random() > rules.little[here.changed is not None]:
        return None
    return sample_of(key, here, actors, shot)


def sample_of(key: str, here: Scenery, actors: Sequence[Actor], shot: ShotRender) -> Sample:
    """A shot that was rendered, as the sample `key`."""
    tags = [here.changed.tag] if here.changed else []
    if not shot.alpha.any():
        tags.append("empty")
    light = np.maximum(here.plate.light, 1e-4)
    return Sample(
        key=key,
        scene=here.name,
        people=tuple(actor.name for actor in actors if actor.kind == "person"),
        plate=_developed(here.plate.radiance, here.exposure),
        shot=_developed(shot.radiance, here.exposure),
        alpha=shot.alpha,
        plate_depth_m=here.plate.depth_m,
        shot_depth_m=shot.depth_m,
        shadow=np.clip(shot.shadow_ratio * here.now.light / light, 0, 4).astype(np.float32),
        instances=shot.instances,
        instance_names=tuple(actor.name for actor in actors),
        instance_kinds=tuple(actor.kind for actor in actors),
        view=_view(here.plate.scene.camera),
        tags=tuple(tags),
    )


def _view(camera: Camera) -> View:
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = camera.axes, camera.eye
    return View(camera.focal_px, (camera.size_hw[1] / 2, camera.size_hw[0] / 2), pose)


def _developed(radiance: Floats, exposure: float) -> Image:
    """Linear radiance to sRGB with a soft shoulder instead of hard clipping, as cameras do."""
    x = np.maximum(radiance * exposure, 0)
    shoulder = np.where(x < 0.7, x, 0.7 + 0.3 * (1 - np.exp(-(x - 0.7) / 0.3)))
    return linear_to_srgb(shoulder.astype(np.float32))
