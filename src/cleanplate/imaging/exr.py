"""Maps of floats as OpenEXR: written here, read by the OpenEXR library (an extra), since strangers' files vary much."""

import struct
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError, MissingExtraError
from cleanplate.imaging import Image
from cleanplate.imaging.decoding import check_file

_MAGIC_AND_VERSION = b"\x76\x2f\x31\x01\x02\x00\x00\x00"  # version 2, one part, scan lines
_FLOAT = 2


def encode_exr(values: Image, channel: str) -> bytes:
    """One float32 channel (h, w) as an OpenEXR file: scan lines, not compressed, bit for bit.

    Source: "The OpenEXR file layout", https://openexr.com/en/latest/OpenEXRFileLayout.html

    >>> encode_exr(np.zeros((2, 3), np.float32), "Z")[:4].hex()
    '762f3101'
    """
    height, width = values.shape
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    header = _MAGIC_AND_VERSION + b"".join(
        name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(data)) + data
        for name, kind, data in (
            ("channels", "chlist", channel.encode() + b"\0" + struct.pack("<iB3x2i", _FLOAT, 0, 1, 1) + b"\0"),
            ("compression", "compression", b"\0"),
            ("dataWindow", "box2i", window),
            ("displayWindow", "box2i", window),
            ("lineOrder", "lineOrder", b"\0"),
            ("pixelAspectRatio", "float", struct.pack("<f", 1)),
            ("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0)),
            ("screenWindowWidth", "float", struct.pack("<f", 1)),
        )
    )
    lines = np.empty(height, np.dtype([("y", "<i4"), ("num_bytes", "<i4"), ("values", "<f4", (width,))]))
    lines["y"], lines["num_bytes"], lines["values"] = np.arange(height), 4 * width, values
    start = len(header) + 1 + 8 * height
    offsets = start + lines.itemsize * np.arange(height, dtype="<u8")
    return b"".join((header, b"\0", offsets.astype("<u8").tobytes(), lines.tobytes()))


def read_exr(path: Path) -> NDArray[np.float32]:
    """The one channel, or the channel Z, of an OpenEXR file: (h, w) float32 of its display window, 0 where it has none.

    Raises:
        InputError: it cannot be read, or has several channels and none called Z.
        MissingExtraError: OpenEXR is not installed.

    """
    try:
        openexr: Any = import_module("OpenEXR")
    except ImportError as error:
        raise MissingExtraError(f"{path}: to read .exr, cleanplate", "exr", "OpenEXR") from error
    check_file(path, "depth map (.exr)")
    try:
        with openexr.File(str(path), separate_channels=True) as stored:
            channels = {str(name): np.asarray(channel.pixels) for name, channel in stored.channels().items()}
            header = stored.header()
            data, display = (np.asarray(header[f"{name}Window"]).tolist() for name in ("data", "display"))
    except Exception as error:  # whatever its C++ raises
        raise InputError(f"{path}: is no OpenEXR file, or damaged ({error}); copy it again") from error
    if "Z" not in channels and len(channels) != 1:
        raise InputError(f"{path}: has the channels {', '.join(sorted(channels))}; save depth as one, or call it Z")
    return _shown(channels.get("Z", next(iter(channels.values()))), data, display)


def _shown(pixels: NDArray[Any], data: list[list[int]], display: list[list[int]]) -> NDArray[np.float32]:
    """What of a file's pixels lies in its display window (h, w); windows are [[left, top], [right, bottom]]."""
    (left, top), (right, bottom) = display
    shown = np.zeros((bottom - top + 1, right - left + 1), np.float32)
    across, down = data[0][0] - left, data[0][1] - top
    inside = pixels[max(0, -down) : max(0, shown.shape[0] - down), max(0, -across) : max(0, shown.shape[1] - across)]
    shown[max(0, down) :, max(0, across) :][: inside.shape[0], : inside.shape[1]] = inside
    return shown
