"""The clips of `cleanplate run`: each is matted by itself, over the plate that is given or over one made of it."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from cleanplate.cli.options import num_cores
from cleanplate.errors import CleanplateError, InterruptedWorkError

if TYPE_CHECKING:
    from cleanplate.cli.shots import Shot
    from cleanplate.cli.summary import Summary
    from cleanplate.imaging.streams import Clip
    from cleanplate.runtime.batches import Setup
    from cleanplate.runtime.outputs import OutputChoice

ClipForm = Literal["prores", "webm", "png"]
"""What a clip's cut-out becomes: a clip with alpha, or, with all other results, pictures frame by frame."""


@dataclass(frozen=True)
class ClipWork:
    """What all clips of a run share; `auto` where every clip's plate is made of itself, and `setup` names none."""

    setup: "Setup"
    auto: bool
    out: Path
    choice: "OutputChoice"
    form: ClipForm
    backdrop: str | None
    closer: bool
    overwrite: bool

    def result(self, clip: "Shot", product: str) -> Path:
        """The file of a product of a clip or, frame by frame, that of its first frame."""
        from cleanplate.runtime.clip_parts import ClipChoice

        if self.form == "png":
            first = self.first_frame(clip)
            return self.out / first.folder / self.choice.names(first.stem, product)[0]
        return self.out / clip.folder / ClipChoice(self.choice.products, self.form).name(clip.stem, product)

    def missing(self, clip: "Shot") -> tuple[str, ...]:
        """The products to be made of a clip; frame by frame only the frames themselves tell, and it is all of them."""
        from cleanplate.imaging.files import is_file

        if self.overwrite or self.form == "png":
            return self.choice.products
        return tuple(product for product in self.choice.products if not is_file(self.result(clip, product)))

    def results(self, clip: "Shot") -> list[Path]:
        """The files of a clip, or of its first frame, and its plate where that is made of it."""
        from cleanplate.cli.shots import results_of

        if self.form == "png":
            files = results_of(self.first_frame(clip), self.out, self.choice)
        else:
            files = [self.result(clip, product) for product in self.choice.products]
        return [*files, self.plate(clip)] if self.auto else files

    def plate(self, clip: "Shot") -> Path:
        """The file of the plate that is made of a clip."""
        return self.out / clip.folder / f"{clip.stem}_plate.png"

    def first_frame(self, clip: "Shot") -> "Shot":
        """The first frame of a clip whose results are those of pictures."""
        from cleanplate.cli.shots import Shot

        return Shot(Path("000000.png"), clip.folder / clip.stem)


def network_threads() -> int | None:
    """Threads for the network, beside which a clip is read, finished and written; None: what `Session` takes.

    All that there are, which a photo gets, would wait for each other: a clip took a quarter longer (docs/log.md).
    """
    from cleanplate.runtime.session import THREADS_VARIABLE

    return None if os.environ.get(THREADS_VARIABLE) else max(1, num_cores() // 2)


def matte_clips(clips: "Sequence[Shot]", work: ClipWork, summary: "Summary") -> None:
    """Matte one clip after another and tell what became of each; one that fails does not stop the others.

    Raises:
        InterruptedWorkError: at Ctrl-C; the same command goes on.

    """
    from cleanplate.runtime.batches import Order, Outcome

    for clip in clips:
        missing = work.missing(clip)
        if not missing:
            summary.keep(clip.file)
            continue
        order = Order(clip.file, work.out / clip.folder / clip.stem, missing)
        started, notices, failure = perf_counter(), (), None
        try:
            notices = _matte(clip, missing, work, summary.tell)
        except CleanplateError as error:
            failure = str(error)
        except MemoryError:
            failure = f"{clip.file}: there is not enough memory for its frames; scale it down"
        except KeyboardInterrupt:
            parts = Path(f"{order.to}_parts")
            plays = f"what is finished is in {parts} and can be played, and " if parts.is_dir() else ""
            raise InterruptedWorkError(f"{clip.file}: stopped; {plays}the same command goes on") from None
        summary.take(Outcome(order, perf_counter() - started, notices=notices, failure=failure))


def _matte(clip: "Shot", products: tuple[str, ...], work: ClipWork, tell: Callable[..., None]) -> tuple[str, ...]:
    """Write the products of a clip; sentences to be told, of which `tell` hears most before: a clip takes its time."""
    from cleanplate.imaging.files import refuse_long_name
    from cleanplate.imaging.streams import open_clip
    from cleanplate.jobs.progress import progress
    from cleanplate.runtime.clip_parts import ClipChoice
    from cleanplate.runtime.plate import Plate
    from cleanplate.runtime.video import matte_clip, matte_frames

    for file in work.results(clip):
        refuse_long_name(file)
    opened, folder = open_clip(clip.file), work.out / clip.folder
    setup, told = _plate_made(clip, opened, work) if work.auto else (work.setup, ())
    plate = setup.opened()
    plate = plate.twin(closer=work.closer) if isinstance(plate, Plate) else plate
    choice = work.choice.only(products)
    tell(*told, *setup.notices)
    with progress("matting", opened.info.num_frames or 1, items="frames", summary=True) as advance:
        about = clip.file.stat()
        identity = {
            "clip": [clip.file.name, about.st_size, about.st_mtime_ns],
            "plate": _digest(setup.plate),
            "model": plate.session.contract.weights,
            "options": [setup.doctor, work.closer, work.backdrop, _digest(work.backdrop), choice.with_shadow],
        }
        if work.form == "png":
            depth = [setup.fov_deg, _digest(setup.plate_depth), *map(repr, setup.anchors)]
            identity |= {"files": [*products, choice.bits, choice.depth_format], "depth": depth}
            anew = identity if work.overwrite else None
            return matte_frames(opened, plate, folder / clip.stem, choice, anew=anew, advance=advance, tell=tell)
        clips = ClipChoice(products, work.form, choice.backdrop, choice.with_shadow)
        return matte_clip(
            opened,
            plate,
            folder,
            clip.stem,
            clips,
            identity=identity,
            anew=work.overwrite,
            advance=advance,
            tell=tell,
        )


def _digest(file: Path | str | None) -> str | None:
    """What tells a file's content from another's; None where there is no such file."""
    path = Path(file) if file else None
    return sha256(path.read_bytes()).hexdigest() if path is not None and path.is_file() else None


def _plate_made(clip: "Shot", opened: "Clip", work: ClipWork) -> "tuple[Setup, tuple[str, ...]]":
    """The plate of a clip from the clip itself, kept as STEM_plate.png beside its results."""
    from cleanplate.imaging.files import is_file, prepare_folder, write_picture
    from cleanplate.runtime.auto_plate import plate_of_clip
    from cleanplate.runtime.session import Session

    file = work.plate(clip)
    setup = replace(work.setup, plate=file)
    if is_file(file) and not work.overwrite:
        return setup, (f"{clip.file}: its plate {file} was there and is used; --overwrite makes it anew",)
    made = plate_of_clip(opened, Session(work.setup.model))
    prepare_folder(file.parent)
    write_picture(file, made.rgb)
    return setup, (f"{clip.file}: {made.sentence}: {file}",)
