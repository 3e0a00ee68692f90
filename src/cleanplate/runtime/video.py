"""A clip becomes clips: every frame matted over one plate, in parts of some seconds that outlive an interruption.

The plate's disparity is taken once, so that the depth of what nobody covers is the same in every frame to the bit.
Light that changes is followed by the plate doctor, which mends the plate it was given for every change and never
learns from frames: whoever stands still for an hour is not absorbed.
"""

import json
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cleanplate import __version__
from cleanplate.errors import UsageError
from cleanplate.imaging import Image
from cleanplate.imaging.clipfile import SUFFIXES, ClipKind, ClipWriter, join
from cleanplate.imaging.files import file_identity, prepare_folder, replace_file
from cleanplate.imaging.streams import Clip, ClipInfo, Frame
from cleanplate.jobs.overlap import Behind, ahead
from cleanplate.jobs.progress import Advance, nobody_looks
from cleanplate.runtime.backdrop import Backdrop
from cleanplate.runtime.matte import Matte
from cleanplate.runtime.no_plate import NoPlate
from cleanplate.runtime.outputs import ALL_PRODUCTS, OutputChoice, preview, write_outputs
from cleanplate.runtime.plate import Plate

PART_S = 10.0
"""Seconds of clip in a part: what an interruption costs at most."""

Tell = Callable[[str], None]
"""Is told a sentence that a user should read."""

_ABOUT = "about.json"
_TOLD = 3
_SOUND = ("cutout", "preview", "composite")
"""The products that keep the clip's sound: those that somebody looks at."""


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


def nobody_listens(_sentence: str) -> None:
    """The `Tell` of whoever waits for the end."""


def matte_clip(
    clip: Clip,
    plate: Plate | NoPlate,
    folder: Path,
    stem: str,
    choice: ClipChoice,
    *,
    identity: dict[str, Any],
    advance: Advance = nobody_looks,
    tell: Tell = nobody_listens,
) -> tuple[str, ...]:
    """Write the wanted clips of one clip into `folder`, STEM_PRODUCT.mp4 (the cut-out .mov or .webm).

    matte       alpha, grey
    cutout      foreground colour and alpha, straight
    depth       disparity, grey, light is near: black and white are `disparity_range`, the plate's where there is one
    preview     plate, shot, matte, cut-out and depth side by side
    composite   the foreground over the backdrop
    shadow      the share of light that the foreground's shadow leaves, grey

    Frames keep their times, and cut-out, preview and composite the sound. Work goes into STEM_parts, part by part; what
    is finished there is kept by the next call, and whatever stops it leaves parts that play. The last step joins them.

    Args:
        clip: to be matted.
        plate: with what; another size than the clip's is as with shots.
        folder: for the results.
        stem: what their names begin with.
        choice: which results.
        identity: what they depend on besides (plate, model, options), JSON: parts of another are not gone on with.
        advance: is told of frames.
        tell: hears the first sentences as soon as there is a reason for them.

    Returns:
        Sentences a user should read.

    Raises:
        UsageError: STEM_parts was begun with other options.
        InputError: the clip cannot be used, or a file not written.

    """
    bench = _Bench(folder / f"{stem}_parts", clip.info, choice)
    bench.begin({"cleanplate": __version__, **identity})
    told: dict[str, None] = {}
    kept = bench.num_parts * bench.part_frames
    advance(min(kept, clip.info.num_frames or kept))  # the last part may be shorter
    if kept:
        _look_at(plate, next(clip.frames()), clip)
    # while one is finished the next begins, and the one after it is read
    begun = ahead((frame, plate.begin(frame.picture, str(clip.path))) for frame in ahead(clip.frames(kept)))
    for first in begun:
        with bench.part() as write, Behind() as later:
            for frame, finish in chain([first], islice(begun, bench.part_frames - 1)):
                matte = finish()
                _note(matte.notices, told, tell)
                later.do(write, matte, frame)
                advance(1)
    prepare_folder(folder)
    of_sound: dict[str, None] = {}
    for product in choice.products:
        sound = clip.path if clip.info.has_audio and product in _SOUND else None
        of_sound.update(dict.fromkeys(join(bench.parts(product), folder / choice.name(stem, product), sound)))
    bench.clear(product for product in ALL_PRODUCTS if (folder / choice.name(stem, product)).exists())
    return (*clip.notices, *of_sound, *_few(told))


