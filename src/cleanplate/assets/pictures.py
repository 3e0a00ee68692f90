"""Small pictures for the pack: decode, shrink, make tileable, encode; RGB uint8 throughout."""

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def decoded(data: bytes) -> Pixels | None:
    """A picture file's pixels, (h, w, 3), or (h, w, 4) where some are see-through; None where it is no picture."""
    stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None:
        return None
    if stored.dtype == np.uint16:
        stored = (stored // 257).astype(np.uint8)
    if stored.ndim == 2:
        stored = np.repeat(stored[..., None], 3, 2)
    if stored.shape[2] == 4 and int(stored[..., 3].min()) > 127:
        stored = stored[..., :3]
    return np.ascontiguousarray(stored[..., [2, 1, 0, 3][: stored.shape[2]]]).astype(np.uint8)


def small_picture(data: bytes, longest_px: int) -> Pixels | None:
    """A picture file's pixels, shrunk so that no side is longer."""
    picture = decoded(data)
    if picture is None:
        return None
    h, w = picture.shape[:2]
    factor = longest_px / max(h, w)
    if factor >= 1:
        return picture
    size = max(1, round(w * factor)), max(1, round(h * factor))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def jpeg(picture: Pixels, quality: int) -> Pixels:
    """The bytes of a JPEG, (n,), of (h, w, 3) RGB."""
    _, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(data, np.uint8).reshape(-1)


def square(picture: Pixels, side_px: int) -> Pixels:
    """The whole picture, squeezed into a square."""
    return np.asarray(cv2.resize(picture, (side_px, side_px), interpolation=cv2.INTER_AREA), np.uint8)


def tileable(picture: Pixels, side_px: int) -> Pixels:
    """A square that continues itself: the largest one in the middle, its edges blended into one another if need be."""
    h, w = picture.shape[:2]
    side = min(h, w)
    top, left = (h - side) // 2, (w - side) // 2
    whole = picture if h == w else picture[top : top + side, left : left + side]
    if _repeats(whole):
        return square(whole, side_px)
    margin = side_px // 8
    larger = square(whole, side_px + margin).astype(np.float32)
    for _ in range(2):  # columns, then rows
        ramp = np.linspace(0, 1, margin, dtype=np.float32)[None, :, None]
        larger = np.swapaxes(_joined(larger, margin, ramp), 0, 1)
    return np.clip(np.round(larger), 0, 255).astype(np.uint8)


def _joined(strip: NDArray[np.float32], margin: int, ramp: NDArray[np.float32]) -> NDArray[np.float32]:
    """Blend the last columns into the first ones; `margin` columns are lost.

    The blend keeps the local contrast, which a plain average of unlike detail would halve.
    """
    first, last = strip[:, :margin], strip[:, -margin:]
    mean = strip.mean((0, 1), keepdims=True)
    blend = (first - mean) * np.sqrt(ramp) + (last - mean) * np.sqrt(1 - ramp) + mean
    return np.concatenate([blend, strip[:, margin:-margin]], 1)


def _repeats(picture: Pixels) -> bool:
    """Whether opposite edges differ hardly more than neighbouring rows and columns do."""
    grey = picture.astype(np.float32).mean(2)
    inside = np.abs(np.diff(grey, axis=1)).mean(), np.abs(np.diff(grey, axis=0)).mean()
    across = np.abs(grey[:, 0] - grey[:, -1]).mean(), np.abs(grey[0] - grey[-1]).mean()
    return all(float(a) < 1.6 * float(i) + 1.0 for a, i in zip(across, inside, strict=True))


def grain_along_u(picture: Pixels) -> Pixels:
    """Turn wood so that its grain runs along the rows."""
    blurred: NDArray[np.uint8] = np.asarray(cv2.GaussianBlur(picture, (0, 0), 2), np.uint8)
    grey: NDArray[np.float32] = blurred.astype(np.float32).mean(2)
    along, across = np.abs(np.diff(grey, axis=1)).mean(), np.abs(np.diff(grey, axis=0)).mean()
    return np.ascontiguousarray(picture if along < across else np.rot90(picture))
