"""The small pictures of a report: what was given, what was found, and where the two differ."""

import base64
from dataclasses import dataclass

import numpy as np

from cleanplate.evaluate.cameras import Camera, Truth
from cleanplate.evaluate.predictions import Prediction
from cleanplate.imaging import Image
from cleanplate.imaging.depthmap import colour_map
from cleanplate.imaging.files import encode_picture, read_picture
from cleanplate.imaging.resize import resize
from cleanplate.metrics import Mask, depth, matting

LONG_SIDE_PX = 360
"""No embedded picture is longer than this, which bounds the page."""

WHITE, BLACK, GREY = 0.95, 0.05, 0.5
RED, BLUE = (0.92, 0.13, 0.13), (0.20, 0.45, 1.00)


@dataclass(frozen=True)
class Panel:
    """One picture of a case: a few words under it, and the picture itself as a `data:` address."""

    title: str
    data_uri: str


def panels(camera: Camera, shot: str, truth: Truth, prediction: Prediction) -> list[Panel]:
    """Plate, shot, truth, matte and error map; then the depth found and the depth measured, where there are such."""
    pictures = {
        "plate": read_picture(camera.plate).rgb,
        "shot": read_picture(camera.shot(shot)).rgb,
        "truth": np.where(truth.known, np.where(truth.foreground, WHITE, BLACK), GREY).astype(np.float32),
        "matte": prediction.alpha,
        "errors": error_map(prediction.alpha, truth.foreground, truth.known),
        **_depth_pictures(prediction.disparity, truth.depth_m),
    }
    return [Panel(title, to_data_uri(picture)) for title, picture in pictures.items()]


def error_map(alpha: Image, truth: Mask, known: Mask) -> Image:
    """Where a matte is wrong (h, w, 3): red where it adds, blue where it misses, the stronger the further off.

    What is right is white on the foreground and black elsewhere; what is not scored is grey. All inputs are (h, w).
    """
    right = np.where(truth, WHITE, BLACK)[..., None]
    wrong = np.where(truth[..., None], BLUE, RED)
    error = np.abs(alpha - truth)[..., None]
    scored = matting.scored_pixels(truth, known)[..., None]
    return np.where(scored, right + error * (wrong - right), GREY).astype(np.float32)


def to_data_uri(picture: Image) -> str:
    """The picture (h, w) or (h, w, 3) in [0, 1], at most LONG_SIDE_PX long, as a JPEG inside a `data:` address."""
    height, width = picture.shape[:2]
    shrink = min(1, LONG_SIDE_PX / max(height, width))
    if shrink < 1:
        picture = resize(picture, (max(1, round(height * shrink)), max(1, round(width * shrink))))
    return f"data:image/jpeg;base64,{base64.b64encode(encode_picture(picture, '.jpg')).decode('ascii')}"


def _depth_pictures(disparity: Image | None, depth_m: Image | None) -> dict[str, Image]:
    """Found and measured depth in the same colours; alone, the found one fills the range of colours by itself."""
    valid = None if depth_m is None else depth.valid_depth(depth_m)
    if depth_m is None or valid is None or not valid.any():
        if disparity is None:
            return {}
        return {"depth": colour_map(disparity, float(disparity.min()), float(disparity.max()))}
    measured = np.where(valid, 1 / np.where(valid, depth_m, 1), 0).astype(np.float32)
    nearest, farthest = float(measured[valid].max()), float(measured[valid].min())
    coloured = np.where(valid[..., None], colour_map(measured, farthest, nearest), np.float32(GREY))
    if disparity is None:
        return {"measured depth": coloured}
    found = (1 / depth.aligned_depth_m(disparity, depth_m, valid)).astype(np.float32)
    return {"depth": colour_map(found, farthest, nearest), "measured depth": coloured}
