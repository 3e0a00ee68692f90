"""From a picture file to its stored samples: by Pillow, and by imagecodecs where Pillow would cut 16 bits to 8."""

import logging
import os
import stat
import struct
import warnings
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PilImage
from PIL import ImageOps, TiffImagePlugin, UnidentifiedImageError

from cleanplate.errors import InputError
from cleanplate.imaging.arrays import check_size

RAW_SUFFIXES = frozenset({".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".raf", ".rw2"})
"""Names of photos as sensors saw them (compared in lower case); many are TIFFs whose first picture is a small one."""

_FIRST_BYTES = (b"\xff\xd8\xff", b"\x89PNG", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""Of JPEG, PNG and TIFF."""

_FORMATS = {"JPEG": "JPEG", "MPO": "JPEG", "PNG": "PNG", "WEBP": "WebP", "TIFF": "TIFF"}  # MPO: a phone's JPEG
_CHANNELS = {"1": 1, "L": 1, "LA": 1, "I;16": 1, "I;16B": 1, "CMYK": 4}
_BITS_TAG, _PHOTOMETRIC_TAG, _ORIENTATION_TAG, _PLANAR_TAG, _EXTRA_TAG = 258, 262, 274, 284, 338


# Without any handler Python prints Pillow's log on standard error, where only our one sentence belongs.
logging.getLogger("PIL").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Header:
    """What a picture file says before its pixels are decoded.

    `size_hw` is the upright size; `bits` the depth of one sample (1, 8 or 16); `mode` Pillow's name of the colour mode;
    `channels` how many of them are colour (1 grey, 3 RGB, 4 CMYK; alpha not counted); `orientation` EXIF's, 1 as is.
    """

    file_format: str
    size_hw: tuple[int, int]
    bits: int
    mode: str
    channels: int
    has_alpha: bool
    orientation: int
    profile: bytes | None


@dataclass(frozen=True)
class Stored:
    """Decoded samples, upright: `colour` (h, w) grey, (h, w, 3) RGB or (h, w, 4) CMYK, `alpha` (h, w) or None."""

    header: Header
    colour: NDArray[Any]
    alpha: NDArray[Any] | None


def read_header(path: Path) -> Header:
    """What the file says about itself; decodes no pixels.

    Raises:
        InputError: missing, empty, not a picture, of a size or depth that is not read.

    """
    with _opened(path) as image:
        return _header(image, path)


def read_stored(path: Path) -> Stored:
    """Decode the first picture of a file.

    Raises:
        InputError: as `read_header`, and damaged or cut-off files: never part of a picture.

    """
    with _opened(path) as image:
        header = _header(image, path)
        tags = _tiff_tags(image)
        if header.bits == 16 or _is_plain_tiff(image.mode, tags):
            return _decode_exactly(path, header, tags)
        image.load()
        ImageOps.exif_transpose(image, in_place=True)  # Pillow has turned a TIFF already, and then this does nothing
        return _split8(image, header)


def check_file(path: Path, kind: str, refusal: type[InputError] = InputError) -> None:
    """Refuse what is no ordinary file with something in it, without waiting for what a pipe may bring.

    `kind` is what it should have been.

    Raises:
        InputError, or the `refusal` given: missing, a folder, pipe or device, empty, or not to be opened.

    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise refusal(f"{path}: is a folder; name a {kind}")
        if not stat.S_ISREG(mode):
            raise refusal(f"{path}: is a pipe, socket or device; name a {kind}")
        with path.open("rb") as file:
            if not file.read(1):
                raise refusal(f"{path}: is empty; copy it again from where it came")
    except FileNotFoundError:
        raise refusal(f"{path}: there is no such file; check the name") from None
    except OSError as error:
        raise refusal(f"{path}: cannot be read ({error.strerror}); check its name and permissions") from error


@contextmanager
def _opened(path: Path) -> Generator[PilImage.Image]:
    check_file(path, "picture")
    if path.suffix.lower() in RAW_SUFFIXES:
        raise InputError(f"{path}: raw photos are not read; develop it to JPEG, or to a PNG or TIFF of 16 bits")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata are not for our users
            with PilImage.open(path, formats=("JPEG", "PNG", "WEBP", "TIFF")) as image:
                yield image
    except InputError:
        raise
    except UnidentifiedImageError:
        raise InputError(f"{path}: {_unknown(path)}") from None
    except PilImage.DecompressionBombError:
        raise InputError(f"{path}: has far more than 64 megapixels; scale it to at most 8000 x 8000") from None
    except MemoryError:
        raise InputError(f"{path}: there is not enough memory to read it; scale it down") from None
    except Exception as error:  # decoders raise whatever they like on damaged files: SyntaxError, struct.error, ...
        raise InputError(f"{path}: is damaged or cut off ({error}); copy it again from where it came") from error


def _unknown(path: Path) -> str:
    """What is to be said of a file that Pillow does not take for a picture; its first bytes may say that it is one."""
    first = b""
    with suppress(OSError), path.open("rb") as file:
        first = file.read(12)
    if first.startswith(_FIRST_BYTES) or (first[:4], first[8:]) == (b"RIFF", b"WEBP"):
        return "is damaged, cut off or of a kind that is not read; copy it again, or save it as 8 or 16 bit RGB"
    return "is not a picture that can be read; give a JPEG, PNG, WebP or TIFF"


def _header(image: PilImage.Image, path: Path) -> Header:
    tags = _tiff_tags(image)
    orientation = _orientation(image, path)
    width, height = image.size
    if orientation >= 5 and not tags:  # Pillow gives the upright size of a TIFF, the stored one of all else
        width, height = height, width
    check_size((height, width), str(path))
    bits = _bits(image, tags, path)
    channels = _CHANNELS.get(image.mode, 3)
    if image.mode not in {*_CHANNELS, "P", "PA", "RGB", "RGBA", "RGBX", "YCbCr"} or (bits == 16 and channels == 4):
        raise InputError(f"{path}: {bits}-bit pictures of mode {image.mode} are not read; save it as 8 or 16 bit RGB")
    return Header(
        file_format=_FORMATS[image.format or ""],
        size_hw=(height, width),
        bits=bits,
        mode=image.mode,
        channels=channels,
        has_alpha=image.has_transparency_data,
        orientation=orientation,
        profile=cast("bytes | None", image.info.get("icc_profile")) or None,
    )


def _orientation(image: PilImage.Image, path: Path) -> int:
    """EXIF's, 1..8; 1 where there is none or another."""
    if image.format == "PNG" and "exif" not in image.info:
        with path.open("rb") as file:
            late = _find_chunk(file, b"eXIf")
        if late is not None:
            image.info["exif"] = b"Exif\0\0" + late
    # not `image.getexif`: to look for EXIF behind the pixels of a PNG, Pillow decodes them all
    try:
        orientation: object = PilImage.Image.getexif(image).get(_ORIENTATION_TAG, 1)
    except (ValueError, TypeError, SyntaxError, struct.error):  # what nobody can read turns no picture
        return 1
    return orientation if isinstance(orientation, int) and orientation in range(1, 9) else 1


def _find_chunk(file: BinaryIO, name: bytes) -> bytes | None:
    """The data of a PNG's first chunk of that name, without those of the others; None where there is none."""
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length = int.from_bytes(head[:4])
        if head[4:] == name:
            return file.read(length)
        file.seek(length + 4, os.SEEK_CUR)  # 4: the check sum
    return None


def _bits(image: PilImage.Image, tags: dict[int, Any], path: Path) -> int:
    if image.mode == "1":
        return 1
    if image.format == "PNG":
        with path.open("rb") as file:
            return 16 if file.read(25)[24:] == b"\x10" else 8
    depths = set(cast("tuple[int, ...]", tags.get(_BITS_TAG, (8,))))
    if len(depths) != 1 or (max(depths) > 8 and depths != {16}):
        raise InputError(f"{path}: has {sorted(depths)} bits a sample; save it with 8 or 16")
    return 16 if depths == {16} else 8


def _tiff_tags(image: PilImage.Image) -> dict[int, Any]:
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return {}
    tags = image.tag_v2
    wanted = (_BITS_TAG, _PHOTOMETRIC_TAG, _PLANAR_TAG, _EXTRA_TAG)
    return {tag: tags[tag] for tag in wanted if tag in tags}


def _split8(image: PilImage.Image, header: Header) -> Stored:
    if header.has_alpha:
        both = np.asarray(image if image.mode in {"LA", "RGBA"} else image.convert("RGBA"))
        colour = both[..., 0] if both.shape[2] == 2 else both[..., :3]
        return Stored(header, colour, both[..., -1])
    plain = {"1": "L", "L": "L", "CMYK": "CMYK"}.get(image.mode, "RGB")
    return Stored(header, np.asarray(image if image.mode == plain else image.convert(plain)), None)


def _is_plain_tiff(mode: str, tags: dict[int, Any]) -> bool:
    """Whether imagecodecs reads this TIFF: it is as exact as Pillow and, unlike it, quiet about damaged files."""
    eight_bit = set(cast("tuple[int, ...]", tags.get(_BITS_TAG, ()))) == {8}
    return eight_bit and mode in {"L", "LA", "RGB", "RGBA", "RGBX"} and tags.get(_PHOTOMETRIC_TAG) in {0, 1, 2}


def _decode_exactly(path: Path, header: Header, tags: dict[int, Any]) -> Stored:
    data = path.read_bytes()
    if header.file_format == "PNG":
        samples = imagecodecs.png_decode(data)
    else:
        samples = imagecodecs.tiff_decode(data)
        if tags.get(_PLANAR_TAG) == 2 and samples.ndim == 3:
            samples = np.moveaxis(samples, 0, 2)
        if tags.get(_PHOTOMETRIC_TAG) == 0:  # 0 is white in this file
            samples = ~samples
    samples = _upright(samples, header.orientation)
    if samples.dtype != (np.uint16 if header.bits == 16 else np.uint8) or samples.shape[:2] != header.size_hw:
        raise InputError(f"{path}: this kind of {header.file_format} is not read; save it as a plain PNG")
    samples = samples if samples.ndim == 3 else samples[..., None]
    num_colours = header.channels if samples.shape[2] > 2 else 1  # Pillow takes 16-bit grey with alpha for RGBA
    colour, alpha = samples[..., :num_colours], None
    if samples.shape[2] > num_colours:  # whatever comes after the first of the others is somebody's selection
        first = samples[..., num_colours]
        alpha = first if header.has_alpha else None
        if cast("tuple[int, ...]", tags.get(_EXTRA_TAG, ()))[:1] == (1,):
            colour = _straight(colour, first)
    return Stored(header, colour[..., 0] if num_colours == 1 else colour, alpha)


def _straight(premultiplied: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    top = np.iinfo(alpha.dtype).max
    colour = premultiplied.astype(np.float32) * (top / np.maximum(alpha, 1).astype(np.float32))[..., None]
    return np.minimum(np.rint(colour), top).astype(alpha.dtype)


def _upright(samples: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Undo EXIF orientations 1..8: from 5 on rows and columns are swapped, and each may run backwards."""
    if orientation >= 5:
        samples = np.swapaxes(samples, 0, 1)
    down = -1 if orientation in {3, 4, 7, 8} else 1
    across = -1 if orientation in {2, 3, 6, 7} else 1
    return samples[::down, ::across]
