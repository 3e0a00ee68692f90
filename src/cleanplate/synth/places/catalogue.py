"""Furniture and things from the pack: stretched, mirrored, recoloured and covered anew, so that few are the same."""

from dataclasses import replace
from functools import cached_property

import numpy as np

from cleanplate.imaging.colour import srgb_to_linear
from cleanplate.synth import textures
from cleanplate.synth.geometry.mesh import Mesh, Surface, bounds, turn_z
from cleanplate.synth.geometry.vectors import Floats, Ints
from cleanplate.synth.pack import Pack
from cleanplate.synth.parts import Piece, Seat
from cleanplate.synth.places.photographs import Photographs

ROLES = ("room", "office", "corridor", "hall", "outdoor", "chair", "small", "brought", "animal", "screen")
"""What a piece can be asked for as: furniture of a kind of place, or one of the others."""

_COVERED = {
    "sofa": "upholstery",
    "armchair": "upholstery",
    "office_chair": "upholstery",
    "bed": "upholstery",
    "table": "wood",
    "desk": "material",
    "coffee_table": "material",
    "cabinet": "material",
    "shelf": "material",
    "chair": "material",
    "stool": "material",
    "bench": "wood",
}
"""Kinds whose largest part may be covered with another photograph, and with what."""

_AS_THEY_ARE = {"plant", "pot", "animal", "street", "vehicle"}
"""Kinds whose colours are changed little: there are no blue dogs."""


class Catalogue:
    """Pieces of a pack; all randomness is the generator's. `covers`: photographs to cover them with, if not its own."""

    def __init__(self, pack: Pack, covers: Photographs | None = None) -> None:
        self._stored = pack.arrays("furniture")
        self._photographs = Photographs(pack) if covers is None else covers

    def piece(self, rng: np.random.Generator, place: str) -> Piece:
        """Furniture for a kind of place, one of the first five `ROLES`."""
        return self._varied(rng, self._pick(rng, place))

    def chair(self, rng: np.random.Generator) -> Piece:
        """A chair for a table."""
        return self._varied(rng, self._pick(rng, "chair"))

    def small(self, rng: np.random.Generator) -> list[Mesh]:
        """Something that stands on a table or shelf."""
        return self._varied(rng, self._pick(rng, "small")).meshes

    def brought(self, rng: np.random.Generator) -> list[Mesh]:
        """Something somebody could have brought or moved."""
        return self._varied(rng, self._pick(rng, "brought")).meshes

    def animal(self, rng: np.random.Generator) -> list[Mesh]:
        """A four-legged animal, looking toward -y."""
        return self._varied(rng, self._pick(rng, "animal")).meshes

    def vehicle(self, rng: np.random.Generator) -> list[Mesh]:
        """Something that drives on roads, lengthwise along y, its largest part dyed."""
        number = int(rng.choice(self._vehicles))
        meshes = self._varied(rng, number).meshes
        painted = max(range(len(meshes)), key=lambda k: _area(meshes[k]))
        meshes = [_dyed(rng, mesh) if k == painted else mesh for k, mesh in enumerate(meshes)]
        low, high = bounds(meshes)
        return [m.moved(turn_z(np.pi / 2)) for m in meshes] if high[0] - low[0] > high[1] - low[1] else meshes

    def __len__(self) -> int:
        return len(self._stored["name"])

    def stored(self, number: int) -> Piece:
        """Piece `number` exactly as it is in the pack."""
        top = self._top(number)
        return Piece(
            str(self._stored["name"][number]),
            [self._part(part) for part in range(self._parts[number], self._parts[number + 1])],
            tuple(Seat(*map(float, row)) for row in self._seats(number)),
            None if top is None else top[4],
            bool(self._stored["against_wall"][number]),
            None if top is None else top[:4],
        )

    def _pick(self, rng: np.random.Generator, role: str) -> int:
        chances = self._cumulative[:, ROLES.index(role)]
        return int(np.searchsorted(chances, rng.random() * float(chances[-1]), "right"))

    def _varied(self, rng: np.random.Generator, number: int) -> Piece:
        """A piece of another size, perhaps mirrored, in other colours."""
        piece, kind = self.stored(number), str(self._stored["kind"][number])
        scale = np.exp(np.clip(rng.normal(0, 0.05, 3), -0.12, 0.12)).astype(np.float32)
        scale *= np.float32(rng.uniform(0.95, 1.05))
        mirrored = rng.random() < 0.5
        meshes = self._recoloured(rng, piece.meshes, kind)
        side = -scale[0] if mirrored else scale[0]
        return Piece(
            piece.name,
            [_scaled(mesh, np.array([side, scale[1], scale[2]], np.float32), mirrored) for mesh in meshes],
            tuple(
                Seat(
                    float(side * seat.x),
                    float(scale[1] * seat.y),
                    float(scale[2] * seat.height),
                    -seat.heading if mirrored else seat.heading,
                )
                for seat in piece.seats
            ),
            None if piece.top_m is None else float(scale[2] * piece.top_m),
            piece.against_wall,
            None if piece.top is None else _scaled_top(piece.top, float(side), float(scale[1])),
        )

    def _recoloured(self, rng: np.random.Generator, meshes: list[Mesh], kind: str) -> list[Mesh]:
        """Cover the largest part anew, dye the plain ones, or tint the whole."""
        cover = _COVERED.get(kind)
        if cover is not None and rng.random() < 0.6:
            largest = max(range(len(meshes)), key=lambda k: _area(meshes[k]))
            meshes = list(meshes)
            texture = self._photographs.texture(rng, cover)
            meshes[largest] = _wrapped(meshes[largest], texture, 0.5 if cover == "upholstery" else 0.8)
        if kind not in _AS_THEY_ARE and rng.random() < 0.4:
            meshes = [_dyed(rng, mesh) if mesh.surface.texture.shape[0] == 1 else mesh for mesh in meshes]
        strength = 0.3 if kind in _AS_THEY_ARE else 1.0
        tint = np.exp(strength * (rng.normal(0, 0.22) + rng.normal(0, 0.07, 3))).astype(np.float32)
        return [_tinted(mesh, tint) for mesh in meshes]

    @cached_property
    def _cumulative(self) -> Floats:
        return np.cumsum(self._stored["chances"].astype(np.float64), 0)

    @cached_property
    def _vehicles(self) -> list[int]:
        return [k for k, kind in enumerate(self._stored["kind"]) if kind == "vehicle"]

    @cached_property
    def _parts(self) -> Ints:
        return _starts(self._stored["num_parts"])

    @cached_property
    def _offsets(self) -> dict[str, Ints]:
        return {
            name: _starts(self._stored[f"num_{name}"]) for name in ("vertices", "triangles", "uv", "picture", "seats")
        }

    @cached_property
    def _scale_m(self) -> Floats:
        """Metres a step of the stored vertices, for every part."""
        return np.repeat(self._stored["scale_m"], self._stored["num_parts"])

    def _slice(self, name: str, number: int) -> slice:
        return slice(int(self._offsets[name][number]), int(self._offsets[name][number + 1]))

    def _seats(self, number: int) -> Floats:
        return self._stored["seats"][self._slice("seats", number)]

    def _top(self, number: int) -> tuple[float, float, float, float, float] | None:
        """x0, y0, x1, y1 and height of where things can stand."""
        x0, y0, x1, y1, height = (float(value) for value in self._stored["top"][number])
        return (x0, y0, x1, y1, height) if height > 0 else None

    def _part(self, number: int) -> Mesh:
        """One part of a piece as it is stored."""
        vertices = self._stored["vertices"][self._slice("vertices", number)] * self._scale_m[number]
        triangles = self._stored["triangles"][self._slice("triangles", number)].astype(np.int64)
        uv = self._stored["uv"][self._slice("uv", number)].astype(np.float32) / np.float32(1024)
        opacity: Floats | None = None
        if len(uv):
            picture = Pack.picture(self._stored["picture"][self._slice("picture", number)])
            texture = np.clip(srgb_to_linear(picture[..., :3]), 0.02, 0.88).astype(np.float32)
            opacity = picture[..., 3] if picture.shape[2] == 4 else None
        else:
            texture = self._stored["colour"][number].reshape(1, 1, 3)
            uv = np.zeros((len(triangles), 3, 2), np.float32)
        surface = Surface(texture, float(self._stored["gloss"][number]), opacity=opacity)
        return Mesh(vertices.astype(np.float32), triangles, uv, surface, bool(self._stored["smooth"][number]))


