"""The pack's clothes, shoes, hats, hair and eyebrows, fitted to a body."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging.colour import srgb_to_linear
from cleanplate.synth.geometry.mesh import Surface
from cleanplate.synth.geometry.vectors import Bools, Floats, Ints
from cleanplate.synth.pack import Pack
from cleanplate.synth.people.anatomy import Anatomy, Arrays, Body, spread_weights, unpacked_uv


@dataclass(frozen=True, eq=False)
class Worn:
    """A mesh that follows the bones.

    Attributes:
        rest: (n, 3) metres. weights: (n, b) how much each bone moves each vertex.
        triangles: (m, 3). uv: (m, 3, 2). surface: what it looks like.
    """

    rest: Floats
    weights: Floats
    triangles: NDArray[np.int64]
    uv: Floats
    surface: Surface

    def trimmed(self, keep: Bools) -> "Worn":
        """Only the triangles (m,) that are kept, and their vertices."""
        used, renumbered = np.unique(self.triangles[keep], return_inverse=True)
        return replace(
            self,
            rest=self.rest[used],
            weights=self.weights[used],
            triangles=renumbered.reshape(-1, 3).astype(np.int64),
            uv=self.uv[keep],
        )


@dataclass(frozen=True, eq=False)
class Item:
    """Something of the pack that follows the anatomy's vertices.

    Attributes:
        references, weights: (n, 3) the vertices that each of its own hangs on. offsets: (n, 3) metres.
        spread: (3,) how far apart these vertices are on the base mesh, by axis.
        triangles: (m, 3). uv: (m, 3, 2). skin: (n, b).
        piece: (m,) 0 = over the chest, 1 = over hips and legs, 2 = both in one.
        hidden: (num_body_vertices,) k + 1 where piece k covers the body, or None.
        texture: (h, w, 3) linear. opacity: (h, w) or None.
    """

    references: Ints
    weights: Floats
    offsets: Floats
    spread: Floats
    triangles: NDArray[np.int64]
    uv: Floats
    skin: Floats
    piece: Ints
    hidden: Ints | None
    texture: Floats
    opacity: Floats | None

    def worn_by(self, body: Body, surface: Surface) -> Worn:
        """Fitted to a body; offsets grow with what they stand on."""
        on = body.vertices[self.references]
        grown = _spread(on) / np.maximum(self.spread, 1e-4)
        rest = np.einsum("nk,nki->ni", self.weights, on) + self.offsets * np.clip(grown, 0.4, 1.6)
        return Worn(rest.astype(np.float32), self.skin, self.triangles, self.uv, surface)

    @property
    def surface(self) -> Surface:
        """As it is in the pack."""
        return Surface(self.texture, opacity=self.opacity)


class Wardrobe:
    """Everything in the pack that can be put on, by kind ("suit", "hat", "shoes", "hair", "eyebrows") and name."""

    def __init__(self, pack: Pack, anatomy: Anatomy) -> None:
        self._pack, self._anatomy = pack, anatomy
        self._arrays: Arrays = pack.arrays("people")
        self._items: dict[tuple[str, str], Item] = {}
        self.names: Mapping[str, list[str]] = {
            kind: sorted({key.split("/")[1] for key in self._arrays if key.startswith(f"{kind}/")})
            for kind in ("suit", "hat", "shoes", "hair", "eyebrows", "skin")
        }

    def item(self, kind: str, name: str) -> Item:
        """One of them; read at the first call."""
        if (kind, name) not in self._items:
            self._items[kind, name] = self._read(f"{kind}/{name}/")
        return self._items[kind, name]

    def skins(self, name: str) -> list[str]:
        """The photographs of one kind of skin."""
        return sorted(key for key in self._arrays if key.startswith(f"skin/{name}/"))

    def photograph(self, key: str) -> Floats:
        """(h, w, 3) linear albedo of one of the pack's pictures."""
        return srgb_to_linear(self._pack.picture(self._arrays[key])[..., :3])

    def _read(self, prefix: str) -> Item:
        stored = {k.removeprefix(prefix): v for k, v in self._arrays.items() if k.startswith(prefix)}
        references: Ints = stored["references"].astype(np.int64)
        num_triangles = len(stored["triangles"])
        opacity = self._pack.picture(stored["opacity"])[..., 0] if "opacity" in stored else None
        return Item(
            references=references,
            weights=(stored["weights"] / np.float32(1024)).astype(np.float32),
            offsets=(stored["offsets"] * np.float32(2e-5)).astype(np.float32),
            spread=_spread(self._anatomy.base[references]),
            triangles=stored["triangles"].astype(np.int64),
            uv=unpacked_uv(stored["uv"]),
            skin=spread_weights(stored["bones"], stored["bone_weights"], len(self._anatomy.bones)),
            piece=stored.get("piece", np.zeros(num_triangles, np.uint8)),
            hidden=stored.get("hidden"),
            texture=self.photograph(f"{prefix}picture"),
            opacity=opacity,
        )


def _spread(points: Floats) -> Floats:
    """(3,) standard deviation of points (..., 3) by axis."""
    return points.reshape(-1, 3).std(0)
