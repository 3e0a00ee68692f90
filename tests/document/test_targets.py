from typing import get_args

import pytest
import torch

from cleanplate.document.targets import (
    Form,
    decode,
    depth_m_of,
    depth_target,
    drawn_as_it_was,
    encode,
    num_channels,
)

FORMS = [form for form in get_args(Form) if form != "none"]


def _target() -> torch.Tensor:
    return torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("form", FORMS)
def test_what_is_encoded_is_read_back(form: Form) -> None:
    picture = encode(_target(), form)
    assert picture.shape == (2, num_channels(form), 8, 8)
    assert float(picture.min()) >= 0
    assert float(picture.max()) <= 1
    assert torch.allclose(decode(picture, form), _target(), atol=0.5 / 255 + 1e-6)


def test_colours_a_little_off_are_read_as_a_depth_a_little_off() -> None:
    picture = encode(_target(), "colour") + 0.01 * torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    assert float((decode(picture, "colour") - _target()).abs().max()) < 0.05


def test_depth_in_metres_survives_between_half_a_metre_and_ten() -> None:
    depth_m = torch.linspace(0.5, 10, 64)
    assert torch.allclose(depth_m_of(depth_target(depth_m)[0]), depth_m, rtol=1e-4)


def test_the_documents_drawing_turns_every_probability_above_a_seventh_white() -> None:
    probability = torch.linspace(0.15, 0.99, 50).view(-1, 1, 1, 1)
    assert torch.all(drawn_as_it_was(probability.logit()) == 1)
    assert torch.all(drawn_as_it_was(torch.tensor(0.1).logit().view(1, 1, 1, 1))[:, 0] < 1)
    assert torch.all(drawn_as_it_was(torch.rand(1, 1, 8, 8)) == 1)  # a perfect regression output
