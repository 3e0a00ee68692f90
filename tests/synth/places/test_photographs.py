"""Photographed surfaces: plausible albedo, as large as promised, another one each time."""

from pathlib import Path

import numpy as np
import pytest

from cleanplate.assets.packing import write_pack
from cleanplate.assets.pictures import jpeg
from cleanplate.synth.pack import open_pack
from cleanplate.synth.places.photographs import Photographs

SUBJECTS = (
    *("wood", "boards", "fabric", "print", "wallpaper", "plaster", "stone", "tiles", "ground", "carpet", "rug"),
    *("brick", "picture"),
)
LARGE = ("wall", "floor", "ceiling", "ground", "rug")
SMALL = ("wood", "material", "upholstery", "garment")


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Photographs:
    folder: Path = tmp_path_factory.mktemp("pack")
    rng = np.random.default_rng(0)
    pictures = [jpeg(rng.integers(60, 200, (256, 256, 3)).astype(np.uint8), 80) for _ in SUBJECTS]
    panorama = jpeg(np.repeat(np.linspace(90, 180, 256).astype(np.uint8)[:, None, None], 512, 1).repeat(3, 2), 90)
    textures = {"shows": np.array(SUBJECTS), "picture": np.concatenate(pictures)}
    textures["num_picture"] = np.array([len(one) for one in pictures], np.int32)
    skies = {"outdoors": np.array([True]), "picture": panorama, "num_picture": np.array([len(panorama)], np.int32)}
    write_pack(folder, {"textures": textures, "skies": skies}, [])
    return Photographs(open_pack(folder))


@pytest.mark.parametrize("use", [*LARGE, *SMALL])
def test_surfaces_are_albedo_of_the_promised_size(photographs: Photographs, use: str) -> None:
    side = 256 if use in LARGE else 128
    for seed in range(12):
        texture = photographs.texture(np.random.default_rng(seed), use)
        assert texture.shape == (side, side, 3)
        assert texture.dtype == np.float32
        assert 0 < float(texture.min()) <= float(texture.max()) < 0.94


def test_a_seed_gives_its_surface_again_and_another_seed_another(photographs: Photographs) -> None:
    one, again, other = (photographs.texture(np.random.default_rng(seed), "wall") for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0.01


def test_ceilings_are_light_and_walls_are_of_all_kinds(photographs: Photographs) -> None:
    ceilings = [photographs.texture(np.random.default_rng(s), "ceiling").mean() for s in range(20)]
    walls = [photographs.texture(np.random.default_rng(s), "wall").mean() for s in range(40)]
    assert min(ceilings) > 0.3
    assert max(walls) > 2.5 * min(walls)


def test_views_and_skies_are_radiance(photographs: Photographs) -> None:
    view = photographs.view(np.random.default_rng(0))
    assert view.shape == (96, 128, 3)
    assert float(view.mean()) == pytest.approx(1, abs=0.1)
    sky = photographs.sky(np.random.default_rng(0))
    assert sky.shape == (128, 256, 3)
    assert sky[0].mean() < sky[-1].mean()  # the test's panorama is brighter below: nothing is upside down
    assert photographs.picture(np.random.default_rng(0)).shape == (128, 128, 3)
