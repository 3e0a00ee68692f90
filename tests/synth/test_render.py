"""Depth, alpha and light of rendered pictures against what can be worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from cleanplate.synth.geometry.mesh import TEXTURE_PX, Mesh, Surface, box, quad, turn_z
from cleanplate.synth.geometry.vectors import Floats, vector
from cleanplate.synth.render.render import PlateRender, render_plate, render_shot
from cleanplate.synth.scene import Actor, AreaLight, Camera, Scene, look_at

SIZE = (48, 64)


def _surface(albedo: float, gloss: float = 0.0) -> Surface:
    return Surface(np.full((TEXTURE_PX, TEXTURE_PX, 3), albedo, np.float32), gloss)


def _scene(camera: Camera, gloss: float = 0.0) -> Scene:
    """A floor of 20 x 20 m under one lamp at 3 m."""
    floor = quad((-10, -10, 0), (20, 0, 0), (0, 20, 0), _surface(0.5, gloss))
    lamp = AreaLight(vector(-0.5, -0.5, 3), vector(0, 1, 0), vector(1, 0, 0), vector(9, 9, 9))
    none = np.zeros((0, 4), np.float32)
    return Scene(
        [floor],
        [lamp],
        vector(0, 0, 0),
        camera,
        vector(-9, -9, 9, 9).reshape(2, 2),
        none,
        none,
    )


def _thing(*meshes: Mesh) -> Actor:
    return Actor("thing", "object", list(meshes))


def _down(height_m: float = 2.5) -> Camera:
    return look_at((0, -0.001, height_m), (0, 0, 0), 60, SIZE)


@pytest.fixture(scope="module")
def plate() -> PlateRender:
    return render_plate(_scene(_down()), seed=1)


def test_depth_is_measured_along_the_optical_axis(plate: PlateRender) -> None:
    np.testing.assert_allclose(plate.depth_m, 2.5, rtol=1e-3)


def test_depth_is_that_of_the_middle_of_a_pixel() -> None:
    """A floor seen at a slant: along the ray through a pixel's middle, z = 0 is met at -eye_z / direction_z."""
    camera = look_at((0, -6, 1.5), (0, 0, 0), 60, SIZE)
    directions, cosine = camera.rays(slice(30, 48), slice(0, 64))
    expected = -1.5 / directions[:, 2] * cosine
    depth_m = render_plate(_scene(camera), seed=1).depth_m[30:]
    near = expected.reshape(18, 64) < 9
    np.testing.assert_allclose(depth_m[near], expected.reshape(18, 64)[near], rtol=1e-4)


def test_light_on_the_floor_matches_the_form_factor_integral(plate: PlateRender) -> None:
    """Below the lamp's middle: radiance = albedo E / pi, E by numerical integration over the lamp; nothing bounces."""
    grid = (np.arange(200) + 0.5) / 200 - 0.5
    x, y = np.meshgrid(grid, grid)
    irradiance = 9 * np.mean(9 / (x * x + y * y + 9) ** 2)
    expected = 0.5 * irradiance / np.pi
    assert plate.radiance[20:28, 28:36].mean() == pytest.approx(expected, rel=0.03)


def test_alpha_of_an_edge_through_a_pixel_is_its_coverage() -> None:
    """A slab whose right edge runs through the middle of a column of pixels."""
    camera = _down()
    plate = render_plate(_scene(camera), seed=1)
    metres_per_px = 2.0 / camera.focal_px  # at the slab's top, 2 m below the lens
    edge = (40.5 - 32) * metres_per_px
    shot = render_shot(plate, [_thing(box((-5, -5, 0.49), (edge, 5, 0.5), _surface(0.8)))], seed=2)
    assert shot.alpha[:, :40].min() == 1
    assert shot.alpha[:, 41:].max() == 0
    np.testing.assert_allclose(shot.alpha[:, 40], 0.5, atol=0.13)
    np.testing.assert_allclose(shot.depth_m[:, :40], 2.0, rtol=1e-3)
    np.testing.assert_allclose(shot.depth_m[:, 42:], 2.5, rtol=1e-3)


def test_every_pixel_of_a_large_figure_has_a_colour(plate: PlateRender) -> None:
    slab = box((-5, -5, 0.49), (0.01, 5, 0.5), _surface(0.8)).moved(turn_z(0.4))
    shot = render_shot(plate, [_thing(slab)], seed=2)
    assert 0.2 < shot.alpha.mean() < 0.8
    inside = shot.alpha > 0
    assert shot.radiance[inside].min() > 0.02


def test_instances_name_the_nearest_actor_of_a_pixel(plate: PlateRender) -> None:
    low = Actor("low", "object", [box((-0.5, -0.2, 0), (0.1, 0.2, 0.1), _surface(0.8))])
    high = Actor("high", "object", [box((-0.1, -0.2, 1), (0.5, 0.2, 1.1), _surface(0.8))])
    shot = render_shot(plate, [low, high], seed=2)
    np.testing.assert_array_equal(shot.instances > 0, shot.alpha > 0)
    assert shot.instances[24, 32] == 2  # both are there, the high one in front
    assert shot.instances[24, 26] == 1


