"""Samples: exact, varied, and true about what changed."""

from dataclasses import replace

import numpy as np
import pytest

from cleanplate.errors import UsageError
from cleanplate.sample.record import Sample
from cleanplate.synth.geometry.mesh import bounds
from cleanplate.synth.places.changes import LOOKS
from cleanplate.synth.places.furnishing import overlap
from cleanplate.synth.places.rooms import make_scene
from cleanplate.synth.shooting import Plan, load_parts, make_samples
from cleanplate.synth.staging import Cast, stage

TINY = Plan(5, (48, 64), 3, "procedural")


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return [sample for index in range(8) for sample in make_samples(TINY, (0, index))]


@pytest.mark.slow
def test_foreground_is_nearer_than_the_plate_behind_it_unless_something_was_moved(samples: list[Sample]) -> None:
    for sample in samples:
        if {"removed", "moved", "curtain"} & set(sample.tags):
            continue
        inside = (sample.alpha >= 0.99) & (sample.plate_depth_m > 0)
        assert (sample.shot_depth_m[inside] <= sample.plate_depth_m[inside] + 1e-3).all()
        outside = sample.alpha == 0
        np.testing.assert_array_equal(sample.shot_depth_m[outside], sample.plate_depth_m[outside])


@pytest.mark.slow
def test_every_layer_is_there_and_in_range(samples: list[Sample]) -> None:
    assert len(samples) >= 16
    for sample in samples:
        assert sample.shadow is not None
        assert sample.instances is not None
        assert sample.view is not None
        for picture in (sample.plate, sample.shot, sample.alpha):
            assert picture.min() >= 0
            assert picture.max() <= 1
        assert sample.shadow.min() >= 0
        assert sample.instances.max() <= len(sample.instance_names) == len(sample.instance_kinds)
        np.testing.assert_array_equal(sample.instances > 0, sample.alpha > 0)
        people = [n for n, kind in zip(sample.instance_names, sample.instance_kinds, strict=True) if kind == "person"]
        assert tuple(people) == sample.people
        np.testing.assert_allclose(sample.view.pose[:3, :3] @ sample.view.pose[:3, :3].T, np.eye(3), atol=1e-5)


@pytest.mark.slow
def test_alpha_of_a_data_set_has_many_levels(samples: list[Sample]) -> None:
    assert len({float(value) for sample in samples for value in np.unique(sample.alpha)}) >= 16


@pytest.mark.slow
def test_the_same_number_gives_the_same_samples_and_another_seed_others(samples: list[Sample]) -> None:
    again = make_samples(TINY, (0, 0))
    for one, two in zip(samples, again, strict=False):
        np.testing.assert_array_equal(one.shot, two.shot)
        np.testing.assert_array_equal(one.plate_depth_m, two.plate_depth_m)
    other = make_samples(Plan(10, (48, 64), 3, "procedural"), (0, 0))
    assert not {sample.scene for sample in other} & {sample.scene for sample in samples}
    assert not {name for sample in other for name in sample.people} & {n for s in samples for n in s.people}


@pytest.mark.slow
def test_where_something_changed_the_tags_say_so(samples: list[Sample]) -> None:
    changed = [sample for sample in samples if sample.tags]
    assert changed
    for sample in changed:
        assert set(sample.tags) <= {"lamp", "daylight", "screen", "curtain", "removed", "moved", "empty"}
        assert ("empty" in sample.tags) == (not sample.alpha.any())


def test_parts_that_do_not_exist_are_named() -> None:
    with pytest.raises(UsageError, match="lego"):
        load_parts("lego")


@pytest.mark.slow
def test_a_test_set_of_objects_has_something_new_in_every_pair_and_nobody() -> None:
    samples = [sample for index in range(6) for sample in make_samples(replace(TINY, only="objects"), (0, index))]
    assert len(samples) >= 6
    for sample in samples:
        assert not sample.people
        assert not sample.tags
        assert set(sample.instance_kinds) <= {"object", "animal"}
        assert sample.alpha.mean() >= 0.01


