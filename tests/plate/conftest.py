"""Pictures of rooms that never were: coloured boxes and grain."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from cleanplate.imaging import Image

Room = Callable[[int], Image]


@pytest.fixture
def room() -> Room:
    """A room (120, 160, 3), another one for every number."""

    def make(number: int) -> Image:
        rng = np.random.default_rng(number)
        picture = np.full((120, 160, 3), rng.uniform(0.3, 0.6, 3), np.float32)
        for _ in range(25):
            x, y = (int(value) for value in rng.uniform(-20, 150, 2))
            wide, high = (int(value) for value in rng.uniform(8, 45, 2))
            cv2.rectangle(picture, (x, y), (x + wide, y + high), rng.uniform(0.1, 0.8, 3).tolist(), -1)
        grain = rng.normal(0, 0.02, picture.shape).astype(np.float32)
        return np.clip(np.asarray(cv2.GaussianBlur(picture + grain, (0, 0), 0.8), np.float32), 0, 1)

    return make
