"""The furniture libraries of Sweet Home 3D: what is in them, how large it is, and under which licence."""

import hashlib
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from cleanplate.assets.licences import Source
from cleanplate.synth.geometry.vectors import Floats

PACKAGE, VERSION = "sweethome3d-furniture", "1.8-1"

_LIBRARY_LICENCE = {
    "KatorLegaz": ("CC-BY-3.0-US", "Andrew Kator & Jennifer Legaz"),
    "Scopia": (
        "CC-BY-3.0",
        "Emmanuel PUYBARET / eTeks and Scopia Visual Interfaces Systems, s.l. (http://www.scopia.es)",
    ),
}
"""Libraries whose makers are the models' makers: LICENSE.TXT of each holds for every model in it."""

_SAID = {
    "CC0-1.0": re.compile(r"Creative Commons Zero|creativecommons\.org/publicdomain/zero", re.IGNORECASE),
    "CC-BY-3.0": re.compile(r"Creative Commons Attribution 3\.0|creativecommons\.org/licenses/by/3\.0", re.IGNORECASE),
}
_UNWANTED = re.compile(r"share[- ]?alike|non[- ]?commercial|licenses/by-|\beditorial\b|fan art|royalty", re.IGNORECASE)


_COMMERCIAL = re.compile(r"[a-z]\d{4}_\d+_[SML]+\.", re.IGNORECASE)
"""How textures.com names its pictures, which may not be passed on."""


@dataclass(frozen=True, eq=False)
class Entry:
    """One model of a library.

    Attributes:
        library: "BlendSwap-CC-0", "BlendSwap-CC-BY", "KatorLegaz" or "Scopia". key: its id there.
        name: in English. creator: whom the catalogue names.
        model: path of its .obj in the library's archive.
        size_m: (3,) width, depth, height.
        elevation_m: how high above the floor it hangs or stands.
        rotation: (3, 3) to be applied to the file's axes first.
        archive: the library.
    """

    library: str
    key: str
    name: str
    creator: str
    model: str
    size_m: Floats
    elevation_m: float
    rotation: Floats
    archive: zipfile.ZipFile

    @property
    def folder(self) -> str:
        """Where the model's files lie, with a slash at the end."""
        return self.model.rsplit("/", 1)[0] + "/"


def read_libraries(content: Path) -> dict[str, Entry]:
    """All models of the libraries in an unpacked package, as "LIBRARY/KEY" -> entry."""
    out: dict[str, Entry] = {}
    for library in ("BlendSwap-CC-0", "BlendSwap-CC-BY", "KatorLegaz", "Scopia"):
        archive = zipfile.ZipFile(content / "usr/share/sweethome3d/furniture" / f"{library}.sh3f")
        for fields in _catalogue(archive):
            key = fields["id"].split("#")[-1]
            size = np.array([float(fields[side]) / 100 for side in ("width", "depth", "height")], np.float32)
            turn = np.array(fields.get("modelRotation", "1 0 0 0 1 0 0 0 1").split(), np.float32).reshape(3, 3)
            above = float(fields.get("elevation", 0)) / 100
            model = fields["model"].lstrip("/")
            out[f"{library}/{key}"] = Entry(
                library, key, fields["name"], fields["creator"], model, size, above, turn, archive
            )
    return out


def _catalogue(archive: zipfile.ZipFile) -> list[Mapping[str, str]]:
    """The numbered entries of PluginFurnitureCatalog.properties, a Java properties file."""
    text = archive.read("PluginFurnitureCatalog.properties").decode("latin-1")
    numbered: dict[int, dict[str, str]] = {}
    for name, number, value in re.findall(r"^(\w+)#(\d+)=(.*)$", text, re.MULTILINE):
        plain = re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), value).replace("\\", "").strip()
        numbered.setdefault(int(number), {})[name] = plain
    return [fields for _, fields in sorted(numbered.items()) if "model" in fields]


def source_of(entry: Entry, file: str, part: str) -> Source | None:
    """Origin and licence of a file of a model as its own maker states it, or None where that is not clear.

    Models of Blend Swap carry the licence file that was downloaded with them; one without, or with words of another
    licence, stays out, and so does a picture named as a commercial library of textures names its own.
    """
    if _COMMERCIAL.search(file):
        return None
    if entry.library in _LIBRARY_LICENCE:
        licence, author = _LIBRARY_LICENCE[entry.library]
        origin = f"LICENSE.TXT of {entry.library}.sh3f"
    else:
        found = _stated(entry)
        if found is None:
            return None
        licence, origin = found
        author = f"{entry.creator} (Blend Swap)"
    digest = hashlib.sha256(entry.archive.read(file)).hexdigest()
    where = f"usr/share/sweethome3d/furniture/{entry.library}.sh3f!{file}"
    return Source("apt", PACKAGE, VERSION, where, digest, licence, author, origin, part)


def _stated(entry: Entry) -> tuple[str, str] | None:
    """The licence that a Blend Swap model's own licence file states, and that file's path."""
    files = [
        n for n in _names(entry.archive) if n.startswith(entry.folder) and "license" in n.rsplit("/", 1)[-1].lower()
    ]
    if len(files) != 1:
        return None
    text = _plain(entry.archive.read(files[0]).decode("utf-8", "replace"))
    said = [licence for licence, pattern in _SAID.items() if pattern.search(text)]
    if len(said) != 1 or _UNWANTED.search(text):
        return None
    return said[0], files[0]


@cache
def _names(archive: zipfile.ZipFile) -> tuple[str, ...]:
    return tuple(archive.namelist())


def _plain(text: str) -> str:
    """A licence page without its markup, but with the addresses it links to."""
    links = " ".join(re.findall(r"https?://[^\"'<>\s]+", text))
    return re.sub(r"\s+", " ", re.sub(r"<style.*?</style>|<[^>]+>", " ", text, flags=re.DOTALL)) + " " + links
