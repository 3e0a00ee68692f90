"""Every effect can be switched off, and strikes only what it says it strikes."""

from dataclasses import fields, replace
from typing import Any

import cv2
import numpy as np
import pytest

from cleanplate.contract import NO_PLATE
from cleanplate.imaging import Image
from cleanplate.sample.record import Sample
from cleanplate.synth.camera import Effects, degrade
from cleanplate.synth.camera.effects import most

SIZE = (48, 64)
NONE = Effects.none()
LOOK = {"gamma_sd": 0.4, "contrast_sd": 0.3, "brightness_sd": 0.1, "saturation_sd": 0.8}

# effect: what switches it on, and which of plate, shot, alpha and shot depth it changes
STRIKES: dict[str, tuple[dict[str, Any], str]] = {
    "crop": ({"crop": 0.5}, "plate shot alpha shot_depth_m"),
    "mirror": ({"flip_p": 1}, "plate shot alpha shot_depth_m"),
    "distortion": ({"distortion_p": 1, "distortion_sd": 0.3}, "plate shot alpha shot_depth_m"),
    "nudge": ({"nudge_p": 1, "shift_px": 1}, "plate"),
    "parallax": ({"parallax_p": 1, "parallax_m": 0.3}, "plate"),
    "nobody": ({"empty_p": 1}, "shot alpha shot_depth_m"),
    "removed": ({"removed_p": 1}, "plate shot alpha shot_depth_m"),
    "camouflage": ({"camouflage_p": 1}, "shot"),
    "clutter": ({"clutter_p": 1}, "plate shot"),
    "shadow": ({"shadow_p": 1}, "shot"),
    "lamp": ({"lamp_p": 1}, "shot"),
    "screen": ({"screen_p": 1}, "plate shot"),
    "intruder": ({"intruder_p": 1}, "shot alpha shot_depth_m"),
    "thicket": ({"thicket_p": 1}, "shot alpha shot_depth_m"),
    "dark rim": ({"rim_p": 1}, "plate shot"),
    "black border": ({"border_p": 1}, "plate shot shot_depth_m"),
    "sway": ({"sway_p": 1, "sway_px": 2}, "plate shot"),
    "rain": ({"rain_p": 1}, "plate shot"),
    "caption": ({"caption_p": 1}, "plate shot"),
    "small": ({"small_p": 1}, "plate shot"),
    "motion": ({"motion_p": 1, "motion_px": 12}, "shot alpha shot_depth_m"),
    "ghost": ({"ghost_p": 1}, "shot"),
    "interlace": ({"interlace_p": 1, "motion_px": 12}, "plate shot alpha shot_depth_m"),
    "exposure": ({"relight_p": 1, "exposure_sd": 0.2}, "shot"),
    "balance": ({"relight_p": 1, "balance_sd": 0.2}, "shot"),
    "tone": ({"relight_p": 1, "tone_sd": 0.2}, "shot"),
    "metering": ({"metering_p": 1}, "shot"),
    "drift": ({"drift_p": 1, "drift_sd": 0.1}, "shot"),
    "vignette": ({"vignette_p": 1}, "plate shot"),
    "shake": ({"shake_p": 1, "shake_px": 6}, "shot alpha"),
    "defocus": ({"defocus_p": 1, "defocus_px": 3}, "plate shot alpha"),
    "blur": ({"blur_p": 1, "blur_px": 2}, "plate shot alpha"),
    "coarse": ({"coarse_p": 1}, "plate shot"),
    "noise": ({"noise_sd": 0.1}, "plate shot"),
    "coloured noise": ({"noise_sd": 0.1, "chroma_p": 1}, "plate shot"),
    "denoise": ({"denoise_p": 1}, "plate shot"),
    "grey": ({"grey_p": 1}, "plate shot"),
    "saturation": ({"saturation_sd": 0.8}, "plate shot"),
    "gamma": ({"gamma_sd": 0.4}, "plate shot"),
    "contrast": ({"contrast_sd": 0.4}, "plate shot"),
    "brightness": ({"brightness_sd": 0.1}, "plate shot"),
    "range": ({"range_p": 1}, "plate shot"),
    "sharpening": ({"sharpen_p": 1}, "plate shot"),
    "jpeg": ({"jpeg_p": 1, "jpeg_quality": 20}, "plate shot"),
    "video": ({"video_p": 1, "video_quality": 10}, "plate shot"),
    "no plate": ({"no_plate_p": 1}, "plate"),
}


