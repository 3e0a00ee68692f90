"""Bake furniture and things: metric, upright, few triangles, small textures."""

import tomllib
import zipfile
from collections import Counter
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.assets import measure, sweethome
from cleanplate.assets.gather import Downloads
from cleanplate.assets.licences import Source
from cleanplate.assets.pictures import jpeg, small_picture
from cleanplate.assets.simplify import creased, simplified
from cleanplate.assets.wavefront import Material, Model, read_model
from cleanplate.imaging.colour import srgb_to_linear
from cleanplate.jobs.progress import track
from cleanplate.synth.geometry.vectors import Floats, Ints
from cleanplate.synth.places.catalogue import ROLES

LIBRARIES = {"0": "BlendSwap-CC-0", "B": "BlendSwap-CC-BY", "K": "KatorLegaz", "S": "Scopia"}
_TEXTURE_PX = 128
_NUM_TRIANGLES = {
    "small": 600,
    "table_lamp": 600,
    "pot": 1200,
    "plant": 2500,
    "street": 2500,
    "vehicle": 2500,
    "wheels": 2500,
    "screen": 500,
}
_OTHERWISE = 1500
_GROWS = {"plant", "pot", "street"}
_UV_STEP = 1 / 1024


@dataclass(frozen=True, eq=False)
class Part:
    """The triangles of a piece that share a material.

    Attributes:
        vertices: (n, 3) metres. triangles: (m, 3). uv: (m, 3, 2), None where there is no picture.
        colour: (3,) linear albedo. picture: bytes of an encoded picture, empty where there is none.
        gloss: as of `Surface`. smooth: as of `Mesh`.
    """

    vertices: Floats
    triangles: Ints
    uv: Floats | None
    colour: Floats
    picture: NDArray[np.uint8]
    gloss: float
    smooth: bool


@dataclass(frozen=True, eq=False)
class BakedPiece:
    """A piece ready to be packed; kind and settings as in furniture.toml, seats and top as in `measure`."""

    name: str
    kind: str
    parts: list[Part]
    seats: list[tuple[float, float, float, float]]
    top: tuple[float, float, float, float, float] | None
    settings: dict[str, Any] = field(repr=False)


def bake_furniture(downloads: Downloads) -> tuple[dict[str, NDArray[Any]], list[Source]]:
    """The arrays of furniture.npz (docs/formats.md) and where every model comes from.

    Raises:
        InputError: a package cannot be had.
        ValueError: a model of the list has no clear licence, or is not there.

    """
    return _bake(downloads, "furniture")


def bake_unseen(downloads: Downloads) -> tuple[dict[str, NDArray[Any]], list[Source]]:
    """The same of unseen.toml: things that only tests see."""
    return _bake(downloads, "unseen")


def _bake(downloads: Downloads, choice: str) -> tuple[dict[str, NDArray[Any]], list[Source]]:
    entries = sweethome.read_libraries(downloads.deb(sweethome.PACKAGE, sweethome.VERSION))
    chosen = selection(choice)
    pieces: list[BakedPiece] = []
    sources: list[Source] = []
    for kind, key, turns, settings in track(chosen, choice, len(chosen)):
        entry = entries[key]
        piece, files = bake_piece(entry, kind, turns, settings)
        pieces.append(piece)
        sources += files
    return packed(pieces), sources


def selection(choice: str = "furniture") -> list[tuple[str, str, int, dict[str, Any]]]:
    """The models of furniture.toml, or of unseen.toml: kind, "LIBRARY/KEY", quarter turns, settings of the kind."""
    text = files("cleanplate.assets").joinpath(f"{choice}.toml").read_text(encoding="utf-8")
    out: list[tuple[str, str, int, dict[str, Any]]] = []
    for kind, settings in tomllib.loads(text).items():
        for word in str(settings["models"]).split():
            key, _, turns = word.partition(":")
            library, _, name = key.partition("/")
            out.append((kind, f"{LIBRARIES[library]}/{name}", int(turns or 0), settings))
    return out


def bake_piece(
    entry: sweethome.Entry, kind: str, turns: int, settings: dict[str, Any]
) -> tuple[BakedPiece, list[Source]]:
    """One model, standing on z = 0 around the origin at its size, its back toward +y; and where its files come from."""
    source = sweethome.source_of(entry, entry.model, "furniture")
    if source is None:
        raise ValueError(f"{entry.library}/{entry.key} has no clear licence")
    model = read_model(entry.archive, entry.model)
    pictures = _allowed_pictures(entry, model)
    model = simplified(_upright(model, entry, turns), _NUM_TRIANGLES.get(kind, _OTHERWISE), kind in _GROWS)
    seen = measure.relief(model.vertices[model.triangles])
    seats: list[tuple[float, float, float, float]] = []
    if settings.get("seat"):
        highest = 0.85 if kind == "stool" else 0.56
        seats = measure.seats_on_sides(seen) if kind == "bed" else measure.seats_facing_front(seen, highest)
    top = measure.top_of(seen) if settings.get("top") else None
    name = str(settings.get("name", kind.replace("_", " ")))
    return BakedPiece(name, kind, _parts(model, entry.archive), seats, top, settings), [source, *pictures]


def _allowed_pictures(entry: sweethome.Entry, model: Model) -> list[Source]:
    """Where the pictures come from; a material whose picture is not let in loses it."""
    out: list[Source] = []
    for number in np.unique(model.material):
        material = model.materials[int(number)]
        if material.picture:
            source = sweethome.source_of(entry, material.picture, "furniture")
            if source is None:
                material.picture = ""
            else:
                out.append(source)
    return out


