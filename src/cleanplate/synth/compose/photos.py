"""The photos and cut-outs that go into a composed set: found, looked at, and read as they were then."""

import hashlib
import platform
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from cleanplate.errors import InputError
from cleanplate.imaging import Image
from cleanplate.imaging.files import PICTURE_SUFFIXES, read_picture
from cleanplate.imaging.resize import resize
from cleanplate.jobs.progress import track

_LONGEST_STEM = 24  # two of them must fit into the name of a tar's member
_FAINTEST = 1 / 255
_SEEN = 0.5
"""A cut-out that is nowhere as opaque as this gives masks of nothing."""

_KEPT_PX = 1 << 17


@dataclass(frozen=True)
class Photo:
    """A file that goes in.

    Attributes:
        path: where it lies, on every machine that works.
        name: its stem and the first signs of `sha256`: files of one name in two folders stay apart.
        sha256: of the file.
        size_hw: of a background; of a foreground, of what is not transparent.
        corner: row and column where that begins.
    """

    path: Path
    name: str
    sha256: str
    size_hw: tuple[int, int]
    corner: tuple[int, int] = (0, 0)


@dataclass(frozen=True, eq=False)
class Cutout:
    """A foreground at some size: `premultiplied` colour (h, w, 3) and `alpha` (h, w), both in [0, 1]."""

    premultiplied: Image
    alpha: Image

    def scaled(self, size_hw: tuple[int, int], *, mirrored: bool) -> tuple[Image, Image]:
        """Straight colour (h, w, 3) and alpha (h, w) at another size."""
        colour, alpha = (
            resize(self.premultiplied, size_hw),
            np.clip(resize(self.alpha, size_hw), 0, 1, dtype=np.float32),
        )
        straight = np.clip(colour / np.maximum(alpha, np.float32(_FAINTEST))[..., None], 0, 1, dtype=np.float32)
        step = -1 if mirrored else 1
        return np.ascontiguousarray(straight[:, ::step]), np.ascontiguousarray(alpha[:, ::step])


def find_backgrounds(folder: Path, size_hw: tuple[int, int]) -> list[Photo]:
    """The photos in a folder, by name; all are decoded, so that a damaged one is told before the work begins.

    Raises:
        InputError: there are none, two have one name or are the same, or one is no picture, damaged, or too small for
            pictures of `size_hw`.
    """
    found: list[Photo] = []
    paths = _pictures_in(folder)
    for path in track(paths, "reading backgrounds", len(paths)):
        rgb = read_picture(path).rgb
        here = rgb.shape[0], rgb.shape[1]
        height, width = used(here, size_hw)
        if height < size_hw[0] or width < size_hw[1]:
            raise InputError(
                f"{path}: is {here[1]} x {here[0]} pixels, too small for pictures of {size_hw[1]} x {size_hw[0]}; "
                "leave it out, or give a smaller --size"
            )
        found.append(_photo(path, here))
    _refuse_twins(found)
    return found


def find_foregrounds(folder: Path) -> list[Photo]:
    """The cut-outs in a folder, by name; all are decoded, to see where they are not transparent.

    Raises:
        InputError: there are none, two have one name or are the same, or one is no picture or no cut-out.
    """
    found: list[Photo] = []
    paths = _pictures_in(folder)
    for path in track(paths, "reading cut-outs", len(paths)):
        _, alpha = _cut(path)
        rows, columns = (np.flatnonzero((alpha >= _FAINTEST).any(axis)) for axis in (1, 0))
        if not len(rows):
            raise InputError(f"{path}: is transparent everywhere, so there is nothing to be seen of it; leave it out")
        if alpha.max() < _SEEN:
            raise InputError(
                f"{path}: is {alpha.max():.0%} opaque at most, so hardly anything is to be seen of it; leave it out"
            )
        size_hw = int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1
        found.append(_photo(path, size_hw, (int(rows[0]), int(columns[0]))))
    _refuse_twins(found)
    return found


def refuse_large(behind: Sequence[Photo], front: Sequence[Photo], size_hw: tuple[int, int]) -> None:
    """Raise InputError where a foreground, at its own size, does not fit into what is used of a background."""
    for background in behind:
        height, width = used(background.size_hw, size_hw)
        for foreground in front:
            if foreground.size_hw[0] > height or foreground.size_hw[1] > width:
                raise InputError(
                    f"{background.path}: is smaller than a foreground: {width} x {height} pixels of it are used, "
                    f"{foreground.path} is {foreground.size_hw[1]} x {foreground.size_hw[0]}; scale that down, "
                    f"{_whole(background, foreground, size_hw)}or leave one of them out"
                )


