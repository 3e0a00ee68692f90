"""Furniture comes out upright, at its size, with its looks, and can be read back."""

from pathlib import Path

import numpy as np
import pytest

from cleanplate.assets.bake_furniture import bake_piece, packed, selection
from cleanplate.assets.packing import write_pack
from cleanplate.assets.pictures import jpeg
from cleanplate.synth import packed as packed_parts
from cleanplate.synth.geometry.mesh import bounds
from cleanplate.synth.pack import Pack
from cleanplate.synth.packed import PackParts
from cleanplate.synth.places.catalogue import ROLES, Catalogue

from .conftest import MakeLibraries

SETTINGS = {"chances": {"room": 1.0, "chair": 1.0, "small": 1.0, "brought": 1.0}, "wall": True, "seat": True}


@pytest.fixture
def pack(libraries: MakeLibraries, tmp_path: Path) -> Pack:
    entry = libraries({"LICENSE.txt": "Creative Commons Zero"})["BlendSwap-CC-0/chair"]
    piece, sources = bake_piece(entry, "chair", 0, SETTINGS)
    assert [source.file.rsplit("/", 1)[1] for source in sources] == ["chair.obj", "cloth.png"]
    picture = jpeg(np.full((16, 16, 3), (90, 60, 30), np.uint8), 90)
    shows = ["wood", "stone", "plaster", "print", "fabric"]
    textures = {"shows": np.array(shows), "picture": np.tile(picture, 5), "num_picture": np.full(5, len(picture))}
    skies = {"outdoors": np.array([True]), "picture": picture, "num_picture": np.array([len(picture)])}
    parts = {"furniture": packed([piece]), "textures": textures, "skies": skies}
    return write_pack(tmp_path / "pack", parts, sources)


def test_a_piece_stands_around_the_origin_at_its_size_with_its_back_behind(pack: Pack) -> None:
    chair = Catalogue(pack).stored(0)
    low, high = bounds(chair.meshes)
    np.testing.assert_allclose(low, [-0.25, -0.2, 0], atol=1e-3)
    np.testing.assert_allclose(high, [0.25, 0.2, 0.9], atol=1e-3)
    back = next(mesh for mesh in chair.meshes if mesh.vertices[:, 2].max() > 0.5)
    np.testing.assert_allclose(back.vertices[:, 1], 0.2, atol=1e-3)


def test_materials_become_textures_and_colours(pack: Pack) -> None:
    seat, back = sorted(Catalogue(pack).stored(0).meshes, key=lambda mesh: float(mesh.vertices[:, 2].max()))
    assert seat.surface.texture.shape == (8, 8, 3)
    red, _, blue = seat.surface.texture.mean((0, 1))
    assert red > 2 * blue
    assert seat.uv.max() == pytest.approx(1, abs=2e-3)
    assert back.surface.texture.shape == (1, 1, 3)
    assert back.surface.gloss > 0 >= seat.surface.gloss


def test_seats_and_sizes_follow_when_a_piece_is_varied(pack: Pack) -> None:
    catalogue = Catalogue(pack)
    widths: set[float] = set()
    for seed in range(40):
        piece = catalogue.piece(np.random.default_rng(seed), "room")
        low, high = bounds(piece.meshes)
        assert low[2] == pytest.approx(0, abs=1e-6)
        assert 0.75 < (high[2] - low[2]) / 0.9 < 1.3
        widths.add(round(float(high[0] - low[0]), 3))
        for mesh in piece.meshes:
            assert float(mesh.surface.texture.max()) <= 0.9
    assert len(widths) > 20


def test_the_same_seed_gives_the_same_piece(pack: Pack) -> None:
    one, two = (Catalogue(pack).piece(np.random.default_rng(5), "room") for _ in range(2))
    for a, b in zip(one.meshes, two.meshes, strict=True):
        np.testing.assert_array_equal(a.vertices, b.vertices)
        np.testing.assert_array_equal(a.surface.texture, b.surface.texture)


def test_a_model_without_a_clear_licence_is_never_baked(libraries: MakeLibraries) -> None:
    with pytest.raises(ValueError, match="no clear licence"):
        bake_piece(libraries({})["BlendSwap-CC-0/chair"], "chair", 0, SETTINGS)


def test_the_list_of_models_holds_each_once_with_known_roles() -> None:
    chosen = selection()
    keys = [key for _, key, _, _ in chosen]
    assert len(keys) == len(set(keys)) > 400
    assert {role for _, _, _, settings in chosen for role in settings["chances"]} == set(ROLES)


def test_no_training_sees_what_only_tests_are_to_see() -> None:
    seen, unseen = ({key for _, key, _, _ in selection(choice)} for choice in ("furniture", "unseen"))
    assert len(unseen) > 30
    assert not seen & unseen


def test_what_is_brought_comes_from_the_unseen_pack_where_there_is_one(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(_: Pack) -> None: ...

    monkeypatch.setattr(packed_parts, "PackPeople", nobody)
    stored = dict(pack.arrays("furniture"))
    unseen = write_pack(tmp_path / "unseen", {"furniture": stored | {"scale_m": stored["scale_m"] * 2}}, [])
    parts, with_unseen = PackParts(pack), PackParts(pack, unseen)
    assert parts.fingerprint != with_unseen.fingerprint
    for seed in range(5):
        low, high = bounds(with_unseen.brought(np.random.default_rng(seed)))
        assert high[2] - low[2] == pytest.approx(1.8, rel=0.2)
