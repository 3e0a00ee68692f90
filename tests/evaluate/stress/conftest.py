"""An invented pair of small pictures, with the margin that stress needs."""

import numpy as np
import pytest

from cleanplate.evaluate.stress.pairs import Pair
from cleanplate.imaging.resize import resize

SIZE_HW = (160, 200)
"""With the margin of 32 px on each side."""


def invented_pair(name: str = "pair", seed: int = 1) -> Pair:
    """A mottled plate of middle tones, and in the shot a patterned bluish box with a soft edge."""
    rng = np.random.default_rng(seed)
    plate = 0.35 + 0.3 * resize(rng.random((20, 25, 3), np.float32), SIZE_HW)
    alpha = np.zeros((40, 50), np.float32)
    alpha[14:28, 20:29] = 1
    alpha = resize(alpha, SIZE_HW)
    front = np.array([0.15, 0.25, 0.7], np.float32) + 0.1 * resize(rng.random((40, 50, 1), np.float32), SIZE_HW)
    shot = (alpha[..., None] * front + (1 - alpha[..., None]) * plate).astype(np.float32)
    return Pair(name, plate.astype(np.float32), shot, alpha, np.ones(SIZE_HW, np.bool_))


@pytest.fixture
def invented() -> Pair:
    return invented_pair()