def test_the_camera_sees_through_what_is_not_opaque(plate: PlateRender) -> None:
    """A card whose left half is cut away by its opacity covers only the right half; its texture is not square."""
    texture = np.full((40, 60, 3), 0.8, np.float32)
    opacity = np.zeros((40, 60), np.float32)
    opacity[:, 30:] = 1
    card = quad((-1, -1, 0.5), (2, 0, 0), (0, 2, 0), Surface(texture, opacity=opacity))
    shot = render_shot(plate, [_thing(card)], seed=2)
    assert shot.alpha[24, 28] == 0
    assert shot.alpha[24, 36] == 1
    assert shot.depth_m[24, 36] == pytest.approx(2.0, rel=1e-3)
    behind = box((-1, -1, 0.1), (1, 1, 0.2), _surface(0.2))
    assert render_shot(plate, [_thing(card, behind)], seed=2).alpha[24, 28] == 1


def test_a_scene_without_lamps_is_dark_and_what_stands_in_it_is_still_cut_out() -> None:
    plate = render_plate(replace(_scene(_down()), lights=[]), seed=1)
    assert plate.radiance.max() == 0
    assert render_shot(plate, [_thing(box((-1, -1, 0), (1, 1, 1), _surface(0.5)))], seed=2).alpha.max() == 1


def test_ambient_light_follows_the_lamps_and_has_the_rooms_colour() -> None:
    """A red wall beside the floor: what bounces more than once is red, and twice the lamp gives twice of it."""
    red = Surface(np.full((TEXTURE_PX, TEXTURE_PX, 3), (0.8, 0.1, 0.1), np.float32))
    scene = _scene(_down())
    scene.meshes.append(box((1, -4, 0), (1.1, 4, 2.8), red))
    ambient = render_plate(scene, seed=1).ambient
    assert ambient[0] > 3 * ambient[1] > 0
    brighter = replace(scene, lights=[replace(lamp, radiance=2 * lamp.radiance) for lamp in scene.lights])
    np.testing.assert_allclose(render_plate(brighter, seed=1).ambient, 2 * ambient, rtol=1e-3)


def test_what_stands_behind_the_scene_is_not_seen() -> None:
    scene = _scene(_down())
    scene.meshes.append(box((-3, -3, 0.9), (3, 3, 1.0), _surface(0.3)))
    plate = render_plate(scene, seed=1)
    shot = render_shot(plate, [_thing(box((-0.2, -0.2, 0.1), (0.2, 0.2, 0.5), _surface(0.9)))], seed=2)
    assert shot.alpha.max() == 0
    np.testing.assert_array_equal(shot.depth_m, plate.depth_m)


def test_without_an_actor_near_nothing_changes(plate: PlateRender) -> None:
    shot = render_shot(plate, [_thing(box((200, 200, 0), (201, 201, 1), _surface(0.5)))], seed=2)
    np.testing.assert_allclose(shot.radiance, plate.radiance, rtol=1e-5)
    assert shot.alpha.max() == 0


def test_an_actor_out_of_view_still_casts_its_shadow(plate: PlateRender) -> None:
    shade = box((-1.5, -1.5, 2.8), (1.5, 1.5, 2.85), _surface(0.5))  # above the camera, below the lamp
    shot = render_shot(plate, [_thing(shade)], seed=2)
    assert shot.alpha.max() == 0
    assert shot.radiance[24, 32].mean() < 0.5 * plate.radiance[24, 32].mean()
    assert (shot.shadow_ratio <= 1.3).all()
    assert (shot.shadow_ratio >= 0).all()


def test_the_shot_is_the_composite_of_figure_and_shadowed_plate(plate: PlateRender) -> None:
    shot = render_shot(plate, [_thing(box((-0.3, -0.3, 0), (0.3, 0.3, 0.8), _surface(0.9)))], seed=2)
    outside = shot.alpha == 0
    np.testing.assert_allclose(
        shot.radiance[outside], (plate.radiance * shot.shadow_ratio)[outside], rtol=1e-4, atol=1e-5
    )
    assert outside.any()
    assert (shot.alpha == 1).any()


def test_the_same_seeds_give_the_same_picture(plate: PlateRender) -> None:
    again = render_plate(_scene(_down()), seed=1)
    np.testing.assert_array_equal(again.radiance, plate.radiance)


