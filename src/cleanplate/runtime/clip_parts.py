"""The clips that are made of one: which are wanted, and the folder of parts in which they grow."""

import json
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cleanplate.errors import UsageError
from cleanplate.imaging import Pixels
from cleanplate.imaging.clipfile import SUFFIXES, ClipKind, ClipWriter
from cleanplate.imaging.files import file_identity, prepare_folder, replace_file, temporaries_in
from cleanplate.imaging.streams import ClipInfo, Frame
from cleanplate.jobs.locks import alone_in
from cleanplate.runtime.backdrop import Backdrop
from cleanplate.runtime.matte import Matte
from cleanplate.runtime.outputs import ALL_PRODUCTS, preview

PART_S = 10.0
"""Seconds of clip in a part: what an interruption costs at most."""

_ABOUT = "about.json"


@dataclass(frozen=True)
class ClipChoice:
    """Which clips are wanted.

    Attributes:
        products: some of "matte", "cutout", "depth", "preview", "composite" and "shadow".
        cutout: what carries colour and alpha: "prores" (ProRes 4444 in .mov) or "webm" (VP9).
        backdrop: what the composite is laid over; it needs one.
        with_shadow: whether the composite carries the foreground's shadow.

    """

    products: tuple[str, ...]
    cutout: Literal["prores", "webm"] = "prores"
    backdrop: Backdrop | None = None
    with_shadow: bool = False

    def kind(self, product: str) -> ClipKind:
        """How a product is encoded: H.264 in .mp4, but for the cut-out."""
        return self.cutout if product == "cutout" else "mp4"

    def name(self, stem: str, product: str) -> str:
        """The file of a product of the clip STEM.

        >>> ClipChoice(("matte", "cutout")).name("a", "cutout")
        'a_cutout.mov'
        """
        return f"{stem}_{product}{SUFFIXES[self.kind(product)]}"


class ClipParts:
    """The folder of parts: PRODUCT_0000.mp4 and so on, each finished; _unfinished in the name of one that is not.

    `num_parts` are finished, of `part_frames` frames each.
    """

    def __init__(self, folder: Path, info: ClipInfo, choice: ClipChoice) -> None:
        self._folder, self._info, self._choice = folder, info, choice
        self.part_frames = max(1, round(PART_S * float(info.rate)))
        self.num_parts = 0

    @contextmanager
    def alone(self) -> Generator[None]:
        """Make the folder, and keep every other process out of it.

        Raises:
            InputError: another is at work in it, or it cannot be made.

        """
        prepare_folder(self._folder)
        with alone_in(self._folder):
            yield

    def begin(self, identity: dict[str, Any], *, anew: bool) -> None:
        """Go on with the folder, or begin: `num_parts` are there.

        Parts of another identity are refused or, `anew`, removed.
        """
        wanted = json.dumps(identity, indent=1, sort_keys=True, default=str) + "\n"
        about = self._folder / _ABOUT
        try:
            begun = about.read_text(encoding="utf-8") if file_identity(about) else None
        except (OSError, ValueError):
            raise UsageError(f"{about}: cannot be read; move {self._folder} away") from None
        if begun not in {None, wanted}:
            if self._finished() and not anew:
                raise UsageError(
                    f"{self._folder}: was begun with another plate, model or options; give those again, or --overwrite "
                    "to begin anew"
                )
            for path in self._finished():
                path.unlink(missing_ok=True)
            self.clear(())
        if begun != wanted:
            if any(not path.name.startswith(".") for path in self._folder.iterdir()):
                raise UsageError(f"{self._folder}: is for parts of the clip, and holds something else; move it away")
            with replace_file(about) as temporary:
                temporary.write_text(wanted, encoding="utf-8")
        while all(path.exists() for path in self._paths(self.num_parts).values()):
            self.num_parts += 1

    def parts(self, product: str) -> list[Path]:
        """The finished parts of a product, in order."""
        return [self._paths(number)[product] for number in range(self.num_parts)]

    @contextmanager
    def part(self) -> Generator[Callable[[Matte, Frame], None]]:
        """Yield what takes the mattes of the next part; it counts as finished where nothing was raised."""
        unfinished, finished = self._paths(self.num_parts, "_unfinished"), self._paths(self.num_parts)
        writers: dict[str, ClipWriter] = {}
        with ExitStack() as stack:

            def write(matte: Matte, frame: Frame) -> None:
                for product, path in unfinished.items():
                    picture = _picture(product, matte, self._choice)
                    alpha = matte.alpha if product == "cutout" else None
                    if product not in writers:
                        size_hw = (picture.shape[0], picture.shape[1])
                        done = self.num_parts * self.part_frames
                        writer = ClipWriter(path, size_hw, self._info.rate, self._choice.kind(product), done)
                        writers[product] = stack.enter_context(writer)
                    writers[product].add(picture, frame.time_s, alpha)

            yield write
        for product, path in unfinished.items():
            path.replace(finished[product])
        self.num_parts += 1

    def clear(self, joined: Iterable[str]) -> None:
        """Remove the parts of products that are joined, and the folder, unless others were begun there as well."""
        done = [path for product in joined for path in self._folder.glob(_pattern(product, self._choice.kind(product)))]
        for path in [*self._finished("_unfinished"), *done]:
            path.unlink(missing_ok=True)
        if not self._finished():
            (self._folder / _ABOUT).unlink(missing_ok=True)
            with suppress(OSError):  # somebody has put something beside them
                for path in temporaries_in(self._folder):
                    path.unlink()
                self._folder.rmdir()

    def _finished(self, ending: str = "") -> list[Path]:
        """The finished parts of all products, the cut-out's of either kind; or those of another ending."""
        patterns = [_pattern(name, kind, ending) for name in ALL_PRODUCTS for kind in SUFFIXES]
        return [path for pattern in patterns for path in self._folder.glob(pattern)]

    def _paths(self, number: int, ending: str = "") -> dict[str, Path]:
        return {
            product: self._folder / f"{product}_{number:04d}{ending}{SUFFIXES[self._choice.kind(product)]}"
            for product in self._choice.products
        }


def _pattern(product: str, kind: ClipKind, ending: str = "") -> str:
    """What the names of parts of a product match: the finished ones, or those of another ending."""
    return f"{product}_[0-9][0-9][0-9][0-9]{ending}{SUFFIXES[kind]}"


def _picture(product: str, matte: Matte, choice: ClipChoice) -> Pixels:
    """A frame of a product (h, w, 3); the cut-out's has yet to get its alpha."""
    if product == "cutout":
        return matte.foreground_pixels
    if product == "preview":
        return preview(matte)
    if product == "composite":
        if choice.backdrop is None:
            raise ValueError("a composite needs a backdrop")
        return matte.over(choice.backdrop, shadow=choice.with_shadow)
    if product == "depth":
        lo, hi = matte.disparity_range
        grey = np.clip((matte.disparity - lo) / (hi - lo), 0, 1)
    else:
        grey = matte.alpha if product == "matte" else matte.shadow
    return np.broadcast_to(grey[..., None], (*grey.shape, 3))
