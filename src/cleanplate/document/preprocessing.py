"""How pictures reach the network: the document's scaling beside the honest one, and its jitter of colours."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from torch import Tensor

from cleanplate.imaging import Image
from cleanplate.sample.record import Sample
from cleanplate.train.data import Camera

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""Of ImageNet's colours in [0, 1], as every tutorial of the time had them."""

Scaling = Literal["imagenet", "as_it_was", "unit"]
"""`imagenet`: minus mean, by std. `as_it_was`: the document's. `unit`: left in [0, 1]."""

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def scaled(picture: Tensor, scaling: Scaling) -> Tensor:
    """Scale RGB (n, 3, h, w) in [0, 1].

    The document divided by 255 and then normalised with mean * 255 and std * 255, which is meant for pictures in
    0..255: whatever the picture, the result is -1.98 give or take 0.005.

    >>> import torch
    >>> black_and_white = torch.tensor([0.0, 1.0]).view(2, 1, 1, 1).expand(2, 3, 1, 1)
    >>> [round(x, 3) for x in scaled(black_and_white, "as_it_was").mean(1).flatten().tolist()]
    [-1.986, -1.969]
    >>> [round(x, 3) for x in scaled(black_and_white, "imagenet").mean(1).flatten().tolist()]
    [-1.986, 2.439]
    """
    if scaling == "unit":
        return picture
    mean, std = (picture.new_tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    return (picture - 255 * mean) / (255 * std) if scaling == "as_it_was" else (picture - mean) / std


@dataclass(frozen=True)
class JitteringCamera(Camera):
    """A camera followed by torchvision's ColorJitter on brightness, contrast and saturation, in random order.

    Attributes:
        strength: each factor is drawn from 1 - strength to 1 + strength.
        independent: plate and shot each get factors of their own, as in the document; else both get the same.

    """

    strength: float = 0.0
    independent: bool = False

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """See `Camera`."""
        sample = super().__call__(sample, rng)
        first, second = (int(seed) for seed in rng.integers(0, 2**63, 2))
        plate = jittered(sample.plate, np.random.default_rng(first), self.strength)
        shot = jittered(sample.shot, np.random.default_rng(second if self.independent else first), self.strength)
        return replace(sample, plate=plate, shot=shot)


def jittered(picture: Image, rng: np.random.Generator, strength: float) -> Image:
    """RGB (h, w, 3) in [0, 1] with brightness, contrast and saturation changed; the same `rng` changes alike.

    Source: torchvision's ColorJitter: a factor f mixes the picture with black, with its mean grey, with its own grey.
    """
    for kind in rng.permutation(3).tolist():
        factor = np.float32(rng.uniform(1 - strength, 1 + strength))
        grey = (picture @ _LUMA)[..., None]
        other = (np.float32(0), grey.mean(), grey)[kind]
        picture = np.clip(factor * picture + (1 - factor) * other, 0, 1).astype(np.float32)
    return picture
