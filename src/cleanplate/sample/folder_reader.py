"""Samples out of a folder set: one that cleanplate has made, or one that somebody already has."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError, UsageError
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import is_grey, to_float
from cleanplate.imaging.decoding import read_stored
from cleanplate.imaging.files import read_picture
from cleanplate.imaging.resize import resize
from cleanplate.jobs.ledger import refuse_unfinished
from cleanplate.sample.depthcodes import DepthCodes, foreign
from cleanplate.sample.folders import FolderManifest, fingerprint_of, listing_of, read_folder_manifest
from cleanplate.sample.naming import KINDS, NameRule, name_rule
from cleanplate.sample.pairs import Listing, Pair, list_pictures, pair, sizes_in
from cleanplate.sample.record import Sample

"""A JPEG's grey may be tinted by this much; a colour-mapped picture is by more."""

_JPEG_ZERO = 0.02
_SAME_COLOUR = 0.1


@dataclass(frozen=True)
class FolderSet:
    """A folder set that is listed and paired, but of which no picture is read.

    Attributes:
        folder: where it lies.
        manifest: None where somebody else made it.
        rule: how its names pair.
        listings: its pictures, by kind; those of `depth` only where they are part of it.
        pairs: its samples.
    """

    folder: Path
    manifest: FolderManifest | None
    rule: NameRule
    listings: dict[str, Listing]
    pairs: list[Pair]

    @property
    def has_depth(self) -> bool:
        """Whether there are depth images."""
        return self.pairs[0].depth is not None


def open_folder_set(folder: Path, rule_words: Sequence[str] = (), *, without_depth: bool = False) -> FolderSet:
    """List a folder set and pair its pictures.

    Args:
        folder: where it lies.
        rule_words: for sets without a manifest, as `name_rule` takes them.
        without_depth: leave `depth` alone, as if it were not there.

    Raises:
        InputError: no folder set there, it is unfinished, damaged, or does not pair.
        UsageError: a rule for a set whose manifest has one, or one that is none.
    """
    manifest = read_folder_manifest(folder)
    if not without_depth:
        refuse_unfinished(folder)
    if manifest is not None and rule_words:
        raise UsageError(f"{folder}: its manifest says how its pictures pair; leave --pairs out")
    kinds = KINDS[:-1] if without_depth or (manifest is not None and manifest.depth is None) else KINDS
    listings = list_pictures(folder, kinds)
    rule = name_rule(rule_words) if manifest is None else manifest.rule
    pairs = pair(folder, listings, rule)
    if (
        manifest is not None
        and not (without_depth and manifest.depth)
        and manifest.listing != listing_of(sizes_in(listings))
    ):
        raise InputError(
            f"{folder}: some of its pictures are not those that were written (missing, added, or of another size); "
            "copy it again, or make it again"
        )
    return FolderSet(folder, manifest, rule, listings, pairs)


