"""Places: everything stands on the floor, light falls into the room, changes are what they say."""

from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest

from cleanplate.synth.geometry.mesh import bounds
from cleanplate.synth.places.changes import change
from cleanplate.synth.places.furnishing import overlap
from cleanplate.synth.places.rooms import KINDS, PLACES, make_scene
from cleanplate.synth.places.vehicles import make_vehicle
from cleanplate.synth.procedural import ProceduralParts
from cleanplate.synth.scene import Prop, Scene
from cleanplate.synth.staging import Cast, stage

TINY = (48, 64)
PARTS = ProceduralParts()


@cache
def _scene(seed: int) -> Scene:
    return make_scene(np.random.default_rng(seed), TINY, PARTS)


@pytest.mark.parametrize("seed", range(12))
def test_furniture_stands_in_the_room_and_not_in_other_furniture(seed: int) -> None:
    scene = _scene(seed)
    for a, b in combinations(scene.obstacles, 2):
        assert not overlap(a, b)
    low, high = scene.floor_m
    assert (scene.obstacles[:, :2] >= low - 1e-3).all()
    assert (scene.obstacles[:, 2:] <= high + 1e-3).all()
    assert low[0] < scene.camera.eye[0] < high[0]
    for prop in scene.props:
        if prop.kind == "furniture":
            assert abs(bounds(prop.meshes)[0, 2]) < 0.02


@pytest.mark.parametrize("seed", range(12))
def test_seats_are_on_furniture(seed: int) -> None:
    scene = _scene(seed)
    for x, y, height, _ in scene.seats:
        assert any(o[0] <= x <= o[2] and o[1] <= y <= o[3] for o in scene.obstacles)
        assert 0.3 < height < 0.6


def test_windows_and_lamps_shine_into_the_room() -> None:
    seen: set[str] = set()
    for seed in range(40):
        scene = _scene(seed)
        middle = np.array([*scene.floor_m.mean(0), 1.2])
        for prop in scene.props:
            for light in prop.lights:
                centre = light.origin + (light.side_u + light.side_v) / 2
                assert np.cross(light.side_u, light.side_v) @ (middle - centre) > 0
                seen.add(prop.kind)
    assert seen == {"lamp", "window"}


def test_every_kind_of_place_occurs_and_views_are_35_to_100_degrees_wide() -> None:
    views = [_scene(seed).camera for seed in range(40)]
    assert all(35 <= view.fov_deg <= 100 for view in views)
    assert min(view.eye[2] for view in views) < 0.8
    assert max(view.eye[2] for view in views) > 2
    assert abs(sum(KINDS.values()) - 1) < 1e-9