def _whole(background: Photo, foreground: Photo, size_hw: tuple[int, int]) -> str:
    """The advice to use all of a background, where the foreground then fits and the pictures stay no larger than it."""
    height, width = background.size_hw
    scale = min(size_hw) / min(height, width)
    whole = round(height * scale), round(width * scale)
    if foreground.size_hw[0] > height or foreground.size_hw[1] > width or whole == size_hw:
        return ""
    return f"give --size the photo's shape, {whole[1]}x{whole[0]}, "


def used(here: tuple[int, int], size_hw: tuple[int, int]) -> tuple[int, int]:
    """Height and width of the largest part of a picture that has the shape of `size_hw`.

    >>> used((100, 100), (192, 256)), used((90, 300), (192, 256))
    ((75, 100), (90, 120))
    """
    height, width = here
    if width * size_hw[0] > size_hw[1] * height:
        return height, height * size_hw[1] // size_hw[0]
    return width * size_hw[0] // size_hw[1], width


def digest(photos: Sequence[Photo]) -> str:
    """One hash over what goes in: names, contents and order."""
    text = "\n".join(f"{photo.name} {photo.sha256}" for photo in photos)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


@lru_cache(maxsize=1)
def read_background(photo: Photo, size_hw: tuple[int, int]) -> tuple[Image, float]:
    """The middle of a background at `size_hw`, (h, w, 3) in [0, 1], and by what factor it was scaled.

    Raises:
        InputError: it cannot be read, or is not what it was when the work began.
    """
    rgb = read_picture(_as_it_was(photo)).rgb
    height, width = used(photo.size_hw, size_hw)
    top, left = (rgb.shape[0] - height) // 2, (rgb.shape[1] - width) // 2
    return resize(np.ascontiguousarray(rgb[top : top + height, left : left + width]), size_hw), size_hw[0] / height


def read_cutout(photo: Photo, size_hw: tuple[int, int]) -> Cutout:
    """What is not transparent of a foreground, at `size_hw`; small ones are kept, as every background needs them.

    Raises:
        InputError: it cannot be read, or is not what it was when the work began.
    """
    return _kept(photo, size_hw) if size_hw[0] * size_hw[1] <= _KEPT_PX else _read(photo, size_hw)


def _read(photo: Photo, size_hw: tuple[int, int]) -> Cutout:
    rgb, alpha = _cut(_as_it_was(photo))
    (top, left), (height, width) = photo.corner, photo.size_hw
    inside = slice(top, top + height), slice(left, left + width)
    return Cutout(resize(rgb[inside] * alpha[inside][..., None], size_hw), resize(alpha[inside].copy(), size_hw))


_kept = lru_cache(maxsize=128)(_read)


def _cut(path: Path) -> tuple[Image, Image]:
    """Colour and alpha of a file that has both."""
    picture = read_picture(path)
    if picture.alpha is None or bool((picture.alpha >= 1).all()):
        raise InputError(f"{path}: has no transparency, so nothing is cut out; give a PNG, WebP or TIFF with alpha")
    return picture.rgb, picture.alpha


def _pictures_in(folder: Path) -> list[Path]:
    try:
        files = sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".")
        )
    except OSError as error:
        raise InputError(f"{folder}: cannot be listed ({error.strerror}); name a folder of pictures") from error
    if not files:
        raise InputError(f"{folder}: holds no JPEG, PNG, WebP or TIFF picture; name another folder")
    stems: dict[str, Path] = {}
    for path in files:
        other = stems.setdefault(unicodedata.normalize("NFC", path.stem).casefold(), path)
        if other is not path:
            name = "one name" if other.stem == path.stem else "one name on macOS and Windows"
            raise InputError(f"{other} and {path}: two files of {name}; remove one, or rename it")
    return files


def _photo(path: Path, size_hw: tuple[int, int], corner: tuple[int, int] = (0, 0)) -> Photo:
    sha256 = _sha256(path)
    stem = re.sub(r"[^A-Za-z0-9_]+", "_", path.stem)[:_LONGEST_STEM]
    return Photo(path.absolute(), f"{stem}-{sha256[:8]}", sha256, size_hw, corner)


def _refuse_twins(photos: Sequence[Photo]) -> None:
    """Samples are named after their photos: one picture under two names that are nearly alike would make them twice."""
    known: dict[str, Photo] = {}
    for photo in photos:
        other = known.setdefault(photo.name, photo)
        if other is not photo:
            raise InputError(f"{other.path} and {photo.path}: the same picture twice; remove one")


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read on {platform.node()} ({error.strerror}); every machine that works needs it there"
        ) from error


def _as_it_was(photo: Photo) -> Path:
    if _sha256(photo.path) != photo.sha256:
        raise InputError(f"{photo.path}: on {platform.node()} is another than when the work began; put it back")
    return photo.path