class FolderReader:
    """Random access to a folder set: `len(reader)` samples, `reader[i]` is a Sample; it can be sent to other processes.

    Depth of the plate is known where the shot shows the plate's own surface: alpha is 0, and the colours are alike.

    Args:
        folder: where the set lies.
        rule_words: how names pair in a set without a manifest, as `name_rule` takes them.
        depth_is: "disparity" or "depth": what the depth images of a set without a manifest show.
        with_depth: if False, depth is unknown everywhere, whatever images there are.

    Attributes:
        fingerprint: as the manifest has it; without one a hash of names and sizes, so that opening reads no picture.
        about: who made the samples and how, as the manifest has it; empty without a manifest.

    Raises:
        InputError: no folder set there, or it is unfinished, damaged or does not pair.
        UsageError: nothing says what its depth shows; `rule_words` are no rule, or given beside a manifest; or
            `depth_is` contradicts the manifest.
    """

    def __init__(
        self, folder: Path, rule_words: Sequence[str] = (), depth_is: str | None = None, *, with_depth: bool = True
    ) -> None:
        opened = open_folder_set(folder, rule_words)
        self.folder = folder
        self.depth = _meaning(opened, depth_is) if with_depth else None
        self.about = {} if opened.manifest is None else dict(opened.manifest.about)
        self.pairs: list[Pair] = opened.pairs
        listings, manifest = opened.listings, opened.manifest
        self.fingerprint = listing_of(sizes_in(listings)) if manifest is None else manifest.fingerprint
        if "generator" not in self.about:  # another's pictures, labelled or not: names alone say little
            sizes = dict(listings["bg"].files.values())
            self.pairs = [one._replace(scene=f"{one.scene}, {sizes[one.bg]} bytes") for one in opened.pairs]

    @property
    def scenes(self) -> frozenset[str]:
        """Every scene that occurs; if cleanplate did not render the set, with its background's size in bytes."""
        return frozenset(one.scene for one in self.pairs)

    @property
    def people(self) -> frozenset[str]:
        """Every person that occurs."""
        return frozenset(name for one in self.pairs for name in one.people)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(index)
        one = self.pairs[index]
        shot = read_picture(self.folder / "fg_bg" / one.fg_bg).rgb
        size_hw = shot.shape[0], shot.shape[1]
        plate_path, mask_path = self.folder / "bg" / one.bg, self.folder / "mask" / one.mask
        plate = resize(_fitting(read_picture(plate_path).rgb, size_hw, plate_path), size_hw)
        mask = _grey(mask_path)
        if mask.max() == 1 and "generator" not in self.about:
            most = np.iinfo(mask.dtype).max
            raise InputError(f"{mask_path}: has no value above 1; save masks with {most} for full foreground")
        alpha = resize(_fitting(to_float(mask), size_hw, mask_path), size_hw)
        shot_depth_m = self._depth_m(one, size_hw)
        nobody = alpha <= (_JPEG_ZERO if mask_path.suffix.lower() in {".jpg", ".jpeg"} else 0)
        seen = nobody & (np.abs(shot - plate).max(-1) <= _SAME_COLOUR)
        return Sample(
            key=one.name,
            scene=one.scene,
            people=one.people,
            plate=plate,
            shot=shot,
            alpha=alpha,
            plate_depth_m=np.where(seen, shot_depth_m, np.float32(0)),
            shot_depth_m=shot_depth_m,
        )

    def verify(self) -> None:
        """Read every byte of the set and compare it with the manifest.

        Raises:
            InputError: it is not what was written, or there is no manifest to tell.
        """
        if read_folder_manifest(self.folder) is None:
            raise InputError(f"{self.folder}: has no manifest.json that says what was written; nothing to compare with")
        opened = open_folder_set(self.folder)
        files = (file for file, _ in sizes_in(opened.listings))
        if fingerprint_of(self.folder, files) != self.fingerprint:
            raise InputError(f"{self.folder}: is not what was written (its SHA-256 differs); copy or make it again")

    def _depth_m(self, one: Pair, size_hw: tuple[int, int]) -> Image:
        if one.depth is None or self.depth is None:
            return np.zeros(size_hw, np.float32)
        path = self.folder / "depth" / one.depth
        codes = _fitting(_grey(path), size_hw, path)
        # the nearest code: a blend of two surfaces is none
        rows, columns = (
            ((np.arange(wanted) + 0.5) * there / wanted).astype(np.intp)
            for wanted, there in zip(size_hw, codes.shape, strict=True)
        )
        return self.depth.metres(codes[rows[:, None], columns])


def _meaning(opened: FolderSet, depth_is: str | None) -> DepthCodes | None:
    if opened.manifest is not None:
        recorded = opened.manifest.depth
        if depth_is is not None and (recorded is None or recorded.quantity != depth_is):
            what = "has no depth" if recorded is None else f"holds {recorded.quantity}"
            raise UsageError(f"{opened.folder}: {what}, its manifest says; leave --depth-is out")
        return recorded
    if not opened.has_depth:
        return None
    if depth_is is None:
        raise UsageError(
            f"{opened.folder / 'depth'}: nothing says what its pictures show; give --depth-is disparity where what is "
            "near is light, --depth-is depth where it is dark"
        )
    return foreign(depth_is)


def _grey(path: Path) -> NDArray[Any]:
    """A grey picture's samples as stored, (h, w) uint8 or uint16: an alpha or depth image is no colour picture."""
    stored = read_stored(path)
    colour = stored.colour
    if stored.alpha is not None and (to_float(stored.alpha) < 1).any():
        raise InputError(f"{path}: has transparency where a grey picture belongs; save the values themselves in grey")
    if colour.ndim == 2:
        return colour
    if colour.shape[2] != 3 or not is_grey(to_float(colour)):
        raise InputError(f"{path}: is coloured where a grey picture belongs; save the values themselves in grey")
    return np.ascontiguousarray(colour[..., 1])


def _fitting(array: NDArray[Any], size_hw: tuple[int, int], path: Path) -> NDArray[Any]:
    """The picture itself, if its aspect ratio is the shot's within 1 %."""
    height, width = array.shape[:2]
    here, wanted = width * size_hw[0], size_hw[1] * height
    if abs(here - wanted) * 100 > max(here, wanted):
        raise InputError(
            f"{path}: is {width} x {height} pixels and its shot in fg_bg {size_hw[1]} x {size_hw[0]}; "
            "give pictures of one aspect ratio"
        )
    return array
