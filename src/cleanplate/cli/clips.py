"""The clips of `cleanplate run`: each is matted by itself, over the plate that is given or over one made of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from cleanplate.errors import CleanplateError, InterruptedWorkError

if TYPE_CHECKING:
    from cleanplate.cli.shots import Shot
    from cleanplate.cli.summary import Summary
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
    overwrite: bool

    def results(self, clip: "Shot", product: str) -> Path:
        """Where a product of a clip goes: a file, or, frame by frame, the folder of all its products."""
        from cleanplate.runtime.video import ClipChoice

        folder = self.out / clip.folder
        if self.form == "png":
            return folder / clip.stem
        return folder / ClipChoice(self.choice.products, self.form).name(clip.stem, product)


def matte_clips(clips: "Sequence[Shot]", work: ClipWork, summary: "Summary") -> None:
    """Matte one clip after another and tell what became of each; one that fails does not stop the others.

    Raises:
        InterruptedWorkError: at Ctrl-C; the same command goes on.

    """
    from cleanplate.runtime.batches import Order, Outcome

    for clip in clips:
        missing = tuple(
            product for product in work.choice.products if work.overwrite or not work.results(clip, product).is_file()
        )
        if not missing:
            summary.keep(clip.file)
            continue
        order = Order(clip.file, work.out / clip.folder / clip.stem, missing)
        started = perf_counter()
        try:
            notices = _matte(clip, missing, work)
        except CleanplateError as error:
            summary.take(Outcome(order, perf_counter() - started, failure=str(error)))
        except MemoryError:
            failure = f"{clip.file}: there is not enough memory for its frames; scale it down"
            summary.take(Outcome(order, perf_counter() - started, failure=failure))
        except KeyboardInterrupt:
            raise InterruptedWorkError(
                f"{clip.file}: stopped; what is done plays, in {order.to}_parts, and the same command goes on"
            ) from None
        else:
            summary.take(Outcome(order, perf_counter() - started, notices=notices))


def _matte(clip: "Shot", products: tuple[str, ...], work: ClipWork) -> tuple[str, ...]:
    """Write the products of a clip; sentences to be told."""
    from cleanplate.imaging.streams import open_clip
    from cleanplate.jobs.progress import progress
    from cleanplate.runtime.plate import Plate
    from cleanplate.runtime.video import ClipChoice, matte_clip, matte_frames

    opened, folder = open_clip(clip.file), work.out / clip.folder
    setup, told = _plate_made(clip, work) if work.auto else (work.setup, ())
    plate = setup.opened()
    plate = plate.twin() if isinstance(plate, Plate) else plate
    choice = work.choice.only(products)
    with progress("matting", opened.info.num_frames or 1, items="frames", summary=True) as advance:
        if work.form == "png":
            notices = matte_frames(opened, plate, folder / clip.stem, choice, keep=not work.overwrite, advance=advance)
        else:
            clips = ClipChoice(products, work.form, choice.backdrop, choice.with_shadow)
            identity = {
                "clip": sha256(clip.file.name.encode() + str(clip.file.stat().st_size).encode()).hexdigest(),
                "plate": sha256(setup.plate.read_bytes()).hexdigest() if setup.plate else None,
                "model": plate.session.contract.weights,
                "options": [setup.doctor, work.backdrop, choice.with_shadow],
            }
            notices = matte_clip(opened, plate, folder, clip.stem, clips, identity=identity, advance=advance)
    return (*told, *setup.notices, *notices)


def _plate_made(clip: "Shot", work: ClipWork) -> "tuple[Setup, tuple[str, ...]]":
    """The plate of a clip from the clip itself, kept as STEM_plate.png beside its results."""
    from cleanplate.imaging.files import prepare_folder, write_picture
    from cleanplate.imaging.streams import open_clip
    from cleanplate.runtime.auto_plate import plate_of_clip
    from cleanplate.runtime.session import Session

    file = work.out / clip.folder / f"{clip.stem}_plate.png"
    setup = replace(work.setup, plate=file)
    if file.exists() and not work.overwrite:
        return setup, (f"{clip.file}: its plate {file} was there and is used; --overwrite makes it anew",)
    made = plate_of_clip(open_clip(clip.file), Session(work.setup.model))
    prepare_folder(file.parent)
    write_picture(file, made.rgb)
    return setup, (f"{clip.file}: {made.sentence}: {file}",)
