"""Bake photographs of surfaces: square, tileable, 256 pixels a side."""

import hashlib
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleanplate.assets import sweethome
from cleanplate.assets.bake_furniture import LIBRARIES
from cleanplate.assets.gather import Downloads
from cleanplate.assets.licences import Source
from cleanplate.assets.pictures import Pixels, decoded, grain_along_u, jpeg, square, tileable

_SIDE_PX = 256
_SKIMAGE = ("scikit-image", "0.25.2")
_SKIMAGE_ORIGIN = {
    "brick.png": ("ambientCG (CC0Textures), Bricks25", "https://cc0textures.com/view.php?tex=Bricks25"),
    "grass.png": ("Linolafett", "https://www.deviantart.com/linolafett/art/Grass-01-434853879"),
    "gravel.png": ("ambientCG (CC0Textures), Gravel04", "https://cc0textures.com/view.php?tex=Gravel04"),
    "coffee.png": ("Rachel Michetti", "docstring of skimage.data.coffee"),
    "chelsea.png": ("Stefan van der Walt", "docstring of skimage.data.chelsea"),
}
_WHOLE = {"rug", "picture"}
"""What is one thing and is not repeated."""


def bake_textures(downloads: Downloads) -> tuple[dict[str, NDArray[Any]], list[Source]]:
    """The arrays of textures.npz (docs/formats.md) and where every picture comes from.

    Raises:
        InputError: a package cannot be had.
        ValueError: a picture of the list has no clear licence, or is not there.

    """
    libraries = sweethome.read_libraries(downloads.deb(sweethome.PACKAGE, sweethome.VERSION))
    skimage = downloads.wheel(*_SKIMAGE)
    text = files("cleanplate.assets").joinpath("textures.toml").read_text(encoding="utf-8")
    shows: list[str] = []
    pictures: list[Pixels] = []
    sources: list[Source] = []
    for what, settings in tomllib.loads(text).items():
        for word in str(settings["files"]).split():
            data, source = _from_skimage(skimage, word[2:]) if word[0] == "I" else _from_model(libraries, word)
            shows.append(what)
            pictures.append(jpeg(_prepared(data, what), 82))
            sources.append(source)
    arrays: dict[str, NDArray[Any]] = {
        "shows": np.array(shows),
        "picture": np.concatenate(pictures),
        "num_picture": np.array([len(one) for one in pictures], np.int32),
    }
    return arrays, sources


def _prepared(data: bytes, what: str) -> Pixels:
    picture = decoded(data)
    if picture is None:
        raise ValueError(f"a picture that shows {what} cannot be decoded")
    if what in _WHOLE:
        return square(picture[..., :3], _SIDE_PX)
    whole = tileable(picture[..., :3], _SIDE_PX)
    return grain_along_u(whole) if what in {"wood", "boards"} else whole


def _from_model(libraries: dict[str, sweethome.Entry], word: str) -> tuple[bytes, Source]:
    """A picture LIBRARY/MODEL/FILE."""
    library, model, name = word.split("/")
    entry = next(e for e in libraries.values() if e.library == LIBRARIES[library] and e.folder.endswith(f"/{model}/"))
    source = sweethome.source_of(entry, entry.folder + name, "textures")
    if source is None:
        raise ValueError(f"{word} has no clear licence")
    return entry.archive.read(entry.folder + name), source


def _from_skimage(content: Path, name: str) -> tuple[bytes, Source]:
    data = (content / "skimage" / "data" / name).read_bytes()
    author, origin = _SKIMAGE_ORIGIN[name]
    digest = hashlib.sha256(data).hexdigest()
    return data, Source("pip", *_SKIMAGE, f"skimage/data/{name}", digest, "CC0-1.0", author, origin, "textures")