def _sample(seed: int = 0) -> Sample:
    rng = np.random.default_rng(seed)
    plate = np.clip(rng.normal(0.5, 0.15, (*SIZE, 3)), 0, 1).astype(np.float32)
    alpha = np.zeros(SIZE, np.float32)
    alpha[15:40, 20:35] = 1
    alpha[15, 20:35] = 0.5
    alpha[5:15, 26:28] = 1
    front = np.array([0.9, 0.7, 0.1], np.float32)
    shot = np.asarray(plate * (1 - alpha[..., None]) + front * alpha[..., None], np.float32)
    depth = np.broadcast_to(np.linspace(3, 6, SIZE[1], dtype=np.float32), SIZE).copy()
    shot_depth_m = np.where(alpha >= 0.5, np.float32(2), depth)
    return Sample("k", "s", ("p",), plate, shot, alpha, depth, shot_depth_m, instance_kinds=("person",))


def _arrays(sample: Sample) -> dict[str, Image]:
    names = ("plate", "shot", "alpha", "plate_depth_m", "shot_depth_m")
    return {name: getattr(sample, name) for name in names}


def test_with_everything_off_nothing_changes() -> None:
    sample = _sample()
    out = degrade(sample, np.random.default_rng(1), NONE, SIZE)
    for name, array in _arrays(sample).items():
        np.testing.assert_array_equal(getattr(out, name), array, err_msg=name)


@pytest.mark.parametrize("word", ["sway_p=1", "motion_p=1", "rain_p=1", "blur_p=1"])
def test_a_chance_alone_is_enough(word: str) -> None:
    shot = _sample().shot
    out = [degrade(_sample(), np.random.default_rng(seed), NONE.changed([word]), SIZE).shot for seed in range(4)]
    assert any(np.abs(made - shot).max() > 0.01 for made in out)


@pytest.mark.parametrize("effect", STRIKES)
def test_an_effect_changes_what_it_says_and_nothing_else(effect: str) -> None:
    settings, struck = STRIKES[effect]
    sample = _sample()
    changed: set[str] = set()
    for seed in range(12):
        out = degrade(sample, np.random.default_rng(seed), replace(NONE, **settings), SIZE)
        changed |= {name for name, array in _arrays(sample).items() if np.abs(getattr(out, name) - array).max() > 1e-5}
    assert changed - {"plate_depth_m"} == set(struck.split())
    assert ("plate_depth_m" in changed) == (effect in {"crop", "mirror", "distortion", "removed", "black border"})


@pytest.mark.parametrize("name", [f.name for f in fields(Effects) if not f.name.endswith(("_p", "_quality"))])
def test_a_strength_of_nothing_switches_off_even_where_its_chance_is_certain(name: str) -> None:
    chance = {
        "distortion_sd": "distortion_p", "shift_px": "nudge_p", "turn_deg": "nudge_p", "zoom_sd": "nudge_p",
        "parallax_m": "parallax_p", "motion_px": "motion_p", "exposure_sd": "relight_p", "balance_sd": "relight_p",
        "tone_sd": "relight_p", "drift_sd": "drift_p", "shake_px": "shake_p", "defocus_px": "defocus_p",
        "blur_px": "blur_p", "noise_sd": "chroma_p", "sway_px": "sway_p",
    }.get(name)  # fmt: skip
    sample = _sample()
    settings: dict[str, Any] = dict.fromkeys((f.name for f in fields(Effects)), 0)
    settings |= {chance: 1.0} if chance else {}
    out = degrade(sample, np.random.default_rng(3), Effects(**settings), SIZE)
    np.testing.assert_array_equal(out.plate, sample.plate)
    np.testing.assert_array_equal(out.shot, sample.shot)


def test_the_same_generator_state_gives_the_same_pair() -> None:
    first = degrade(_sample(), np.random.default_rng(5), Effects(), SIZE)
    degrade(_sample(), np.random.default_rng(9), Effects(), SIZE)
    again = degrade(_sample(), np.random.default_rng(5), Effects(), SIZE)
    for name, array in _arrays(first).items():
        np.testing.assert_array_equal(getattr(again, name), array, err_msg=name)
    assert not np.array_equal(first.shot, degrade(_sample(), np.random.default_rng(6), Effects(), SIZE).shot)


