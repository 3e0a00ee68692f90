"""Photos and cut-outs of somebody's own, made of squares."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage


def _photo(path: Path, size_hw: tuple[int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    squares = rng.integers(30, 220, (size_hw[0] // 10, size_hw[1] // 10, 3))
    PilImage.fromarray(np.kron(squares, np.ones((10, 10, 1))).astype(np.uint8)).save(path)


def cutout(size_hw: tuple[int, int], colour: tuple[int, int, int] = (250, 20, 20)) -> PilImage.Image:
    """An opaque block with a soft rim of 4 px, left half in `colour`, right half white; 10 px of nothing around it."""
    height, width = size_hw
    rgba = np.full((height + 20, width + 20, 4), 255, np.uint8)
    rgba[:, : 10 + width // 2, :3] = colour
    rgba[..., 3] = 0
    rgba[10 : 10 + height, 10 : 10 + width, 3] = 128
    rgba[14 : 6 + height, 14 : 6 + width, 3] = 255
    return PilImage.fromarray(rgba)


@pytest.fixture
def photos(tmp_path: Path) -> Callable[[], tuple[Path, Path]]:
    """Two backgrounds, 120 x 160 and 200 x 160, and three cut-outs of 40 x 20 and 60 x 30 px."""

    def make() -> tuple[Path, Path]:
        backgrounds, foregrounds = tmp_path / "backgrounds", tmp_path / "foregrounds"
        backgrounds.mkdir()
        foregrounds.mkdir()
        _photo(backgrounds / "hall.png", (120, 160), 1)
        _photo(backgrounds / "a park, 2.png", (200, 160), 2)
        for name, size_hw in (("ann", (40, 20)), ("bob.v2", (60, 30)), ("cat", (40, 20))):
            cutout(size_hw, (20 * len(name), 20, 20)).save(foregrounds / f"{name}.png")
        return backgrounds, foregrounds

    return make
