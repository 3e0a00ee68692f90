"""What the doctor promises in numbers, on seeded rendered pairs whose truth is known; nothing makes it fall over."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from cleanplate.imaging import Image
from cleanplate.plate.bedside import Bedside
from cleanplate.plate.doctor import Diagnosis, examine
from cleanplate.plate.geometry import positions
from cleanplate.sample.record import Sample
from cleanplate.synth.shooting import Plan, make_samples

TOOLS = Path(__file__).resolve().parents[2] / "tools"
ROOMS = Plan(12, (300, 400), 3, "procedural")


@pytest.fixture(scope="module")
def pairs() -> Any:
    """The pair maker of `tools/plate_pairs.py`."""
    spec = importlib.util.spec_from_file_location("plate_pairs", TOOLS / "plate_pairs.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["plate_pairs"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    found = [sample for index in range(14) for sample in make_samples(ROOMS, (0, index))]
    return [sample for sample in found if sample.alpha.mean() <= 0.4]


def others(samples: list[Sample], sample: Sample) -> list[Sample]:
    return [other for other in samples if other.scene != sample.scene]


def residual_px(pair: Any, diagnosis: Diagnosis) -> float:
    x, y = positions(np.eye(3) if diagnosis.matrix is None else diagnosis.matrix, pair.alpha.shape)
    there_x, there_y = pair.truth
    hidden = np.asarray(cv2.remap(pair.alpha, there_x, there_y, cv2.INTER_LINEAR, borderValue=1), np.float32)
    return float(np.hypot(x - pair.truth[0], y - pair.truth[1])[hidden < 0.05].mean())


@pytest.mark.long
def test_moved_plates_are_brought_back_to_a_quarter_of_a_pixel(samples: list[Sample], pairs: Any) -> None:
    rng = np.random.default_rng(1)
    made = [pairs.moved_pair(sample, others(samples, sample), rng, pairs.Move()) for sample in samples]
    cases = [(pair, examine(pair.plate, pair.shot)) for pair in made if pair.alpha.mean() <= 0.42]
    assert len(cases) >= 20
    assert np.median([residual_px(*case) for case in cases]) <= 0.25
    assert all(residual_px(*case) <= 2 for case in cases if case[1].verdict.kind == "fine")


@pytest.mark.long
def test_usable_plates_are_told_from_others(samples: list[Sample], pairs: Any) -> None:
    rng = np.random.default_rng(2)
    usable: list[float] = []
    unusable: list[float] = []
    for sample in samples:
        strangers = others(samples, sample)
        good = pairs.moved_pair(sample, strangers, rng, pairs.Move())
        if good.alpha.mean() <= 0.42:
            usable.append(examine(good.plate, good.shot).verdict.margin)
        bad = [
            pairs.other_room(sample, strangers[int(rng.integers(len(strangers)))], rng, pairs.Move()),
            pairs.rearranged(sample, strangers, rng, pairs.Move()),
            pairs.hand_held(sample, rng, pairs.Move()),
        ]
        for pair in bad:
            if pair is not None:
                verdict = examine(pair.plate, pair.shot).verdict
                unusable.append(verdict.margin)
                assert pair.kind != "another room" or verdict.kind != "fine"
    apart = np.array(usable)[:, None] - np.array(unusable)[None]
    assert (apart > 0).mean() + 0.5 * (apart == 0).mean() >= 0.95


@pytest.mark.long
def test_a_thousand_odd_pairs_get_a_verdict() -> None:
    rng = np.random.default_rng(3)
    for _ in range(1000):
        size_hw = (int(rng.integers(16, 100)), int(rng.integers(16, 100)))
        plate = odd(rng, size_hw)
        shot = plate if rng.random() < 0.1 else odd(rng, size_hw)
        if rng.random() < 0.3:
            shot = np.clip(np.roll(plate, int(rng.integers(-9, 9)), axis=1) * np.float32(rng.uniform(0, 3)), 0, 1)
        mended = Bedside(plate).mended_for(shot)
        assert mended.diagnosis.verdict.sentence
        assert mended.plate.shape == plate.shape
        assert np.isfinite(mended.plate).all()


def odd(rng: np.random.Generator, size_hw: tuple[int, int]) -> Image:
    """A picture (h, w, 3) of any kind: flat, black, white, noise, a ramp, stripes, soft or hard blobs, one dot."""
    kind = int(rng.integers(8))
    picture = np.full((*size_hw, 3), rng.choice([0.0, 1.0, rng.random()]), np.float32)
    if kind == 1:
        picture = rng.random(picture.shape, np.float32)
    elif kind == 2:
        picture *= np.linspace(0, 1, size_hw[1], dtype=np.float32)[None, :, None]
    elif kind == 3:
        picture[:, :: int(rng.integers(2, 9))] = rng.random()
    elif kind in {4, 5}:
        soft = cv2.GaussianBlur(rng.random(picture.shape, np.float32), (0, 0), float(rng.uniform(0.5, 6)))
        picture = np.asarray(soft, np.float32)
        picture = np.round(picture * 4) * np.float32(0.25) if kind == 5 else picture
    elif kind == 6:
        picture[size_hw[0] // 2, size_hw[1] // 2] = rng.random()
    elif kind == 7:
        picture[: size_hw[0] // 2] = rng.random(3)
    return np.clip(picture, 0, 1).astype(np.float32)
