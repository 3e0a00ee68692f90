"""Photos and cut-outs that cannot be composed are refused before any work, each in one sentence."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage

from cleanplate.errors import InputError
from cleanplate.synth.compose.composing import Layout, compose
from cleanplate.synth.compose.photos import used

Photos = Callable[[], tuple[Path, Path]]
TINY = Layout(places=1, size_hw=(60, 80))


@pytest.mark.parametrize(
    ("file", "picture", "said"),
    [
        ("foregrounds/x.png", PilImage.new("RGB", (30, 40)), r"x\.png: has no transparency, so nothing is cut out"),
        ("foregrounds/x.jpg", PilImage.new("RGB", (30, 40)), r"x\.jpg: has no transparency, so nothing is cut out"),
        ("foregrounds/x.png", PilImage.new("RGBA", (30, 40), (9, 9, 9, 255)), r"x\.png: has no transparency"),
        ("foregrounds/x.png", PilImage.new("RGBA", (30, 40)), r"x\.png: is transparent everywhere"),
        ("foregrounds/x.png", PilImage.new("RGBA", (30, 40), (9, 9, 9, 3)), r"x\.png: is 1% opaque at most"),
        ("foregrounds/x.png", None, r"x\.png: is empty"),
        ("backgrounds/x.png", None, r"x\.png: is empty"),
        ("backgrounds/x.png", PilImage.new("RGB", (79, 60)), r"x\.png: is 79 x 60 pixels, too small for .* 80 x 60"),
        ("backgrounds/hall.jpg", PilImage.new("RGB", (160, 120)), r"hall\.jpg and .*hall\.png: two files of one name;"),
        (
            "foregrounds/Ann.webp",
            PilImage.new("RGBA", (20, 20)),
            r"Ann\.webp and .*ann\.png: two files of one name on macOS",
        ),
    ],
)
def test_what_cannot_be_composed_is_refused(
    photos: Photos, tmp_path: Path, file: str, picture: PilImage.Image | None, said: str
) -> None:
    backgrounds, foregrounds = photos()
    if picture is None:
        (tmp_path / file).write_bytes(b"")
    else:
        picture.save(tmp_path / file)
    with pytest.raises(InputError, match=said):
        compose(tmp_path / "d", backgrounds, foregrounds, TINY)
    assert not (tmp_path / "d").exists()


def test_a_background_smaller_than_a_foreground_is_refused(photos: Photos, tmp_path: Path) -> None:
    backgrounds, foregrounds = photos()
    tall = np.zeros((140, 30, 4), np.uint8)
    tall[5:135] = 255
    tall[:, 0] = 0
    PilImage.fromarray(tall).save(foregrounds / "tall.png")
    with pytest.raises(InputError) as caught:
        compose(tmp_path / "d", backgrounds, foregrounds, TINY)
    assert str(caught.value) == (
        f"{backgrounds / 'a park, 2.png'}: is smaller than a foreground: 160 x 120 pixels of it are used, "
        f"{foregrounds / 'tall.png'} is 29 x 130; scale that down, give --size the "
        "photo's shape, 60x75, or leave one of them out"
    )
    wide = np.zeros((30, 200, 4), np.uint8)
    wide[5:25, 5:195] = 255
    (foregrounds / "tall.png").unlink()
    PilImage.fromarray(wide).save(foregrounds / "wide.png")  # wider than all of some photo
    with pytest.raises(InputError, match=r"wide\.png is 190 x 20; scale that down, or leave one of them out"):
        compose(tmp_path / "d", backgrounds, foregrounds, TINY)
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("kind", ["backgrounds", "foregrounds"])
def test_a_folder_without_pictures_is_named(photos: Photos, tmp_path: Path, kind: str) -> None:
    backgrounds, foregrounds = photos()
    folders = {"backgrounds": backgrounds, "foregrounds": foregrounds, kind: tmp_path / "none"}
    with pytest.raises(InputError, match="none: cannot be listed"):
        compose(tmp_path / "d", folders["backgrounds"], folders["foregrounds"], TINY)
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="none: holds no JPEG, PNG, WebP or TIFF picture"):
        compose(tmp_path / "d", folders["backgrounds"], folders["foregrounds"], TINY)


@pytest.mark.parametrize("here", [(60, 80), (61, 80), (60, 81), (1000, 333), (97, 5000)])
def test_what_is_used_of_a_background_fits_and_has_the_shape(here: tuple[int, int]) -> None:
    height, width = used(here, (60, 80))
    assert height <= here[0]
    assert width <= here[1]
    assert height == here[0] or width == here[1]
    assert abs(width - height * 80 / 60) < 1.34
