"""What may change in a scene between plate and shot though nobody stepped in, and what was moved.

None of it is foreground but what stands at a new place: a lamp or the daylight, what a screen shows, how a curtain
hangs, furniture that was taken away.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cleanplate.synth.geometry.mesh import Mesh, bounds, turn_z
from cleanplate.synth.geometry.vectors import Floats
from cleanplate.synth.parts import Parts
from cleanplate.synth.places.furnishing import overlap
from cleanplate.synth.scene import Actor, AreaLight, Prop, Scene


@dataclass(frozen=True, eq=False)
class Changed:
    """A scene after something in it changed.

    Attributes:
        scene: as it is when the shots are taken.
        moved: what stands at a new place: foreground in every shot.
        tag: "lamp", "daylight", "screen", "curtain", "removed" or "moved".
    """

    scene: Scene
    moved: list[Actor]
    tag: str


LOOKS = ("lamp", "daylight", "screen", "curtain")
"""Tags of what only changes how a place looks: nothing comes or goes."""


def change(rng: np.random.Generator, scene: Scene, parts: Parts, tags: Sequence[str] = ()) -> Changed | None:
    """Something random happens to one of the scene's props, one of `tags` if given; None where it has none."""
    tags = list(tags or _CHANGES)
    for tag in rng.permutation(len(tags), axis=0):
        kind, happen = _CHANGES[tags[int(tag)]]
        props = [prop for prop in scene.props if prop.kind == kind and _in_view(scene, prop, kind)]
        if props:
            changed = happen(rng, scene, props[int(rng.integers(len(props)))], parts)
            if changed is not None:
                return Changed(changed[0], changed[1], tags[int(tag)])
    return None


_Happening = tuple[Scene, list[Actor]]


def _lamp(rng: np.random.Generator, scene: Scene, lamp: Prop, parts: Parts) -> _Happening:
    """Switched off where there are others; else dimmed or brightened."""
    del parts
    others = sum(prop.kind in {"lamp", "window"} for prop in scene.props) > 1
    off = others and rng.random() < 0.6
    return scene.replaced(lamp, _shining(lamp, 0.0 if off else float(np.exp(rng.normal(0, 0.7))))), []


def _daylight(rng: np.random.Generator, scene: Scene, window: Prop, parts: Parts) -> _Happening:
    """A cloud, or the sun comes out: all windows alike."""
    del window, parts
    factor = float(np.exp(rng.normal(0, 0.6)))
    for prop in [prop for prop in scene.props if prop.kind == "window"]:
        scene = scene.replaced(prop, _shining(prop, factor))
    return scene, []


def _shining(prop: Prop, factor: float) -> Prop:
    """A lamp or window with so many times the light."""

    def dimmed(mesh: Mesh) -> Mesh:
        glow = mesh.surface.emission
        if glow is None:
            return mesh
        red, green, blue = (float(c) * factor for c in glow)
        return replace(mesh, surface=replace(mesh.surface, emission=(red, green, blue)))

    lights = [AreaLight(x.origin, x.side_u, x.side_v, x.radiance * np.float32(factor)) for x in prop.lights]
    return replace(prop, meshes=[dimmed(mesh) for mesh in prop.meshes], lights=lights)


def _screen(rng: np.random.Generator, scene: Scene, screen: Prop, parts: Parts) -> _Happening:
    """It shows something else, or was switched on or off."""
    picture = replace(screen.meshes[-1], surface=parts.screen(rng)[-1].surface)
    return scene.replaced(screen, replace(screen, meshes=[*screen.meshes[:-1], picture])), []


def _curtain(rng: np.random.Generator, scene: Scene, curtain: Prop, parts: Parts) -> _Happening:
    """It hangs in other folds: every line of cloth sways a few centimetres."""
    del parts
    waves, phase = rng.uniform(8, 40), rng.uniform(0, 6)

    def swayed(mesh: Mesh) -> Mesh:
        along = mesh.vertices[:, 0] + mesh.vertices[:, 1]
        sway = (rng.uniform(0.01, 0.04) * np.sin(along * waves + phase))[:, None] * np.array([1, 1, 0])
        return replace(mesh, vertices=(mesh.vertices + sway).astype(np.float32))

    return scene.replaced(curtain, replace(curtain, meshes=[swayed(mesh) for mesh in curtain.meshes])), []


def _removed(rng: np.random.Generator, scene: Scene, piece: Prop, parts: Parts) -> _Happening:
    """It is gone, with what stood on it."""
    del rng, parts
    for prop in _with_load(scene, piece):
        scene = scene.replaced(prop, None)
    return scene, []


def _moved(rng: np.random.Generator, scene: Scene, piece: Prop, parts: Parts) -> _Happening | None:
    """It stands elsewhere: pushed and turned a little, or carried away; None where it finds no room."""
    del parts
    load = _with_load(scene, piece)
    meshes = [mesh for prop in load for mesh in prop.meshes]
    lo, hi = bounds(meshes)
    middle = np.append((lo[:2] + hi[:2]) / 2, 0).astype(np.float32)
    others = [o for o in scene.obstacles if piece.footprint is None or not np.allclose(o, piece.footprint)]
    for _ in range(12):
        far = rng.random() < 0.4
        rotation = turn_z(float(rng.uniform(-np.pi, np.pi) if far else rng.normal(0, 0.5)))
        step = rng.uniform(-2.5, 2.5, 2) if far else rng.normal(0, 0.35, 2)
        stood = [m.moved(None, -middle).moved(rotation, middle + np.append(step, 0).astype(np.float32)) for m in meshes]
        low, high = bounds(stood)
        footprint: Floats = np.concatenate([low[:2], high[:2]])
        free = not any(overlap(footprint, other) for other in others)
        if free and (low[:2] >= scene.floor_m[0]).all() and (high[:2] <= scene.floor_m[1]).all():
            for prop in load:
                scene = scene.replaced(prop, None)
            scene = replace(scene, obstacles=np.concatenate([scene.obstacles, footprint[None].astype(np.float32)]))
            return scene, [Actor("moved", "object", stood)]
    return None


def _with_load(scene: Scene, piece: Prop) -> list[Prop]:
    """A piece of furniture and what stands on it."""
    if piece.footprint is None:
        return [piece]
    x0, y0, x1, y1 = piece.footprint
    load: list[Prop] = []
    for prop in scene.props:
        if prop.kind in {"small", "screen"}:
            lo, hi = bounds(prop.meshes)
            x, y = (lo[:2] + hi[:2]) / 2
            if x0 <= x <= x1 and y0 <= y <= y1:
                load.append(prop)
    return [piece, *load]


def _in_view(scene: Scene, prop: Prop, kind: str) -> bool:
    """Whether its middle is in the picture; light reaches everywhere."""
    if kind in {"lamp", "window"}:
        return True
    column, row, depth = scene.camera.project(np.mean(bounds(prop.meshes), 0, keepdims=True))[0]
    h, w = scene.camera.size_hw
    return bool(depth > 0.3 and 0 <= column < w and 0 <= row < h)


_CHANGES: dict[str, tuple[str, Callable[[np.random.Generator, Scene, Prop, Parts], _Happening | None]]] = {
    "lamp": ("lamp", _lamp),
    "daylight": ("window", _daylight),
    "screen": ("screen", _screen),
    "curtain": ("curtain", _curtain),
    "removed": ("furniture", _removed),
    "moved": ("furniture", _moved),
}
"""By tag: the kind of prop it happens to, and what happens."""
