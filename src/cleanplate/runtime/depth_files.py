"""The depth of a shot as a file, and the sidecar that says what it is."""

import io
import json
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cleanplate import __version__
from cleanplate.contract import Contract
from cleanplate.imaging import Image
from cleanplate.imaging.depthmap import encode_disparity16
from cleanplate.imaging.exr import encode_exr
from cleanplate.imaging.files import encode_png
from cleanplate.imaging.jsonfile import parsed_object
from cleanplate.imaging.ply import encode_ply
from cleanplate.plate.anchors import DepthScale, relative_scale
from cleanplate.plate.points import hanging, unproject
from cleanplate.runtime.matte import Matte

DepthFormat = Literal["png16", "npy", "exr", "ply"]

DEPTH_SUFFIXES: dict[DepthFormat, str] = {"png16": ".png", "npy": ".npy", "exr": ".exr", "ply": ".ply"}

_PNG_RANGE_M = (0.0, 65.535)
"""A code of a 16-bit PNG is a millimetre: depth = code / 65535 * 65.535 m."""


def encode_depth(matte: Matte, contract: Contract, depth_format: DepthFormat) -> list[bytes]:
    """The depth file and its JSON sidecar.

    Without metres a map holds the disparity, with them (`Plate.anchor`) metres along the optical axis, 0 = none.

    png16   value = lo + code / 65535 * (hi - lo). Of disparity, lo and hi are `matte.disparity_range`, the plate's
            own and so the same for all its shots (without a plate the shot's); of metres 0 and 65.535, so that a code
            is a millimetre
    npy     float32 (h, w)
    exr     float32, not compressed, channel Z (metres) or Y (disparity)
    ply     points with colour, x right, y up, z backward: those of the foreground (alpha >= 0.5) with its own colour,
            and all of the plate's, also behind; without metres 1 is the plate's nearest surface

    The sidecar: quantity ("disparity", "depth_m"; of points without metres "depth"), unit ("m" or null), lo, hi,
    scale_of ("plate": the same for all its shots; "shot": there was no plate), model, version, precision and weights
    (as the contract has them), clipped_pixels (how many lay outside lo..hi), cleanplate (the package's version); of
    metres and points also camera; of metres scale, shift, anchors, of points without them `assumed`.
    """
    depth_m, scale = matte.depth_m, matte.depth_scale
    lo, hi = matte.disparity_range if depth_m is None else _PNG_RANGE_M
    facts: dict[str, Any] = {
        "quantity": "disparity" if depth_m is None else "depth_m",
        "unit": None if depth_m is None else "m",
        "lo": lo,
        "hi": hi,
        "scale_of": "shot" if matte.plate is None else "plate",
        "model": contract.name,
        "version": contract.version,
        "precision": contract.precision,
        "weights": contract.weights,
        "clipped_pixels": 0,
        "cleanplate": __version__,
    }
    if scale is not None:
        facts |= _camera_facts(matte) | _scale_facts(scale, matte)
    values = matte.disparity if depth_m is None else depth_m
    if depth_format == "png16":
        codes, facts["clipped_pixels"] = encode_disparity16(values, lo, hi)
        data = encode_png(codes)
    elif depth_format == "npy":
        data = _encode_npy(values)
    elif depth_format == "exr":
        data = encode_exr(values, "Y" if depth_m is None else "Z")
    else:
        if scale is None:
            scale, assumed = relative_scale(matte.plate_disparity)
            facts |= {"quantity": "depth", **_camera_facts(matte), "assumed": assumed}
        data = _encode_points(matte, scale)
    return [data, (json.dumps(facts, indent=2) + "\n").encode()]


def read_sidecar(folder: Path, stem: str) -> dict[str, Any]:
    """What the sidecar of the depth of the shot STEM says; empty where there is none, or a file that is none."""
    try:
        fields = parsed_object((folder / f"{stem}_depth.json").read_bytes()) or {}
    except (OSError, ValueError):
        return {}
    return fields if "quantity" in fields else {}


def _encode_points(matte: Matte, scale: DepthScale) -> bytes:
    camera, plate = matte.camera, matte.plate
    if camera is None or plate is None:
        raise ValueError("a matte without a plate has no points")
    room = scale.room_m(matte.plate_disparity)
    person = scale.depth_m(matte.foreground_disparity)
    in_front, behind = (matte.alpha >= 0.5) & (person > 0), (room > 0) & ~hanging(room)
    if matte.beyond is not None:  # of that the plate knows nothing
        behind &= ~matte.beyond
    places = [unproject(person, in_front, camera), unproject(room, behind, camera)]
    colours = [matte.foreground[in_front], plate[behind]]
    unit = "metres" if matte.depth_scale is not None else "units of the plate's nearest surface"
    comments = (
        f"{unit}; x right, y up, z backward; the lens at 0",
        f"the first {in_front.sum()} are the foreground",
    )
    return encode_ply(np.concatenate(places), np.concatenate(colours), comments)


def _encode_npy(values: Image) -> bytes:
    data = io.BytesIO()
    np.save(data, values, allow_pickle=False)
    return data.getvalue()


def _camera_facts(matte: Matte) -> dict[str, Any]:
    if matte.camera is None:
        return {}
    camera = {"fov_deg": matte.camera.fov_deg, "fov_from": matte.camera.source, "focal_px": matte.camera.focal_px}
    return {"camera": camera}


def _scale_facts(scale: DepthScale, matte: Matte) -> dict[str, Any]:
    anchors = [
        {"x": anchor.x, "y": anchor.y, "distance_m": anchor.distance_m, "residual": _finite(residual)}
        for anchor, residual in zip(scale.anchors, scale.residuals, strict=False)
    ]
    facts: dict[str, Any] = {"scale": scale.scale, "shift": scale.shift, "anchors": anchors}
    if scale.map_m is not None:
        known = float((scale.map_m > 0).mean())
        facts["plate_depth"] = {"known": known, "residual": scale.residuals[0], "map": scale.map_digest}
    without = int(np.count_nonzero(matte.depth_m == 0))
    return facts | {"pixels_without_depth": without}


def _finite(value: float) -> float | None:
    """JSON knows no infinity."""
    return value if np.isfinite(value) else None
