from dataclasses import replace

import numpy as np
import pytest
import torch

from cleanplate.document.preprocessing import JitteringCamera, jittered, scaled
from cleanplate.sample.record import Sample
from cleanplate.synth.camera import Effects


def _camera(independent: bool) -> JitteringCamera:
    return JitteringCamera(Effects.none(), (32, 32), 0.3, independent)


def test_the_documents_scaling_squeezes_any_picture_into_a_hundredth() -> None:
    picture = torch.rand(4, 3, 16, 16)
    squeezed, honest = scaled(picture, "as_it_was"), scaled(picture, "imagenet")
    assert float(squeezed.mean((0, 2, 3)).mean()) == pytest.approx(-1.978, abs=0.002)
    assert float((squeezed - squeezed.mean((0, 2, 3), keepdim=True)).std()) < 0.006
    assert float(honest.std()) > 1
    assert torch.equal(scaled(picture, "unit"), picture)


def test_joint_jitter_leaves_equal_pictures_equal_and_independent_jitter_does_not(sample: Sample) -> None:
    same = replace(sample, shot=sample.plate)
    joint = _camera(independent=False)(same, np.random.default_rng(1))
    each = _camera(independent=True)(same, np.random.default_rng(1))
    assert np.array_equal(joint.plate, joint.shot)
    assert np.abs(each.plate - each.shot).mean() > 0.01
    assert np.array_equal(joint.plate, each.plate)
    assert np.array_equal(joint.alpha, sample.alpha)


def test_jitter_is_a_pure_function_of_its_generator_and_stays_in_range(sample: Sample) -> None:
    one, again = (jittered(sample.shot, np.random.default_rng(3), 0.5) for _ in range(2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, jittered(sample.shot, np.random.default_rng(4), 0.5))
    assert one.dtype == np.float32
    assert 0 <= one.min() <= one.max() <= 1
    assert np.allclose(jittered(sample.shot, np.random.default_rng(3), 0.0), sample.shot, atol=1e-6)
