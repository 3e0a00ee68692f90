"""Read Wavefront OBJ models with their materials out of an archive, as furniture libraries hold them."""

import posixpath
import zipfile
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cleanplate.synth.geometry.vectors import Floats, Ints


@dataclass
class Material:
    """A material as the .mtl file states it.

    Attributes:
        colour: (r, g, b) diffuse, sRGB in [0, 1]. opacity: 1 = opaque.
        picture: path of the diffuse texture in the archive, or "".
        shine: largest specular component.
    """

    name: str
    colour: tuple[float, float, float] = (0.6, 0.6, 0.6)
    opacity: float = 1.0
    picture: str = ""
    shine: float = 0.0


@dataclass(frozen=True, eq=False)
class Model:
    """A triangulated model.

    Attributes:
        vertices: (n, 3). triangles: (m, 3). uv: (m, 3, 2); 0 where the file gives none.
        material: (m,) index into `materials`.
    """

    vertices: Floats
    triangles: Ints
    uv: Floats
    material: Ints
    materials: list[Material]


@dataclass
class _Reader:
    """The lines of an .obj file as they come."""

    vertices: list[list[float]] = field(default_factory=list[list[float]])
    uv: list[list[float]] = field(default_factory=list[list[float]])
    triangles: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    corner_uv: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    material: list[int] = field(default_factory=list[int])
    materials: dict[str, Material] = field(default_factory=dict[str, Material])
    current: str = ""

    def face(self, corners: list[str]) -> None:
        """A polygon, cut into a fan."""
        parts = [corner.split("/") for corner in corners]
        v = [_index(part[0], len(self.vertices)) for part in parts]
        t = [_index(part[1], len(self.uv)) if len(part) > 1 and part[1] else -1 for part in parts]
        number = list(self.materials).index(self.current) if self.current in self.materials else -1
        for i in range(1, len(v) - 1):
            self.triangles.append((v[0], v[i], v[i + 1]))
            self.corner_uv.append((t[0], t[i], t[i + 1]))
            self.material.append(number)


def _index(text: str, count: int) -> int:
    number = int(text)
    return number - 1 if number > 0 else count + number


def read_model(archive: zipfile.ZipFile, path: str) -> Model:
    """Read a model and the materials it uses.

    Raises:
        ValueError: not a model, or one without triangles.

    """
    reader = _Reader()
    names = {name.lower(): name for name in archive.namelist()}
    for line in archive.read(path).decode("utf-8", "replace").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "v":
            reader.vertices.append([float(x) for x in rest.split()[:3]])
        elif word == "vt":
            reader.uv.append([float(x) for x in rest.split()[:2]])
        elif word == "f":
            reader.face(rest.split())
        elif word == "usemtl":
            reader.current = rest.strip()
        elif word == "mtllib":
            found = names.get(posixpath.join(posixpath.dirname(path), rest.strip()).lower())
            if found:
                reader.materials.update(_materials(archive, found, names))
    if not reader.triangles:
        raise ValueError(f"{path} has no triangles")
    return _model(reader)


def _model(reader: _Reader) -> Model:
    uv = np.array([*reader.uv, [0, 0]], np.float32).reshape(-1, 2)
    corner_uv = np.array(reader.corner_uv)
    corner_uv[(corner_uv < 0).any(1)] = -1
    material = np.array(reader.material)
    plain = Material("")
    return Model(
        np.array(reader.vertices, np.float32),
        np.array(reader.triangles),
        uv[corner_uv],
        np.where(material < 0, len(reader.materials), material),
        [*reader.materials.values(), plain],
    )


def _materials(archive: zipfile.ZipFile, path: str, names: dict[str, str]) -> dict[str, Material]:
    out: dict[str, Material] = {}
    current = Material("")
    for line in archive.read(path).decode("utf-8", "replace").splitlines():
        word, _, rest = line.strip().partition(" ")
        value = rest.split()
        if word == "newmtl":
            current = out.setdefault(rest.strip(), Material(rest.strip()))
        elif word == "Kd" and len(value) >= 3:
            current.colour = (float(value[0]), float(value[1]), float(value[2]))
        elif word == "Ks" and value:
            current.shine = max(float(x) for x in value[:3])
        elif word == "d" and value:
            current.opacity = float(value[-1])
        elif word == "map_Kd" and value:
            picture = posixpath.normpath(posixpath.join(posixpath.dirname(path), rest.strip().replace("\\", "/")))
            current.picture = names.get(picture.lower(), "")
    return out


def welded(vertices: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Vertices without repetitions, (k, 3), and the new index of every old one, (n,)."""
    span = float(np.ptp(vertices, axis=0).max()) or 1.0
    rounded = np.round(vertices / span * 2**17).astype(np.int64)
    _, first, index = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
    return vertices[first], index.reshape(-1)