@pytest.mark.parametrize("size_hw", [(16, 16), (48, 64), (50, 34), (96, 128)])
def test_pairs_of_any_size_come_out_whole(size_hw: tuple[int, int]) -> None:
    always = replace(Effects(), **{f.name: 0.5 for f in fields(Effects) if f.name.endswith("_p")})
    for seed in range(20):
        out = degrade(_sample(seed), np.random.default_rng(seed), always, size_hw)
        for name, array in _arrays(out).items():
            assert array.shape[:2] == size_hw, name
            assert array.dtype == np.float32, name
            assert np.isfinite(array).all(), name
        for picture in (out.plate, out.shot, out.alpha):
            assert picture.min() >= 0
            assert picture.max() <= 1


@pytest.mark.parametrize("cover", [0.0, 1.0])
def test_a_shot_of_nobody_or_of_nothing_else_is_fine(cover: float) -> None:
    scene = ("camouflage", "clutter", "shadow", "screen", "motion", "ghost", "interlace", "lamp")
    every = replace(NONE, motion_px=6.0, **{f"{name}_p": 1.0 for name in scene})
    sample = replace(_sample(), alpha=np.full(SIZE, cover, np.float32))
    for seed in range(6):
        out = degrade(sample, np.random.default_rng(seed), every, SIZE)
        assert np.isfinite(out.shot).all()
        np.testing.assert_allclose(out.alpha, cover, atol=1e-5)


def test_at_its_strongest_every_effect_still_gives_pictures() -> None:
    everything = replace(Effects(), **{field.name: most(field.name) for field in fields(Effects)})
    for seed in range(3):
        for settings in (everything, replace(everything, empty_p=0.0, grey_p=0.0, no_plate_p=0.0)):
            out = degrade(_sample(), np.random.default_rng(seed), settings, SIZE)
            assert all(np.isfinite(picture).all() for picture in (out.plate, out.shot, out.alpha))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"flip_p": 1.5}, "flip_p must be <= 1, got 1.5"),
        ({"noise_sd": -0.1}, "noise_sd must be >= 0, got -0.1"),
        ({"noise_sd": float("nan")}, "noise_sd must be a finite number, got nan"),
        ({"sway_p": float("inf")}, "sway_p must be a finite number, got inf"),
        ({"sway_px": 1000.0}, "sway_px must be <= 100, got 1000"),
        ({"exposure_sd": 2.5}, "exposure_sd must be <= 2, got 2.5"),
        ({"turn_deg": 90.0}, "turn_deg must be <= 45, got 90"),
        ({"parallax_m": 3.0}, "parallax_m must be <= 1, got 3"),
        ({"crop": 1.0}, "crop must be <= 0.99, got 1"),
        ({"jpeg_quality": 95}, "jpeg_quality must be <= 94, got 95"),
    ],
)
def test_strengths_that_mean_nothing_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Effects(**settings)


def test_layers_that_would_no_longer_be_true_are_left_out() -> None:
    sample = replace(_sample(), shadow=np.ones((*SIZE, 3), np.float32), tags=("lamp",))
    out = degrade(sample, np.random.default_rng(0), NONE, SIZE)
    assert out.shadow is None
    assert out.tags == ("lamp",)


def test_who_came_is_still_said_and_who_did_not_is_not() -> None:
    sample = replace(_sample(), instance_names=("a", "b"), instance_kinds=("person", "object"))
    rng = np.random.default_rng(0)
    assert degrade(sample, rng, Effects(empty_p=0, removed_p=0), SIZE).instance_kinds == ("person", "object")
    for nobody in ({"empty_p": 1.0}, {"removed_p": 1.0}):
        out = degrade(sample, rng, replace(NONE, **nobody), SIZE)
        assert (out.people, out.instance_names, out.instance_kinds) == ((), (), ())
    out = degrade(sample, rng, replace(NONE, intruder_p=1, thicket_p=1), SIZE)
    assert out.instance_names == ("a", "b", "intruder", "thicket")
    assert out.instance_kinds == ("person", "object", "something", "something")


