"""A sample as named bytes, the members of a shard, and back; the table of them is in docs/formats.md."""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_float, to_uint
from cleanplate.imaging.files import decode_png, encode_png
from cleanplate.sample.record import Sample, View

NEEDED = ("json", "plate.png", "shot.png", "alpha.png", "plate_depth.png", "shot_depth.png")
"""The members that every sample has."""

_MILLIMETRES = 1000.0
_UNCHANGED = 128  # the shadow layer's code for light as in the plate


def encode_members(sample: Sample) -> dict[str, bytes]:
    """The members of a sample, by name; equal samples give equal bytes."""
    members = {
        "json": json.dumps(_facts(sample)).encode(),
        "plate.png": encode_png(to_uint(sample.plate, 8)),
        "shot.png": encode_png(to_uint(sample.shot, 8)),
        "alpha.png": encode_png(to_uint(sample.alpha, 8)),
        "plate_depth.png": encode_png(millimetres(sample.plate_depth_m)),
        "shot_depth.png": encode_png(millimetres(sample.shot_depth_m)),
    }
    if sample.shadow is not None:
        members["shadow.png"] = encode_png(_shadow_codes(sample.shadow))
    if sample.instances is not None:
        members["instances.png"] = encode_png(sample.instances)
    return members


def decode_members(members: dict[str, bytes], layers: bool) -> Sample:
    """The sample of these members; `layers`: with shadow and instances where there are any.

    Raises:
        InputError: the members are not those of a sample.
    """
    try:
        return _decoded(members, layers)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:  # of JSON of another kind
        raise InputError(f"{type(error).__name__}: {error}") from error


def _decoded(members: dict[str, bytes], layers: bool) -> Sample:
    facts: dict[str, Any] = json.loads(members["json"])
    instances: list[dict[str, str]] = facts.get("instances", [])
    shadow = members.get("shadow.png") if layers else None
    instance_map = members.get("instances.png") if layers else None
    return Sample(
        key=facts["key"],
        scene=facts["scene"],
        people=tuple(facts["people"]),
        plate=to_float(decode_png(members["plate.png"])),
        shot=to_float(decode_png(members["shot.png"])),
        alpha=to_float(decode_png(members["alpha.png"])),
        plate_depth_m=_metres(decode_png(members["plate_depth.png"])),
        shot_depth_m=_metres(decode_png(members["shot_depth.png"])),
        shadow=None if shadow is None else _shadow_ratio(decode_png(shadow)),
        instances=None if instance_map is None else decode_png(instance_map).astype(np.uint8, copy=False),
        instance_names=tuple(instance["name"] for instance in instances),
        instance_kinds=tuple(instance["kind"] for instance in instances),
        view=_view(facts.get("view")),
        tags=tuple(facts.get("tags", ())),
    )


def _facts(sample: Sample) -> dict[str, Any]:
    facts: dict[str, Any] = {"key": sample.key, "scene": sample.scene, "people": sample.people}
    if sample.instance_names:
        named = zip(sample.instance_names, sample.instance_kinds, strict=True)
        facts["instances"] = [{"name": name, "kind": kind} for name, kind in named]
    if sample.view is not None:
        facts["view"] = {
            "focal_px": float(sample.view.focal_px),
            "centre_px": [float(value) for value in sample.view.centre_px],
            "pose": np.asarray(sample.view.pose, np.float64).tolist(),
        }
    if sample.tags:
        facts["tags"] = sample.tags
    return facts


def _view(facts: dict[str, Any] | None) -> View | None:
    if facts is None:
        return None
    x, y = facts["centre_px"]
    return View(facts["focal_px"], (x, y), np.array(facts["pose"], np.float64))


def _shadow_codes(ratio: Image) -> NDArray[np.uint8]:
    """By the square root, so that one step is 1.6 % of the light at 1, about the step of the pictures themselves."""
    return np.rint(np.clip(_UNCHANGED * np.sqrt(np.maximum(ratio, 0)), 0, 255)).astype(np.uint8)


def _shadow_ratio(codes: NDArray[Any]) -> Image:
    return np.square(codes.astype(np.float32) / np.float32(_UNCHANGED))


def millimetres(depth_m: Image) -> NDArray[np.uint16]:
    """Depth in metres as 16-bit codes; 0 stays 0 (unknown), and from 65.535 m on it is 65535."""
    return np.rint(np.clip(depth_m * _MILLIMETRES, 0, 65535)).astype(np.uint16)


def _metres(stored: NDArray[Any]) -> Image:
    return (stored / np.float32(_MILLIMETRES)).astype(np.float32)
