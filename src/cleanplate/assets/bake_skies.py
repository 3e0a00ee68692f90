"""Bake panoramas of light: what is seen through windows and above open places."""

import base64
import hashlib
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.assets.gather import Downloads
from cleanplate.assets.licences import Source
from cleanplate.assets.pictures import jpeg
from cleanplate.errors import MissingExtraError
from cleanplate.synth.geometry.vectors import Floats
from cleanplate.synth.places.photographs import LEAST_STOP, NUM_STOPS

_PACKAGE, _VERSION = "@pmndrs/assets", "1.7.0"
_OUTDOORS = ("city", "dawn", "forest", "night", "park", "sky", "sunrise", "sunset", "venice")
_INDOORS = ("apartment", "bridge", "esplanade", "hall", "lab", "lobby", "studio", "warehouse", "workshop")
_ORIGIN = "Poly Haven, https://polyhaven.com/hdris (README.md and LICENSE of the package)"


def bake_skies(downloads: Downloads) -> tuple[dict[str, NDArray[Any]], list[Source]]:
    """The arrays of skies.npz (docs/formats.md) and where every panorama comes from.

    Raises:
        InputError: a package cannot be had.

    """
    folder = downloads.npm(_PACKAGE, _VERSION) / "package"
    pictures: list[NDArray[np.uint8]] = []
    sources: list[Source] = []
    for name in (*_OUTDOORS, *_INDOORS):
        path = folder / "hdri" / f"{name}.exr.js"
        stored = path.read_bytes()
        radiance = _read_exr(base64.b64decode(stored.split(b"base64,")[1].rstrip(b"'\"; \n")))
        gain = 1 / float(np.clip(radiance, 0, 8 * float(np.median(radiance))).mean())
        pictures.append(_encoded(radiance * np.float32(gain)))
        digest = hashlib.sha256(stored).hexdigest()
        where = f"package/hdri/{name}.exr.js"
        sources.append(Source("npm", _PACKAGE, _VERSION, where, digest, "CC0-1.0", "Poly Haven", _ORIGIN, "skies"))
    arrays: dict[str, NDArray[Any]] = {
        "name": np.array([*_OUTDOORS, *_INDOORS]),
        "outdoors": np.array([True] * len(_OUTDOORS) + [False] * len(_INDOORS)),
        "picture": np.concatenate(pictures),
        "num_picture": np.array([len(one) for one in pictures], np.int32),
    }
    return arrays, sources


def _encoded(radiance: Floats) -> NDArray[np.uint8]:
    """A JPEG of the logarithm of (h, w, 3) linear radiance."""
    stops = np.log2(np.maximum(radiance, 2.0**LEAST_STOP)) - LEAST_STOP
    levels = np.clip(np.round(stops / NUM_STOPS * 255), 0, 255).astype(np.uint8)
    return jpeg(levels, 92)


def _read_exr(data: bytes) -> Floats:
    """(h, w, 3) float32 linear radiance of an OpenEXR picture, at least 0."""
    try:
        openexr: Any = import_module("OpenEXR")
    except ImportError as error:
        raise MissingExtraError("cleanplate assets", "assets", "OpenEXR") from error
    with tempfile.TemporaryDirectory() as folder:  # the library reads files only
        path = Path(folder) / "panorama.exr"
        path.write_bytes(data)
        with openexr.File(str(path)) as stored:
            channels = stored.channels()
            pixels = channels["RGB"].pixels if "RGB" in channels else np.stack([channels[c].pixels for c in "RGB"], -1)
            radiance = np.array(pixels, np.float32)
    return _mended(np.nan_to_num(radiance, posinf=1e4))


def _mended(radiance: Floats) -> Floats:
    """Without what the package's lossy compression did to the sun: blocks that lost a channel, and values below 0.

    Such a block is given the colour around it, and the strength that its strongest channel has on the average.
    """
    lost: NDArray[np.uint8] = (radiance.min(2) <= 0).astype(np.uint8)
    lost = np.asarray(cv2.morphologyEx(lost, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)), np.uint8)
    label: NDArray[np.int32] = np.asarray(cv2.connectedComponents(lost)[1], np.int32)
    out: Floats = np.maximum(radiance, 0)
    bright = 8 * float(np.median(out))
    for number in range(1, int(label.max()) + 1):
        block = label == number
        larger = cv2.dilate(np.asarray(block, np.uint8), np.ones((5, 5), np.uint8))
        around = (np.asarray(larger) > 0) & (lost == 0)
        colour = out[around].mean(0) if around.any() else np.zeros(3, np.float32)
        if float(colour.max()) > bright:
            strength = max(float(out[block].max(1).mean()) / float(colour.max()), 1.0)
            out[block] = colour * np.float32(strength)
    return out
