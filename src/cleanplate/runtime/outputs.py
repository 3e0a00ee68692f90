"""The files of one shot."""

import io
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate import __version__
from cleanplate.contract import Contract
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_uint
from cleanplate.imaging.compositing import composite
from cleanplate.imaging.depthmap import colour_map, encode_disparity16
from cleanplate.imaging.files import encode_picture, encode_png, file_identity, replace_files
from cleanplate.imaging.resize import resize
from cleanplate.runtime.backdrop import Backdrop
from cleanplate.runtime.plate import Matte

PRODUCTS = ("matte", "cutout", "depth", "preview")
"""What is made unless something else is asked for; `composite` and `shadow` are made for whoever asks."""

_PANEL_HW = (640, 480)
_GAP_PX = 8
_SQUARE_PX = 12


@dataclass(frozen=True)
class OutputChoice:
    """Which files are wanted.

    Attributes:
        products: some of `PRODUCTS`, "composite" and "shadow".
        bits: 8 or 16, of matte, cut-out, composite and shadow.
        depth_format: of the depth.
        backdrop: what the composite is laid over; it needs one.
        with_shadow: whether the composite carries the foreground's shadow.

    """

    products: tuple[str, ...] = PRODUCTS
    bits: int = 8
    depth_format: Literal["png16", "npy"] = "png16"
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
            return [f"{stem}_depth.{'png' if self.depth_format == 'png16' else 'npy'}", f"{stem}_depth.json"]
        jpeg = product == "preview" or (product == "composite" and self.bits == 8)
        return [f"{stem}_{product}.{'jpg' if jpeg else 'png'}"]

    def other_depth(self, stem: str) -> str:
        """The name that the depth of the shot STEM has in the format that is not wanted; its sidecar's is the same."""
        return f"{stem}_depth.{'npy' if self.depth_format == 'png16' else 'png'}"

    def missing(self, folder: Path, stem: str) -> tuple[str, ...]:
        """The wanted products of which any file is not in `folder` yet."""
        return tuple(
            product
            for product in self.products
            if not all(file_identity(folder / name) for name in self.names(stem, product))
        )


def write_outputs(matte: Matte, contract: Contract, folder: Path, stem: str, choice: OutputChoice) -> None:
    """Write the wanted files of one shot, matted by the model of `contract`, into `folder`, all of them or none.

    STEM_matte.png     alpha, grey, 8 or 16 bit
    STEM_cutout.png    foreground colour and alpha, straight RGBA, 8 or 16 bit; black where nothing is near
    STEM_depth.png     16 bit: disparity = lo + code / 65535 * (hi - lo), larger = nearer, unknown scale and shift
    STEM_depth.npy     the same as float32 at the shot's size, without lo and hi
    STEM_depth.json    quantity ("disparity"), lo and hi, scale_of ("plate": lo, hi and the scale are the same for all
                       its shots; "shot": there was no plate, and they are this shot's own), model and version,
                       clipped_pixels (how many lay outside lo..hi), cleanplate (version of the package)
    STEM_preview.jpg   plate (if any), shot, matte, cut-out and depth side by side, at most 2,432 px wide
    STEM_composite.jpg the foreground over the backdrop; with 16 bits STEM_composite.png
    STEM_shadow.png    the share of light that the foreground's shadow leaves, grey, 8 or 16 bit, linear; full = all

    Raises:
        InputError: a file cannot be written; none of the shot's is then left half-written.

    """
    contents: dict[str, bytes] = {}
    for product in choice.products:
        files = _encode(product, matte, contract, choice)
        contents.update(zip(choice.names(stem, product), files, strict=True))
    with replace_files([folder / name for name in contents]) as temporaries:
        for temporary, data in zip(temporaries, contents.values(), strict=True):
            temporary.write_bytes(data)


def preview(matte: Matte) -> Image:
    """Plate (if any), shot, matte, cut-out over a checkerboard and depth in colours in a row: (h, w, 3) in [0, 1]."""
    height, width = matte.alpha.shape
    scale = min(1.0, _PANEL_HW[0] / height, _PANEL_HW[1] / width)
    size_hw = (max(1, round(height * scale)), max(1, round(width * scale)))
    alpha = resize(matte.alpha, size_hw)
    panels = [
        *(resize(picture, size_hw) for picture in (matte.plate, matte.shot) if picture is not None),
        np.repeat(alpha[..., None], 3, axis=2),
        composite(resize(matte.foreground, size_hw), alpha, _checkerboard(size_hw)),
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
    if choice.depth_format == "npy":
        data = io.BytesIO()
        np.save(data, matte.disparity, allow_pickle=False)
        return [data.getvalue(), _sidecar(matte, contract, 0)]
    codes, clipped = encode_disparity16(matte.disparity, *matte.disparity_range)
    return [encode_png(codes), _sidecar(matte, contract, clipped)]


def _cutout(matte: Matte, bits: int) -> NDArray[Any]:
    alpha = to_uint(matte.alpha, bits)
    # colour is kept one pixel beyond the edge for whoever scales the cut-out; beyond that it would only show the shot
    near = cv2.dilate((alpha > 0).astype(np.uint8), np.ones((3, 3), np.uint8))
    codes: NDArray[Any] = np.empty((*alpha.shape, 4), alpha.dtype)
    codes[..., :3] = to_uint(matte.foreground, bits)
    codes[..., :3] *= near.astype(alpha.dtype)[..., None]
    codes[..., 3] = alpha
    return codes


def _sidecar(matte: Matte, contract: Contract, clipped: int) -> bytes:
    lo, hi = matte.disparity_range
    fields = {
        "quantity": "disparity",
        "lo": lo,
        "hi": hi,
        "scale_of": "shot" if matte.plate is None else "plate",
        "model": contract.name,
        "version": contract.version,
        "clipped_pixels": clipped,
        "cleanplate": __version__,
    }
    return (json.dumps(fields, indent=2) + "\n").encode()


def _checkerboard(size_hw: tuple[int, int]) -> Image:
    rows, columns = (np.arange(side) // _SQUARE_PX for side in size_hw)
    dark = (rows[:, None] + columns[None, :]) % 2
    return np.repeat((0.75 - 0.25 * dark).astype(np.float32)[..., None], 3, axis=2)