@pytest.mark.parametrize("scale", [1, 3])
def test_who_is_cut_away_entirely_is_said_no_more(scale: int) -> None:
    sample, instances = _sample(), np.zeros(SIZE, np.uint8)
    instances[15:40, 20:35], instances[2:8, 2:8] = 1, 2
    depth_m = np.where(instances > 0, np.float32(100) + instances, sample.shot_depth_m).astype(np.float32)
    sample = replace(sample, shot_depth_m=depth_m, instance_names=("a", "b"), instance_kinds=("person", "object"))
    crops, small = replace(NONE, whole_p=0, crop=0.6), (SIZE[0] // scale, SIZE[1] // scale)
    said: set[tuple[str, ...]] = set()
    for seed in range(30):
        told = degrade(replace(sample, instances=instances), np.random.default_rng(seed), crops, small)
        untold = degrade(sample, np.random.default_rng(seed), crops, small)
        np.testing.assert_array_equal(told.shot, untold.shot)
        assert untold.instance_names == ("a", "b")
        seen = {name for k, name in enumerate(("a", "b")) if (told.shot_depth_m == 101 + k).any()}
        assert seen == set(told.instance_names) if scale == 1 else seen <= set(told.instance_names)
        said.add(told.instance_kinds)
    assert said == {("person",), ("person", "object")}


@pytest.mark.parametrize(
    ("kinds", "dropped"),
    [(("person", "person"), True), (("person", "object"), False), (("animal",), False), ((), False)],
)
def test_the_plate_is_dropped_only_where_people_alone_came(kinds: tuple[str, ...], dropped: bool) -> None:
    sample = replace(_sample(), instance_kinds=kinds)
    out = degrade(sample, np.random.default_rng(0), replace(NONE, no_plate_p=1), SIZE)
    assert (out.plate == NO_PLATE).all() == dropped
    np.testing.assert_array_equal(out.alpha, sample.alpha)


def test_an_empty_shot_may_go_without_a_plate() -> None:
    sample = replace(_sample(), alpha=np.zeros(SIZE, np.float32), instance_kinds=())
    out = degrade(sample, np.random.default_rng(0), replace(NONE, no_plate_p=1), SIZE)
    assert (out.plate == NO_PLATE).all()


LOOKS = [replace(NONE, **{name: value}) for name, value in LOOK.items()] + [replace(NONE, grey_p=1, range_p=1)]


@pytest.mark.parametrize("look", LOOKS)
def test_the_look_is_that_of_one_camera(look: Effects) -> None:
    sample = _sample()
    same = replace(sample, shot=sample.plate, alpha=np.zeros_like(sample.alpha))
    out = degrade(same, np.random.default_rng(1), look, SIZE)
    np.testing.assert_array_equal(out.shot, out.plate)
    assert np.abs(out.plate - sample.plate).max() > 0.01


@pytest.mark.parametrize("effect", ["intruder_p", "thicket_p"])
def test_what_is_drawn_keeps_its_plate_and_its_depth_is_unknown(effect: str) -> None:
    sample, drawn = _sample(), NONE.changed([f"{effect}=1", "no_plate_p=1"])
    came = 0
    for seed in range(12):
        out = degrade(sample, np.random.default_rng(seed), drawn, SIZE)
        assert (out.plate != NO_PLATE).any()
        assert (out.alpha >= sample.alpha - 1e-5).all()
        new = (out.alpha >= 0.5) & (sample.alpha == 0)
        assert (out.shot_depth_m[new] == 0).all()
        assert (out.shot_depth_m[out.alpha == 0] == sample.shot_depth_m[out.alpha == 0]).all()
        came += bool(new.any())
    assert came >= 10


def _empty(scene: Sample) -> Sample:
    """Nobody in it."""
    return replace(scene, shot=scene.plate, alpha=np.zeros(SIZE, np.float32), shot_depth_m=scene.plate_depth_m)


def test_a_thicket_is_many_leaves_and_through_its_gaps_the_scene_is_seen() -> None:
    scene = _empty(_sample())
    shares: list[float] = []
    num_pieces: list[int] = []
    for seed in range(40):
        out = degrade(scene, np.random.default_rng(seed), replace(NONE, thicket_p=1), SIZE)
        gaps = out.alpha == 0
        np.testing.assert_array_equal(out.shot[gaps], scene.shot[gaps])
        shares.append(float(out.alpha.mean()))
        covered = out.alpha >= 0.5
        num_pieces.append(sum(cv2.connectedComponents(part.view(np.uint8))[0] - 1 for part in (covered, ~covered)))
    assert 0.05 < np.quantile(shares, 0.25) < np.quantile(shares, 0.9) < 0.95
    assert np.median(num_pieces) >= 12


def test_a_thicket_is_as_light_at_its_soft_edges_as_within() -> None:
    bright = replace(_empty(_sample()), plate=np.ones((*SIZE, 3), np.float32), shot=np.ones((*SIZE, 3), np.float32))
    ratios: list[float] = []
    for seed in range(40):
        out = degrade(bright, np.random.default_rng(seed), replace(NONE, thicket_p=1), SIZE)
        edge, inside = (out.alpha > 0.05) & (out.alpha < 0.3), out.alpha > 0.95
        if edge.any() and inside.any():
            front = 1 - (1 - out.shot[edge]) / out.alpha[edge][:, None]
            ratios.append(float(front.mean() / out.shot[inside].mean()))
    assert len(ratios) > 20
    assert 0.75 < np.median(ratios) < 1.1


@pytest.mark.parametrize("effect", ["intruder_p", "thicket_p"])
def test_what_is_drawn_and_moves_takes_no_depth_from_what_is_behind_it(effect: str) -> None:
    empty = _empty(_sample())
    moving = replace(NONE.changed([f"{effect}=1"]), motion_p=1, interlace_p=1, motion_px=12)
    covered = 0
    for seed in range(12):
        out = degrade(empty, np.random.default_rng(seed), moving, SIZE)
        assert (out.shot_depth_m[out.alpha >= 0.5] == 0).all()
        covered += int((out.alpha >= 0.5).sum())
    assert covered > 1000


def test_what_sways_is_behind_whoever_came_and_moves_by_a_few_pixels() -> None:
    ramp = np.broadcast_to(np.linspace(0.2, 0.8, SIZE[1], dtype=np.float32)[:, None], (*SIZE, 3)).copy()
    alpha = np.zeros(SIZE, np.float32)
    alpha[15:40, 20:35] = 1
    scene = replace(_sample(), plate=ramp, shot=np.where(alpha[..., None] > 0, np.float32(0.9), ramp), alpha=alpha)
    num_px: list[float] = []
    for seed in range(40):
        out = degrade(scene, np.random.default_rng(seed), replace(NONE, sway_p=1, sway_px=1), SIZE)
        np.testing.assert_array_equal(out.shot[alpha > 0], scene.shot[alpha > 0])
        num_px.append(float(np.abs(out.shot - ramp)[alpha == 0].mean() / (0.6 / (SIZE[1] - 1))))
    assert 0.2 < np.mean(num_px) < 5
    assert np.min(num_px) < 0.2 * np.mean(num_px)


def test_a_camera_writes_another_time_into_plate_and_shot_at_the_same_place() -> None:
    grey = np.full((96, 128, 3), 0.5, np.float32)
    scene = replace(_sample(), plate=grey, shot=grey, alpha=np.zeros((96, 128), np.float32))
    scene = replace(scene, plate_depth_m=np.ones((96, 128), np.float32), shot_depth_m=np.ones((96, 128), np.float32))
    others = 0
    for seed in range(8):
        out = degrade(scene, np.random.default_rng(seed), replace(NONE, caption_p=1), (96, 128))
        plate, shot = (np.abs(picture - 0.5).max(-1) > 0.05 for picture in (out.plate, out.shot))
        assert plate.any()
        assert (np.maximum(plate, shot).max(-1) > 0).sum() < 60  # rows, of 96
        others += int((plate != shot).any())
    assert others == 8


def test_a_black_border_lies_before_what_moves() -> None:
    settings = replace(NONE, border_p=1, motion_p=1, interlace_p=1, ghost_p=1, motion_px=12)
    num_black = 0
    for seed in range(12):
        out = degrade(_sample(), np.random.default_rng(seed), settings, SIZE)
        black = out.plate.max(-1) == 0
        num_black += int(black.sum())
        assert not out.alpha[black].any()
        assert not out.shot[black].any()
        assert not out.shot_depth_m[black].any()
        assert not out.plate_depth_m[black].any()
    assert num_black > 200  # some are narrower than a pixel
