"""A clip becomes clips: every frame matted over one plate, in parts of some seconds that outlive an interruption.

The plate's disparity is taken once, so that the depth of what nobody covers is the same in every frame to the bit.
Light that changes is followed by the plate doctor, which mends the plate it was given for every change and never
learns from frames: whoever stands still for an hour is not absorbed.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import chain, islice, starmap
from pathlib import Path
from typing import Any

from cleanplate import __version__
from cleanplate.imaging.clipfile import join
from cleanplate.imaging.files import is_file, prepare_folder
from cleanplate.imaging.streams import Clip, Frame
from cleanplate.jobs.ledger import Ledger
from cleanplate.jobs.overlap import Behind, ahead
from cleanplate.jobs.progress import Advance, nobody_looks
from cleanplate.runtime.clip_parts import ClipChoice, ClipParts
from cleanplate.runtime.matte import Matte
from cleanplate.runtime.no_plate import NoPlate
from cleanplate.runtime.outputs import ALL_PRODUCTS, OutputChoice, were_kept, write_outputs
from cleanplate.runtime.plate import Plate
from cleanplate.runtime.shots import ReadyShot

Tell = Callable[[str], None]
"""Is told a sentence that a user should read."""

_TOLD = 3
_SOUND = ("cutout", "preview", "composite")
"""The products that keep the clip's sound: those that somebody looks at."""


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
    anew: bool = False,
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
        anew: remove parts of another identity, and begin.
        advance: is told of frames.
        tell: hears the first sentences as soon as there is a reason for them.

    Returns:
        Sentences a user should read.

    Raises:
        UsageError: STEM_parts was begun with other options, or holds something else.
        InputError: the clip cannot be used, another process is at it, or a file cannot be written.

    """
    # before anything is made: a clip that the plate does not fit leaves nothing behind
    first = plate.ready(next(clip.frames()).picture, str(clip.path))
    bench = ClipParts(folder / f"{stem}_parts", clip.info, choice)
    with bench.alone():
        bench.begin({"cleanplate": __version__, **identity}, anew=anew)
        told: dict[str, None] = {}
        kept = bench.num_parts * bench.part_frames
        advance(min(kept, clip.info.num_frames or kept))  # the last part may be shorter
        if kept:
            _look_at(plate, first)
        frames = clip.frames(kept)
        first_left = list(islice(frames, 1))  # what is kept is passed over in this thread, for Ctrl-C to end it
        with closing(begin_frames(chain(first_left, frames), plate, str(clip.path))) as begun:
            _make_parts(bench, begun, told, advance, tell)
        prepare_folder(folder)
        of_sound: dict[str, None] = {}
        for product in choice.products:
            sound = clip.path if clip.info.has_audio and product in _SOUND else None
            of_sound.update(dict.fromkeys(join(bench.parts(product), folder / choice.name(stem, product), sound)))
    bench.clear(product for product in ALL_PRODUCTS if is_file(folder / choice.name(stem, product)))
    return (*clip.notices, *of_sound, *_few(told))


def _make_parts(
    bench: ClipParts,
    begun: Iterator[tuple[Frame, Callable[[], Matte]]],
    told: dict[str, None],
    advance: Advance,
    tell: Tell,
) -> None:
    """Finish the frames of `begin_frames`, and write them part by part."""
    for leads in begun:
        with bench.part() as write, Behind() as later:
            for frame, finish in chain([leads], islice(begun, bench.part_frames - 1)):
                matte = finish()
                _note(matte.notices, told, tell)
                later.do(write, matte, frame)
                advance(1)


def begin_frames(
    frames: Iterable[Frame], plate: Plate | NoPlate, name: str
) -> Generator[tuple[Frame, Callable[[], Matte]]]:
    """Frames with what finishes their mattes: while one is finished the next is begun, and the one after it is read."""
    with (
        closing(ahead((frame, plate.ready(frame.picture, name)) for frame in frames)) as ready,
        closing(ahead((frame, plate.begin(shot)) for frame, shot in ready)) as begun,
    ):
        yield from begun


def matte_frames(
    clip: Clip,
    plate: Plate | NoPlate,
    folder: Path,
    choice: OutputChoice,
    *,
    anew: dict[str, Any] | None = None,
    advance: Advance = nobody_looks,
    tell: Tell = nobody_listens,
) -> tuple[str, ...]:
    """Write the results of every frame of a clip as of a shot, folder/000000_matte.png and so on.

    Args:
        clip: to be matted.
        plate: with what.
        folder: for the results, of this clip alone.
        choice: which results.
        anew: None leaves what is there as it is. Else all is made anew, and this is what it depends on (plate, model,
            options), JSON: a call of the same goes on where one was stopped, by `jobs.ledger`.
        advance: is told of frames.
        tell: hears the first sentences as soon as there is a reason for them.

    Returns:
        Sentences a user should read.

    Raises:
        InputError: the clip cannot be used, another process makes it anew, or a file cannot be written.

    """
    told: dict[str, None] = {}
    num_kept = 0
    prepare_folder(folder)

    def read(frame: Frame) -> tuple[int, tuple[str, ...], ReadyShot | None]:
        all_anew = ledger is not None and frame.index not in ledger.done
        products = choice.products if all_anew else choice.missing(folder, _stem(frame.index))
        wanted = bool(products) or frame.index == 0
        return frame.index, products, plate.ready(frame.picture, str(clip.path)) if wanted else None

    def begin(
        index: int, products: tuple[str, ...], shot: ReadyShot | None
    ) -> tuple[int, tuple[str, ...], Callable[[], Matte] | None]:
        if shot is not None and not products:
            _look_at(plate, shot)
        return index, products, plate.begin(shot) if shot is not None and products else None

    def write(index: int, products: tuple[str, ...], matte: Matte) -> None:
        stem, wanted = _stem(index), choice.only(products)
        replaced = () if ledger is None else wanted.replaced(stem)
        write_outputs(matte, plate.session.contract, folder, stem, wanted, replaced=replaced)
        if ledger is not None:
            ledger.add(index, {})

    with (
        _anew(folder, anew) as ledger,
        closing(ahead(map(read, clip.frames()))) as ready,
        closing(ahead(starmap(begin, ready))) as begun,
        Behind() as later,
    ):
        for index, products, finish in begun:
            if finish is not None:
                matte = finish()
                _note(matte.notices, told, tell)
                later.do(write, index, products, matte)
            num_kept += finish is None and ledger is None
            advance(1)
    return (*clip.notices, *_few(told), *([were_kept(folder, num_kept, "frame")] if num_kept else []))


@contextmanager
def _anew(folder: Path, plan: dict[str, Any] | None) -> Generator[Ledger | None]:
    """Which frames are made anew already; None where what is there is kept."""
    if plan is None:
        yield None
        return
    with Ledger(folder, {"cleanplate": __version__, **plan}, anew=True) as ledger:
        yield ledger
        ledger.close_finished()


def _stem(index: int) -> str:
    """What the names of a frame's results begin with."""
    return f"{index:06d}"


def _look_at(plate: Plate | NoPlate, first: ReadyShot) -> None:
    """Have the plate mended by a clip's first frame, as it was when that was matted."""
    if isinstance(plate, Plate):
        plate.look_at(first)


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
    if more <= 0:
        return sentences
    like = "one more notice" if more == 1 else f"{more} more notices"
    return [*sentences[:_TOLD], f"and {like} like these, about later frames"]
