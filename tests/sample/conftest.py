"""Folder sets as somebody else has made them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage

FolderMaker = Callable[..., Path]


@pytest.fixture
def foreign(tmp_path: Path) -> FolderMaker:
    """Write pictures of 24 x 20 pixels: `foreign(bg=["a.png"], fg_bg=["a.jpg"], ...)`; each kind has its own grey."""

    def make(**kinds: list[str]) -> Path:
        for kind, files in kinds.items():
            for number, file in enumerate(files):
                path = tmp_path / "theirs" / kind / file
                path.parent.mkdir(parents=True, exist_ok=True)
                shade = {"bg": 60, "fg_bg": 60, "mask": 255, "depth": 51}[kind]
                colours = np.full((20, 24, 3) if kind in {"bg", "fg_bg"} else (20, 24), shade, np.uint8)
                if kind == "mask":
                    colours[:, 12:] = 0
                if kind == "depth":
                    colours[:, :12] = 204
                if kind == "fg_bg":
                    colours[:, :12] = 200 - number
                PilImage.fromarray(colours).save(path)
        return tmp_path / "theirs"

    return make