def matte_frames(
    clip: Clip,
    plate: Plate | NoPlate,
    folder: Path,
    choice: OutputChoice,
    *,
    keep: bool = True,
    advance: Advance = nobody_looks,
    tell: Tell = nobody_listens,
) -> tuple[str, ...]:
    """Write the results of every frame of a clip as of a shot, folder/000000_matte.png and so on.

    Args:
        clip: to be matted.
        plate: with what.
        folder: for the results, of this clip alone.
        choice: which results.
        keep: leave what is there as it is.
        advance: is told of frames.
        tell: hears the first sentences as soon as there is a reason for them.

    Returns:
        Sentences a user should read.

    Raises:
        InputError: the clip cannot be used, or a file not written.

    """
    told: dict[str, None] = {}
    prepare_folder(folder)

    def begin(frame: Frame) -> tuple[str, tuple[str, ...], Callable[[], Matte] | None]:
        stem = f"{frame.index:06d}"
        products = choice.missing(folder, stem) if keep else choice.products
        if frame.index == 0 and not products:
            _look_at(plate, frame, clip)
        return stem, products, plate.begin(frame.picture, str(clip.path)) if products else None

    with Behind() as later:
        for stem, products, finish in ahead(map(begin, ahead(clip.frames()))):
            if finish is not None:
                matte = finish()
                _note(matte.notices, told, tell)
                later.do(write_outputs, matte, plate.session.contract, folder, stem, choice.only(products))
            advance(1)
    return (*clip.notices, *_few(told))


def _look_at(plate: Plate | NoPlate, first: Frame, clip: Clip) -> None:
    """Have the plate mended by a clip's first frame, as it was when that was matted."""
    if isinstance(plate, Plate):
        plate.look_at(first.picture, str(clip.path))


def _note(notices: Iterable[str], told: dict[str, None], tell: Tell) -> None:
    """Put down what a frame has to tell, and tell the first of it."""
    for notice in notices:
        if notice not in told and len(told) < _TOLD:
            tell(notice)
        told[notice] = None


def _few(told: Iterable[str]) -> list[str]:
    """The first of what the frames had to tell: light that changes all the time is told of all the time."""
    sentences = list(told)
    more = len(sentences) - _TOLD
    return sentences if more <= 0 else [*sentences[:_TOLD], f"and {more} more notices like these, about later frames"]


class _Bench:
    """The folder of parts: PRODUCT_0000.mp4 and so on, each finished; _unfinished in the name of one that is not."""

    def __init__(self, folder: Path, info: ClipInfo, choice: ClipChoice) -> None:
        self._folder, self._info, self._choice = folder, info, choice
        self.part_frames = max(1, round(PART_S * float(info.rate)))
        self.num_parts = 0

    def begin(self, identity: dict[str, Any]) -> None:
        """Make the folder, or go on with it: `num_parts` are there."""
        wanted = json.dumps(identity, indent=1, sort_keys=True, default=str) + "\n"
        about = self._folder / _ABOUT
        if file_identity(about) and about.read_text(encoding="utf-8") != wanted and not self._finished(ALL_PRODUCTS):
            self.clear(())  # nothing is lost
        if file_identity(about):
            if about.read_text(encoding="utf-8") != wanted:
                raise UsageError(
                    f"{self._folder}: was begun with another plate, model or options; give those again, or remove it"
                )
        else:
            prepare_folder(self._folder)
            if any(self._folder.iterdir()):
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
                    if product not in writers:
                        size_hw = (picture.shape[0], picture.shape[1])
                        done = self.num_parts * self.part_frames
                        writer = ClipWriter(path, size_hw, self._info.rate, self._choice.kind(product), done)
                        writers[product] = stack.enter_context(writer)
                    writers[product].add(picture, frame.time_s)

            yield write
        for product, path in unfinished.items():
            path.replace(finished[product])
        self.num_parts += 1

    def clear(self, joined: Iterable[str]) -> None:
        """Remove the parts of products that are joined, and the folder, unless others were begun there as well."""
        unfinished = [path for product in ALL_PRODUCTS for path in self._folder.glob(f"{product}_*_unfinished.*")]
        for path in [*unfinished, *self._finished(joined)]:
            path.unlink(missing_ok=True)
        if not self._finished(ALL_PRODUCTS):
            (self._folder / _ABOUT).unlink(missing_ok=True)
            with suppress(OSError):  # somebody has put something beside them
                self._folder.rmdir()

    def _finished(self, products: Iterable[str]) -> list[Path]:
        """The finished parts of some products."""
        return [path for name in products for path in self._folder.glob(f"{name}_[0-9][0-9][0-9][0-9].*")]

    def _paths(self, number: int, ending: str = "") -> dict[str, Path]:
        return {
            product: self._folder / f"{product}_{number:04d}{ending}{SUFFIXES[self._choice.kind(product)]}"
            for product in self._choice.products
        }


def _picture(product: str, matte: Matte, choice: ClipChoice) -> Image:
    """A frame of a product, (h, w, 3) or, of the cut-out, (h, w, 4), in [0, 1]."""
    if product == "cutout":
        return np.concatenate([matte.foreground, matte.alpha[..., None]], axis=2)
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
    return np.repeat(grey[..., None], 3, axis=2)