def test_a_glossy_floor_mirrors_a_wall() -> None:
    """Looking along a glossy floor at a bright wall, the floor before the wall is brighter than a dull one."""
    camera = look_at((0, -6, 0.6), (0, 0, 0.2), 50, SIZE)
    pictures: list[Floats] = []
    for gloss in (0.0, 0.3):
        scene = _scene(camera, gloss)
        scene.meshes.append(quad((-5, 3, 0), (10, 0, 0), (0, 0, 4), _surface(0.95)))
        pictures.append(render_plate(scene, seed=3).radiance)
    rows = slice(34, 40)
    assert pictures[1][rows].mean() > 1.05 * pictures[0][rows].mean()


def test_draws_do_not_depend_on_what_other_rays_meet() -> None:
    """A lamp switched off and a box taken away change nothing where they bring no light and are not seen."""
    camera = _down()
    weak = AreaLight(vector(-1.2, 0, 0.05), vector(0, 0.1, 0), vector(0.1, 0, 0), vector(9, 9, 9))
    hidden = box((-9.9, -9.9, 0), (-9.8, -9.8, 0.1), _surface(0.5))
    scene = _scene(camera)
    with_all = replace(scene, meshes=[hidden, *scene.meshes], lights=[weak, *scene.lights])
    off = replace(weak, radiance=0 * weak.radiance)
    changed = replace(with_all, meshes=scene.meshes, lights=[off, *scene.lights])
    before, after = render_plate(with_all, seed=4), render_plate(changed, seed=4)
    behind = slice(None), slice(0, 8)
    assert (after.radiance[behind] < before.radiance[behind]).any()
    np.testing.assert_allclose(after.radiance[:, 40:], before.radiance[:, 40:], rtol=1e-3)


def test_opacity_between_0_and_1_gives_that_alpha(plate: PlateRender) -> None:
    texture = np.full((8, 8, 3), 0.8, np.float32)
    card = quad((-1, -1, 0.5), (2, 0, 0), (0, 2, 0), Surface(texture, opacity=np.full((8, 8), 0.4, np.float32)))
    shot = render_shot(plate, [_thing(card)], seed=2)
    assert shot.alpha[16:32, 24:40].mean() == pytest.approx(0.4, abs=0.05)


def test_lamps_and_screens_show_their_picture_and_keep_it_in_the_shade() -> None:
    scene = _scene(_down())
    texture = np.zeros((32, 32, 3), np.float32)
    texture[:, 16:] = 1
    scene.meshes.append(quad((-1, -1, 0.1), (2, 0, 0), (0, 2, 0), Surface(texture, emission=(0.2, 0.4, 0.8))))
    bright = render_plate(scene, seed=1)
    np.testing.assert_allclose(bright.radiance[24, 36], (0.2, 0.4, 0.8), rtol=0.02)
    assert bright.radiance[24, 28].max() < 0.01
    shaded = render_shot(bright, [_thing(box((-1.5, -1.5, 2.8), (1.5, 1.5, 2.85), _surface(0.5)))], seed=2)
    np.testing.assert_allclose(shaded.radiance[24, 36], bright.radiance[24, 36], rtol=1e-5)


def test_a_panorama_is_seen_where_it_is_and_lights_what_faces_it() -> None:
    """The right half of the sky (+x) shines: a floor gets half of the whole sky's light, and a wall takes that away."""
    sky = np.zeros((32, 64, 3), np.float32)
    sky[:, 32:] = (1, 2, 3)
    scene = replace(_scene(_down()), lights=[], sky=sky)
    plate = render_plate(scene, seed=1)
    np.testing.assert_allclose(plate.radiance.mean((0, 1)), 0.5 * np.array([0.5, 1, 1.5]), rtol=0.03)
    assert plate.radiance[..., 2].std() < 0.04
    up = replace(scene, camera=look_at((0, 0, 1), (0, 5, 1.5), 90, SIZE))
    seen = render_plate(up, seed=1).radiance
    np.testing.assert_allclose(seen[5, 60], (1, 2, 3), rtol=1e-3)
    assert seen[5, 3].max() == 0
    wall = box((1.5, -9, 0), (1.6, 9, 50), _surface(0.5))
    assert render_shot(plate, [_thing(wall)], seed=2).radiance.mean() < 0.3 * plate.radiance.mean()


def test_a_small_sun_in_a_panorama_casts_a_sharp_shadow() -> None:
    sky = np.full((64, 128, 3), 0.1, np.float32)
    sky[2, 64] = 4000
    scene = replace(_scene(_down()), lights=[], sky=sky)
    plate = render_plate(scene, seed=1)
    shot = render_shot(plate, [_thing(box((-0.4, -0.4, 3), (0.4, 0.4, 3.1), _surface(0.5)))], seed=2)
    lit, shaded = shot.radiance[2, 2, 0], shot.shadow_ratio[:, :, 0].min()
    assert lit == pytest.approx(plate.radiance[2, 2, 0], rel=0.05)
    assert shaded < 0.3
    penumbra = ((shot.shadow_ratio > 0.4) & (shot.shadow_ratio < 0.8)).mean()
    assert penumbra < 0.1