def test_things_of_a_test_set_stand_on_free_floor() -> None:
    parts, found = load_parts("procedural"), 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        scene = make_scene(rng, (48, 64), parts)
        for actor in stage(rng, scene, Cast({}), parts):
            low, high = bounds(actor.meshes)
            footprint = np.concatenate([low[:2], high[:2]])
            assert not any(overlap(footprint, other) for other in scene.obstacles)
            found += 1
    assert found > 5


def test_nobody_and_nothing_comes_nearer_than_is_said() -> None:
    parts = load_parts("procedural")

    def distances_m(nearest_m: float) -> list[float]:
        found: list[float] = []
        for seed in range(20):
            rng = np.random.default_rng(seed)
            scene = make_scene(rng, (48, 64), parts)
            for actor in stage(rng, scene, Cast({"a": parts.person(rng)}), parts, nearest_m):
                low, high = bounds(actor.meshes)
                found.append(float(np.hypot(*((low + high)[:2] / 2 - scene.camera.eye[:2]))))
        return found

    far = distances_m(1.0)
    assert len(far) > 10
    assert min(far) >= 1.0
    assert min(distances_m(0.15)) < 0.8


def test_a_side_of_the_picture_cuts_off_whoever_is_to_be_cut_off() -> None:
    parts, found = load_parts("procedural"), 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        scene = make_scene(rng, (48, 64), parts)
        for actor in stage(rng, scene, Cast({"a": parts.person(rng)}), parts, 0.5, cut_off=True):
            column, _, depth = scene.camera.project(np.concatenate([mesh.vertices for mesh in actor.meshes])).T
            inside = ((column >= 0) & (column < 64))[depth > 0.05]
            assert 0.02 < inside.mean() < 0.7
            found += 1
    assert found > 10


@pytest.mark.slow
def test_who_is_cut_off_touches_a_side() -> None:
    samples = [sample for index in range(6) for sample in make_samples(replace(TINY, cut_off=True), (0, index))]
    touching = [sample.alpha[:, [0, -1]].max() > 0.5 for sample in samples if sample.people]
    assert len(touching) > 5
    assert np.mean(touching) > 0.9


def test_a_test_set_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="only 'objcts': choose one of people, objects, light"):
        make_samples(replace(TINY, only="objcts"), (0, 0))


@pytest.mark.slow
def test_where_only_people_come_nothing_else_does_or_changes() -> None:
    plan = replace(TINY, only="people", place="outdoor", least=0.05)
    samples = [sample for index in range(8) for sample in make_samples(plan, (0, index))]
    assert len(samples) > 8
    for sample in samples:
        assert set(sample.instance_kinds) == {"person"}
        assert sample.tags == ()
        assert sample.alpha.mean() >= 0.05


@pytest.mark.slow
def test_a_test_set_of_light_has_nothing_new_but_another_look() -> None:
    samples = [sample for index in range(6) for sample in make_samples(replace(TINY, only="light"), (0, index))]
    assert samples
    for sample in samples:
        assert not sample.alpha.any()
        assert set(sample.tags) <= {*LOOKS, "empty"}
        assert np.abs(sample.shot - sample.plate).max() > 0.01


@pytest.mark.parametrize("place", ["outdoor", "street"])
def test_light_alone_is_refused_where_nothing_is_switched(place: str) -> None:
    with pytest.raises(UsageError, match=f"only 'light', place '{place}': nothing is switched or drawn there"):
        replace(TINY, only="light", place=place)
    assert replace(TINY, only="light", place="office").place == "office"
    for how in ({"cut_off": True}, {"nearest_m": 2.0}, {"least": 0.1}):
        with pytest.raises(UsageError, match="only 'light': nobody comes who could be near, large or cut off; leave"):
            replace(TINY, only="light", **how)


def test_a_place_that_there_is_not_is_named() -> None:
    with pytest.raises(UsageError, match="place 'moon': choose one of room, office, corridor, hall, outdoor, street"):
        replace(TINY, place="moon")