@pytest.mark.parametrize("seed", range(8))
def test_actors_stand_on_the_floor_or_sit_and_no_seat_is_shared(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = _scene(seed)
    cast = Cast({name: PARTS.person(rng) for name in "abc"})
    actors = stage(rng, scene, cast, PARTS)
    people = [actor for actor in actors if actor.kind == "person"]
    assert {actor.name for actor in people} <= set("abc")
    for actor in actors:
        lo, hi = bounds(actor.meshes)
        assert lo[2] > -0.4  # the feet of somebody small on a low seat may reach below
        assert (lo[:2] > scene.floor_m[0] - 1.2).all()
        assert (hi[:2] < scene.floor_m[1] + 1.2).all()
    middles = [bounds(actor.meshes).mean(0) for actor in people]
    assert all(np.hypot(*(a - b)[:2]) > 0.1 for a, b in combinations(middles, 2))


def test_nobody_sits_where_somebody_sits() -> None:
    scene = next(scene for scene in map(_scene, range(100)) if len(scene.seats))
    x, y, _, _ = scene.seats[0]
    scene = replace(scene, seats=scene.seats[:1])
    for seed in range(30):
        rng = np.random.default_rng(seed)
        actors = stage(rng, scene, Cast({name: PARTS.person(rng) for name in "abc"}), PARTS)
        near = [a for a in actors if np.hypot(*(bounds(a.meshes).mean(0)[:2] - (x, y))) < 0.25]
        assert len(near) <= 1


def test_each_change_happens_and_leaves_the_rest_as_it_was() -> None:
    tags: set[str] = set()
    for seed in range(80):
        scene = _scene(seed % 40)
        changed = change(np.random.default_rng(seed), scene, PARTS)
        if changed is None:
            continue
        tags.add(changed.tag)
        after = changed.scene
        assert len(after.lights) == len(scene.lights), "lights keep their places, so that noise is shared"
        old, new = {id(m) for m in scene.meshes}, {id(m) for m in after.meshes}
        if changed.tag in {"removed", "moved"}:
            assert new < old
            assert bool(changed.moved) == (changed.tag == "moved")
        else:
            assert len(old) == len(new)
            assert 0 < len(old - new) <= len([m for prop in scene.props for m in prop.meshes])
            assert not changed.moved
        shell = old - {id(m) for prop in scene.props for m in prop.meshes}
        assert shell <= new
    assert tags == {"lamp", "daylight", "screen", "curtain", "removed", "moved"}


def test_a_removed_prop_takes_its_light_and_seats_along() -> None:
    scene = next(scene for scene in map(_scene, range(100)) if len(scene.seats) and scene.props[0].lights)
    lamp = scene.props[0]
    dark = scene.replaced(lamp, None)
    assert len(dark.lights) == len(scene.lights)
    assert dark.lights[scene.lights.index(lamp.lights[0])].radiance.max() == 0
    x, y = scene.seats[0, :2]
    sat_on = next(p for p in scene.props if p.footprint and _inside(p, x, y))
    assert len(scene.replaced(sat_on, None).seats) < len(scene.seats)


def _inside(prop: Prop, x: float, y: float) -> bool:
    assert prop.footprint is not None
    x0, y0, x1, y1 = prop.footprint
    return x0 <= x <= x1 and y0 <= y <= y1


@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_is_asked_for_is_made(place: str) -> None:
    scene = make_scene(np.random.default_rng(1), TINY, PARTS, place)
    assert (scene.road is not None) == (place == "street")
    assert (scene.sky.ndim == 3 or scene.sky.any()) == (place in {"outdoor", "street"})


@pytest.mark.parametrize("seed", range(12))
def test_traffic_keeps_to_the_road_and_nothing_else_stands_there(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = make_scene(rng, TINY, PARTS, "street")
    road = scene.road
    assert road is not None
    for a, b in combinations(scene.obstacles, 2):
        assert not overlap(a, b)
    for prop in scene.props:
        if prop.footprint and overlap(prop.footprint, road.footprint):
            low, high = bounds(prop.meshes)
            assert (high - low)[:2].max() > 3  # parked: furniture stands beside the road
    vehicles = [actor for actor in stage(rng, scene, Cast({}), PARTS) if actor.name.startswith("vehicle")]
    assert len({actor.name for actor in vehicles}) == len(vehicles)
    for vehicle in vehicles:
        low, high = bounds(vehicle.meshes)
        middle = (low + high)[:2] / 2
        assert (middle > (road.x0 - 0.5, road.y0 - 0.5)).all()
        assert (middle < (road.x1 + 0.5, road.y1 + 0.5)).all()
        assert (high - low)[1 if road.along else 0] > 3
        assert not any(overlap((*low[:2], *high[:2]), other) for other in scene.obstacles)


@pytest.mark.parametrize("seed", range(20))
def test_vehicles_are_closed_stand_on_their_wheels_and_are_as_large_as_vehicles(seed: int) -> None:
    meshes = make_vehicle(np.random.default_rng(seed))
    low, high = bounds(meshes)
    assert abs(low[2]) < 0.01
    assert 1.5 < (high - low)[0] < 2.7
    assert 3.4 < (high - low)[1] < 12.3
    assert 1.3 < high[2] < 3.7
    solids = [mesh for mesh in meshes if not mesh.smooth and len(mesh.vertices) < 16]  # bodies and panes
    assert len(solids) >= 2
    for solid in solids:
        corners = solid.corners.astype(np.float64)
        assert np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() > 0  # turned outward


@pytest.mark.parametrize("seed", range(20))
def test_vehicles_look_out_in_front_and_show_their_hubs(seed: int) -> None:
    meshes = make_vehicle(np.random.default_rng(seed))
    panes = [mesh for mesh in meshes if mesh.smooth and len(mesh.vertices) == 4]
    facing = [np.cross(*(pane.vertices[[1, 2]] - pane.vertices[0])) for pane in panes]
    assert min(pane.vertices[:, 1].mean() for pane in panes) < 0  # a windscreen
    for pane, normal in zip(panes, facing, strict=True):
        assert normal[0] == pytest.approx(0, abs=1e-6)
        assert normal[1] * pane.vertices[:, 1].mean() > 0
        assert normal[2] > -1e-6
    tyres, hubs = ([m for m in meshes if m.smooth and len(m.vertices) == 15 * rows] for rows in (4, 2))
    assert len(tyres) == len(hubs) >= 4
    for tyre, hub in zip(tyres, hubs, strict=True):
        assert abs(hub.vertices[:, 0]).min() > abs(tyre.vertices[:, 0]).mean()


@pytest.mark.parametrize("seed", range(12))
def test_nothing_grows_or_is_built_on_the_road(seed: int) -> None:
    scene = make_scene(np.random.default_rng(seed), TINY, PARTS, "street")
    assert scene.road is not None
    of_props = {id(mesh) for prop in scene.props for mesh in prop.meshes}
    for mesh in scene.meshes:
        low, high = bounds([mesh])
        if id(mesh) not in of_props and low[2] < 0.3 < high[2]:
            assert not overlap((*low[:2], *high[:2]), scene.road.footprint)


def test_there_is_traffic_on_most_streets() -> None:
    came = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        scene = make_scene(rng, TINY, PARTS, "street")
        came += any(actor.name.startswith("vehicle") for actor in stage(rng, scene, Cast({}), PARTS))
    assert 4 <= came < 12