def _upright(model: Model, entry: sweethome.Entry, turns: int) -> Model:
    """From the file's axes (y up, front toward +z) to ours, at the catalogue's size and height above the floor."""
    turned = model.vertices @ entry.rotation.T
    turned = np.stack([turned[:, 0], -turned[:, 2], turned[:, 1]], -1)
    used = turned[np.unique(model.triangles)]
    lo, hi = used.min(0), used.max(0)
    placed = ((turned - lo) / np.maximum(hi - lo, 1e-9) - np.array([0.5, 0.5, 0])) * entry.size_m
    placed[:, 2] += entry.elevation_m
    for _ in range(turns % 4):
        placed = np.stack([-placed[:, 1], placed[:, 0], placed[:, 2]], -1)
    return replace(model, vertices=placed.astype(np.float32))


def _parts(model: Model, archive: zipfile.ZipFile) -> list[Part]:
    """One part for every look among the materials that are used."""
    looks: dict[tuple[Any, ...], list[int]] = {}
    for number in np.unique(model.material):
        material = model.materials[int(number)]
        key = (material.picture,) if material.picture else (*np.round(material.colour, 2), material.shine > 0.4)
        looks.setdefault(key, []).append(int(number))
    out: list[Part] = []
    for numbers in looks.values():
        own = np.isin(model.material, numbers)
        material = model.materials[numbers[0]]
        used, index = np.unique(model.triangles[own], return_inverse=True)
        points, triangles, curved = creased(model.vertices[used], index.reshape(-1, 3))
        picture = small_picture(archive.read(material.picture), _TEXTURE_PX) if material.picture else None
        uv = model.uv[own] if picture is not None else None
        out.append(
            Part(
                points,
                triangles,
                uv,
                _albedo(material),
                _encoded(picture),
                0.04 if material.shine > 0.4 else 0.0,
                curved,
            )
        )
    return out


def _albedo(material: Material) -> Floats:
    """Linear albedo of a plain colour: no paint is blacker than 3 % or whiter than 85 %."""
    return (0.03 + 0.82 * srgb_to_linear(np.clip(np.array(material.colour, np.float32), 0, 1))).astype(np.float32)


def _encoded(picture: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """A JPEG, or a PNG where there is an opacity; empty for None."""
    if picture is None:
        return np.zeros(0, np.uint8)
    if picture.shape[2] == 4:
        return np.asarray(cv2.imencode(".png", picture[..., [2, 1, 0, 3]])[1], np.uint8).reshape(-1)
    return jpeg(picture, 80)


def packed(pieces: list[BakedPiece]) -> dict[str, NDArray[Any]]:
    """All pieces as flat arrays; see docs/formats.md."""
    parts = [part for piece in pieces for part in piece.parts]
    pictures = [part.picture for part in parts]
    scale = [max(float(np.abs(part.vertices).max()) for part in piece.parts) / 32767 for piece in pieces]
    owner = np.repeat(np.arange(len(pieces)), [len(piece.parts) for piece in pieces])
    uv = [_fixed_uv(part.uv) if part.uv is not None else np.zeros((0, 3, 2), np.int16) for part in parts]
    return {
        "name": np.array([piece.name for piece in pieces]),
        "kind": np.array([piece.kind for piece in pieces]),
        "chances": _chances(pieces),
        "against_wall": np.array([bool(piece.settings["wall"]) for piece in pieces]),
        "scale_m": np.array(scale, np.float32),
        "seats": np.array([seat for piece in pieces for seat in piece.seats], np.float32).reshape(-1, 4),
        "num_seats": np.array([len(piece.seats) for piece in pieces], np.int32),
        "top": np.array([piece.top or (0, 0, 0, 0, 0) for piece in pieces], np.float32),
        "num_parts": np.array([len(piece.parts) for piece in pieces], np.int32),
        "vertices": np.concatenate([np.round(p.vertices / scale[k]) for p, k in zip(parts, owner, strict=True)]).astype(
            np.int16
        ),
        "num_vertices": np.array([len(part.vertices) for part in parts], np.int32),
        "triangles": np.concatenate([part.triangles for part in parts]).astype(np.uint16),
        "num_triangles": np.array([len(part.triangles) for part in parts], np.int32),
        "uv": np.concatenate(uv),
        "num_uv": np.array([len(one) for one in uv], np.int32),
        "colour": np.array([part.colour for part in parts], np.float32),
        "gloss": np.array([part.gloss for part in parts], np.float32),
        "smooth": np.array([part.smooth for part in parts]),
        "picture": np.concatenate([*pictures, np.zeros(0, np.uint8)]),
        "num_picture": np.array([len(one) for one in pictures], np.int32),
    }


def _chances(pieces: list[BakedPiece]) -> Floats:
    """(p, len(ROLES)): those of the kind, shared among its models."""
    models = Counter(piece.kind for piece in pieces)
    rows = [[piece.settings["chances"].get(role, 0) / models[piece.kind] for role in ROLES] for piece in pieces]
    return np.array(rows, np.float32)


def _fixed_uv(uv: Floats) -> NDArray[np.int16]:
    """Texture coordinates (m, 3, 2) in steps of 1 / 1024, shifted by whole repeats to be near 0."""
    steps: Floats = np.clip(uv - np.floor(uv.mean(1, keepdims=True)), -31, 31) / _UV_STEP
    return np.round(steps).astype(np.int16)