def _starts(counts: Ints) -> Ints:
    """Where runs of these lengths begin, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(counts)])


def _scaled_top(
    top: tuple[float, float, float, float], factor_x: float, factor_y: float
) -> tuple[float, float, float, float]:
    x0, x1 = sorted((factor_x * top[0], factor_x * top[2]))
    return x0, factor_y * top[1], x1, factor_y * top[3]


def _scaled(mesh: Mesh, scale: Floats, mirrored: bool) -> Mesh:
    """The mesh times (3,) factors, its triangles turned round where it was mirrored."""
    order = [0, 2, 1] if mirrored else [0, 1, 2]
    return replace(mesh, vertices=(mesh.vertices * scale), triangles=mesh.triangles[:, order], uv=mesh.uv[:, order])


def _area(mesh: Mesh) -> float:
    corners = mesh.corners
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return float(np.linalg.norm(normals, axis=1).sum() / 2)


def _wrapped(mesh: Mesh, texture: Floats, tile_m: float) -> Mesh:
    """The mesh in another texture, laid along the axis each triangle faces most."""
    corners = mesh.corners
    normals = np.abs(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    axes = np.array([[1, 2], [0, 2], [0, 1]])[normals.argmax(1)]
    uv = np.take_along_axis(corners, axes[:, None, :], 2) / np.float32(tile_m)
    surface = Surface(texture, mesh.surface.gloss)
    return replace(mesh, uv=uv.astype(np.float32), surface=surface)


def _dyed(rng: np.random.Generator, mesh: Mesh) -> Mesh:
    """A part of one colour in another one that is about as light."""
    value = float(np.clip(mesh.surface.texture.mean() ** (1 / 2.2), 0.08, 0.95))
    low, high = max(0.05, value - 0.2), min(0.97, value + 0.2)
    srgb = textures.colour(rng, (0, 0.75 if rng.random() < 0.4 else 0.2), (low, high))
    return replace(
        mesh, surface=replace(mesh.surface, texture=srgb_to_linear(srgb).reshape(1, 1, 3).astype(np.float32))
    )


def _tinted(mesh: Mesh, tint: Floats) -> Mesh:
    surface = mesh.surface
    return replace(mesh, surface=replace(surface, texture=np.clip(surface.texture * tint, 0.01, 0.9)))
