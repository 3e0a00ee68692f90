"""People of a pack: they stand, sit, keep what they wear, and their bones stay rigid."""

from typing import Any

import numpy as np
import pytest

from cleanplate.errors import InputError
from cleanplate.synth.geometry.mesh import bounds
from cleanplate.synth.pack import open_pack
from cleanplate.synth.people.anatomy import Anatomy, skinned
from cleanplate.synth.people.clearance import Trunk
from cleanplate.synth.people.dressed import DressedPerson, PackPeople
from cleanplate.synth.people.poses import FAMILIES
from cleanplate.synth.people.postures import MORE_FAMILIES, Postures


@pytest.fixture(scope="session")
def people(artificial_pack: Any) -> PackPeople:
    return PackPeople(artificial_pack)


@pytest.fixture(scope="session")
def real_people() -> PackPeople:
    """Those of the pack that `cleanplate assets` made, where it was run."""
    try:
        pack = open_pack()
        pack.arrays("people")
    except InputError as error:
        pytest.skip(f"needs the pack: {error}")
    return PackPeople(pack)


def test_a_body_that_is_not_turned_stays_as_it_is(artificial_pack: Any) -> None:
    anatomy = Anatomy(artificial_pack.arrays("people"))
    body = anatomy.random_body(np.random.default_rng(0))
    still = np.broadcast_to(np.eye(3, dtype=np.float32), (len(anatomy.bones), 3, 3))
    moved = skinned(body.vertices, anatomy.skin, *anatomy.pose(body.heads, still))
    np.testing.assert_allclose(moved, body.vertices, atol=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_a_pose_changes_no_length(artificial_pack: Any, seed: int) -> None:
    """Bones keep their lengths, and what follows one bone alone keeps its shape."""
    arrays = artificial_pack.arrays("people")
    anatomy, rng = Anatomy(arrays), np.random.default_rng(seed)
    body = anatomy.random_body(rng)
    turns = Postures(anatomy, arrays).random_posture(rng, body, seated=seed % 2 == 1).turns
    np.testing.assert_allclose(turns @ turns.transpose(0, 2, 1), np.broadcast_to(np.eye(3), turns.shape), atol=1e-4)
    np.testing.assert_allclose(np.linalg.det(turns), 1, atol=1e-4)
    rotations, shifts = anatomy.pose(body.heads, turns)
    heads = np.einsum("bij,bj->bi", rotations, body.heads) + shifts
    child = [i for i, parent in enumerate(anatomy.parents) if parent >= 0]
    parent = [anatomy.parents[i] for i in child]
    before = np.linalg.norm(body.heads[child] - body.heads[parent], axis=1)
    np.testing.assert_allclose(np.linalg.norm(heads[child] - heads[parent], axis=1), before, atol=1e-4)
    moved = skinned(body.vertices, anatomy.skin, rotations, shifts)
    first, second = anatomy.triangles[:, 0], anatomy.triangles[:, 1]
    np.testing.assert_allclose(
        np.linalg.norm(moved[first] - moved[second], axis=1),
        np.linalg.norm(body.vertices[first] - body.vertices[second], axis=1),
        atol=1e-4,
    )


def test_a_turned_elbow_moves_the_hand_and_not_the_shoulder(artificial_pack: Any) -> None:
    anatomy = Anatomy(artificial_pack.arrays("people"))
    body = anatomy.random_body(np.random.default_rng(0))
    turns = np.broadcast_to(np.eye(3, dtype=np.float32), (len(anatomy.bones), 3, 3)).copy()
    turns[anatomy.index["lowerarm01.L"]] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    rotations, shifts = anatomy.pose(body.heads, turns)
    moved = np.einsum("bij,bj->bi", rotations, body.heads) + shifts - body.heads
    far = np.linalg.norm(moved, axis=1) > 0.02
    assert {anatomy.bones[i] for i in np.flatnonzero(far)} == {"lowerarm02.L", "wrist.L", "finger3-1.L"}


@pytest.mark.parametrize("seed", range(5))
def test_whoever_stands_touches_the_floor(people: PackPeople, seed: int) -> None:
    rng = np.random.default_rng(seed)
    low, _ = bounds(people.person(rng).posed(rng))
    assert low[2] == pytest.approx(0, abs=1e-4)


def test_arms_are_led_out_of_the_trunk(artificial_pack: Any) -> None:
    arrays = artificial_pack.arrays("people")
    anatomy = Anatomy(arrays)
    body = anatomy.random_body(np.random.default_rng(0))
    turns = np.broadcast_to(np.eye(3, dtype=np.float32), (len(anatomy.bones), 3, 3)).copy()
    angle = np.radians(60)
    c, s = float(np.cos(angle)), float(np.sin(angle))
    turns[anatomy.index["upperarm01.L"]] = [[c, 0, s], [0, 1, 0], [-s, 0, c]]
    cleared = Trunk(anatomy, body).cleared(turns)

    def hand(pose: Any) -> float:
        rotations, shifts = anatomy.pose(body.heads, pose)
        wrist = anatomy.index["wrist.L"]
        return float((rotations[wrist] @ body.heads[wrist] + shifts[wrist])[0])

    assert hand(turns) < 0.08 < hand(cleared)


def test_somebody_keeps_clothes_and_colours_from_pose_to_pose(people: PackPeople) -> None:
    rng = np.random.default_rng(3)
    person = people.person(rng)
    first, second = _worn(person, rng), _worn(person, rng)
    assert first
    assert all(a is b for a, b in zip(first, second, strict=True))


def _worn(person: DressedPerson, rng: np.random.Generator) -> list[Any]:
    """Surfaces without those of what is only held in some poses."""
    return [mesh.surface for mesh in person.posed(rng)][:4]


def test_one_seed_gives_one_person_in_one_pose(people: PackPeople, artificial_pack: Any) -> None:
    def meshes(maker: PackPeople, seed: int) -> list[Any]:
        rng = np.random.default_rng(seed)
        return maker.person(rng).posed(rng)

    for a, b in zip(meshes(people, 5), meshes(PackPeople(artificial_pack), 5), strict=True):
        np.testing.assert_array_equal(a.vertices, b.vertices)
        np.testing.assert_array_equal(a.surface.texture, b.surface.texture)
    assert bounds(meshes(people, 5)).tolist() != bounds(meshes(people, 6)).tolist()


def test_there_are_more_than_thirty_families_of_poses_and_a_third_of_them_sit() -> None:
    families = {**FAMILIES, **MORE_FAMILIES}
    assert len(families) >= 36
    assert sum(family.seated for family in families.values()) >= 7


@pytest.mark.parametrize("seed", range(8))
def test_people_of_the_real_pack_stand_and_have_a_human_size(real_people: PackPeople, seed: int) -> None:
    rng = np.random.default_rng(seed)
    person = real_people.person(rng)
    meshes = person.posed(rng)
    low, high = bounds(meshes)
    assert low[2] == pytest.approx(0, abs=1e-4)
    assert 0.4 * person.body.stature_m < high[2] < 1.4 * person.body.stature_m
    assert 0.9 < person.body.stature_m < 2.15
    assert sum(len(mesh.triangles) for mesh in meshes) < 25_000
    assert all(np.isfinite(mesh.vertices).all() and mesh.triangles.max() < len(mesh.vertices) for mesh in meshes)
    assert all(mesh.surface.texture.min() >= 0 and mesh.surface.texture.max() <= 1 for mesh in meshes)


@pytest.mark.parametrize("seed", range(8))
def test_people_of_the_real_pack_sit_on_their_seat(real_people: PackPeople, seed: int) -> None:
    """Thighs lie on z = 0, feet hang a shin's length below, the head is above."""
    rng = np.random.default_rng(seed)
    person = real_people.person(rng)
    low, high = bounds(person.posed(rng, seated=True))
    size = person.body.stature_m / 1.72
    assert -0.68 * size < low[2] < -0.15 * size
    assert 0.45 * size < high[2] < 1.3 * size
