"""The files of one shot."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.contract import Contract
from cleanplate.errors import InputError
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_uint
from cleanplate.imaging.compositing import composite
from cleanplate.imaging.depthmap import colour_map
from cleanplate.imaging.files import encode_picture, encode_png, is_file, replace_files
from cleanplate.imaging.resize import resize
from cleanplate.runtime.backdrop import Backdrop
from cleanplate.runtime.depth_files import DEPTH_SUFFIXES, DepthFormat, encode_depth
from cleanplate.runtime.matte import Matte

PRODUCTS = ("matte", "cutout", "depth", "preview")
"""What is made unless something else is asked for."""

ALL_PRODUCTS = (*PRODUCTS, "composite", "shadow")
"""The last two are made for whoever asks."""

_PANEL_HW = (640, 480)
_GAP_PX = 8
_SQUARE_PX = 12


@dataclass(frozen=True)
class OutputChoice:
    """Which files are wanted.

    Attributes:
        products: some of `ALL_PRODUCTS`.
        bits: 8 or 16, of matte, cut-out, composite and shadow.
        depth_format: of the depth.
        backdrop: what the composite is laid over; it needs one.
        with_shadow: whether the composite carries the foreground's shadow.

    """

    products: tuple[str, ...] = PRODUCTS
    bits: int = 8
    depth_format: DepthFormat = "png16"
    backdrop: Backdrop | None = None
    with_shadow: bool = False

    def only(self, products: tuple[str, ...]) -> "OutputChoice":
        """The same choice for some of the products."""
        return replace(self, products=products)

    def names(self, stem: str, product: str) -> list[str]:
        """The names of a product's files for the shot STEM.

        >>> OutputChoice().names("a", "depth")
        ['a_depth.png', 'a_depth.json']
        """
        if product == "depth":
            return [f"{stem}_depth{DEPTH_SUFFIXES[self.depth_format]}", f"{stem}_depth.json"]
        jpeg = product == "preview" or (product == "composite" and self.bits == 8)
        return [f"{stem}_{product}.{'jpg' if jpeg else 'png'}"]

    def other_names(self, stem: str, product: str) -> list[str]:
        """The names that a product of the shot STEM has in the other formats, if it is wanted; depth's sidecar has one.

        >>> OutputChoice(("composite",), bits=16).other_names("a", "composite")
        ['a_composite.jpg']
        """
        if product not in self.products:
            return []
        names = set(self.names(stem, product))
        others = [
            *(replace(self, depth_format=depth_format) for depth_format in DEPTH_SUFFIXES),
            *(replace(self, bits=bits) for bits in (8, 16)),
        ]
        return list(dict.fromkeys(name for other in others for name in other.names(stem, product) if name not in names))

    def replaced(self, stem: str) -> list[str]:
        """The names of all that results of the shot STEM replace besides those of their own names."""
        return [name for product in self.products for name in self.other_names(stem, product)]

    def missing(self, folder: Path, stem: str) -> tuple[str, ...]:
        """The wanted products of which any file is not in `folder` yet."""
        return tuple(
            product
            for product in self.products
            if not all(is_file(folder / name) for name in self.names(stem, product))
        )


def were_kept(folder: Path, number: int, what: str) -> str:
    """What a user should read where results of so many shots or frames (`what`) were in a folder already."""
    each = what if number == 1 else f"{what}s"
    return f"{folder}: the results of {number} {each} were there and are kept; --overwrite makes them anew"


def write_outputs(
    matte: Matte, contract: Contract, folder: Path, stem: str, choice: OutputChoice, *, replaced: Iterable[str] = ()
) -> None:
    """Write the wanted files of one shot, matted by the model of `contract`, into `folder`; see `write_files`."""
    write_files(folder, encode_outputs(matte, contract, stem, choice), replaced)


def encode_outputs(matte: Matte, contract: Contract, stem: str, choice: OutputChoice) -> dict[str, bytes]:
    """The contents of the wanted files of one shot, matted by the model of `contract`, by their names.

    STEM_matte.png     alpha, grey, 8 or 16 bit
    STEM_cutout.png    foreground colour and alpha, straight RGBA, 8 or 16 bit; black where nothing is near
    STEM_depth.png     or .npy, .exr, .ply, and STEM_depth.json, which says what it is: `runtime.depth_files`
    STEM_preview.jpg   plate (if any), shot, matte, cut-out and depth side by side, at most 2,432 px wide
    STEM_composite.jpg the foreground over the backdrop; with 16 bits STEM_composite.png
    STEM_shadow.png    the share of light that the foreground's shadow leaves, grey, 8 or 16 bit, linear; full = all
    """
    contents: dict[str, bytes] = {}
    for product in choice.products:
        files = _encode(product, matte, contract, choice)
        contents.update(zip(choice.names(stem, product), files, strict=True))
    return contents


def write_files(folder: Path, contents: Mapping[str, bytes], replaced: Iterable[str] = ()) -> None:
    """Write files that belong together into `folder`, all of them or none; then remove those that they replace.

    Raises:
        InputError: one cannot be written, and none is then left half-written; or one cannot be removed.

    """
    with replace_files([folder / name for name in contents]) as temporaries:
        for temporary, data in zip(temporaries, contents.values(), strict=True):
            temporary.write_bytes(data)
    for path in (folder / name for name in replaced):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise InputError(f"{path}: is out of date, and cannot be removed ({error.strerror}); remove it") from error


def preview(matte: Matte) -> Image:
    """Plate (if any), shot, matte, cut-out over a checkerboard and depth in colours in a row: (h, w, 3) in [0, 1]."""
    height, width = matte.alpha.shape
    scale = min(1.0, _PANEL_HW[0] / height, _PANEL_HW[1] / width)
    size_hw = (max(1, round(height * scale)), max(1, round(width * scale)))
    alpha = resize(matte.alpha, size_hw)
    panels = [
        *(resize(picture, size_hw) for picture in (matte.plate, matte.pixels) if picture is not None),
        np.repeat(alpha[..., None], 3, axis=2),
        composite(resize(matte.foreground_pixels, size_hw), alpha, _checkerboard(size_hw)),
        colour_map(resize(matte.disparity, size_hw), *matte.disparity_range),
    ]
    gap = np.ones((size_hw[0], _GAP_PX, 3), np.float32)
    row = [part for panel in panels for part in (panel, gap)][:-1]
    return np.concatenate(row, axis=1)


def _encode(product: str, matte: Matte, contract: Contract, choice: OutputChoice) -> list[bytes]:
    if product in {"matte", "shadow"}:
        return [encode_picture(matte.alpha if product == "matte" else matte.shadow, ".png", choice.bits)]
    if product == "cutout":
        return [encode_png(_cutout(matte, choice.bits))]
    if product == "preview":
        return [encode_picture(preview(matte), ".jpg")]
    if product == "composite":
        if choice.backdrop is None:
            raise ValueError("a composite needs a backdrop")
        picture = matte.over(choice.backdrop, shadow=choice.with_shadow)
        return [encode_picture(picture, ".jpg" if choice.bits == 8 else ".png", choice.bits)]
    return encode_depth(matte, contract, choice.depth_format)


def _cutout(matte: Matte, bits: int) -> NDArray[Any]:
    alpha = to_uint(matte.alpha, bits)
    # colour is kept one pixel beyond the edge for whoever scales the cut-out; beyond that it would only show the shot
    near = cv2.dilate((alpha > 0).astype(np.uint8), np.ones((3, 3), np.uint8))
    codes: NDArray[Any] = np.empty((*alpha.shape, 4), alpha.dtype)
    codes[..., :3] = to_uint(matte.foreground_pixels if bits == 8 else matte.foreground, bits)
    codes[..., :3] *= near.astype(alpha.dtype)[..., None]
    codes[..., 3] = alpha
    return codes


def _checkerboard(size_hw: tuple[int, int]) -> Image:
    rows, columns = (np.arange(side) // _SQUARE_PX for side in size_hw)
    dark = (rows[:, None] + columns[None, :]) % 2
    return np.repeat((0.75 - 0.25 * dark).astype(np.float32)[..., None], 3, axis=2)
