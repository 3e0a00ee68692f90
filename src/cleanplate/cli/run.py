"""`cleanplate run`: matte, cut-out, depth and preview of every shot of a plate."""

import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cleanplate.cli.metres import Metres, WithAnchors, metres_options
from cleanplate.errors import CleanplateError, InputError, UsageError

if TYPE_CHECKING:
    from cleanplate.runtime.depth_files import DepthFormat
    from cleanplate.runtime.no_plate import NoPlate
    from cleanplate.runtime.outputs import OutputChoice
    from cleanplate.runtime.plate import Plate

_USUAL = ("matte", "cutout", "depth", "preview")
_PRODUCTS = (*_USUAL, "composite", "shadow")
_PATH = click.Path(path_type=Path, readable=False)  # what cannot be read is said of each file, and the others are done


def _parse_only(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    if value is None:
        return _USUAL
    wanted = [word.strip() for word in value.split(",") if word.strip()]
    unknown = [word for word in wanted if word not in _PRODUCTS]
    if unknown or not wanted:
        raise click.BadParameter(f"{value!r} is not a list out of {','.join(_PRODUCTS)}")
    return tuple(product for product in _PRODUCTS if product in wanted)


def _parse_plate(_context: click.Context, _parameter: click.Parameter, value: str) -> Path | None:
    return None if value == "none" else Path(value)  # a file of that name is ./none


@click.command("run", cls=WithAnchors, short_help="Matte, cut-out, depth and preview of every shot.")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...", type=_PATH)
@click.option(
    "--plate", required=True, callback=_parse_plate, metavar="FILE|none", help="The photo of the empty scene."
)
@click.option("--out", required=True, type=_PATH, help="The folder for the results.")
@click.option("--model", type=_PATH, help="Another model than the one that comes along.")
@click.option("--only", callback=_parse_only, metavar="LIST", help=f"Some of {','.join(_PRODUCTS)}.")
@click.option("--bits", type=click.Choice(["8", "16"]), default="8", help="Of matte and cut-out; 8 unless given.")
@click.option(
    "--depth-format", type=click.Choice(["png16", "npy", "exr", "ply"]), default="png16", help="png16 unless given."
)
@metres_options
@click.option(
    "--doctor", type=click.Choice(["on", "off"]), default="on", help="Fit the plate to the shots; on unless given."
)
@click.option("--backdrop", metavar="FILE|COLOUR|blur", help="Also lay the foreground over this: the composite.")
@click.option(
    "--shadow",
    type=click.Choice(["keep", "drop", "separate"]),
    default="drop",
    help="keep: the composite carries the foreground's shadow; separate: a file of its own, too. drop unless given.",
)
@click.option("--overwrite", is_flag=True, help="Make results anew that exist already.")
def command(
    *,
    inputs: tuple[Path, ...],
    plate: Path | None,
    out: Path,
    model: Path | None,
    only: tuple[str, ...],
    bits: str,
    depth_format: "DepthFormat",
    metres: tuple[str, ...],
    plate_depth: Path | None,
    fov: float | None,
    doctor: str,
    backdrop: str | None,
    shadow: Literal["keep", "drop", "separate"],
    overwrite: bool,
) -> int:
    """Write matte, cut-out, depth and preview of every INPUT, a photo of the scene or a folder of them, into --out.

    Results that exist are kept unless --overwrite is given; what is missing is added. One bad shot does not stop the
    others. With --plate none only people are found, and every shot's depth has a scale of its own. Exit code: 0 all
    done, 1 some failed, 2 wrong usage.
    """
    # only now: `cleanplate --help` loads none of it
    from cleanplate.imaging.files import prepare_folder
    from cleanplate.runtime.backdrop import read_backdrop
    from cleanplate.runtime.no_plate import NoPlate
    from cleanplate.runtime.outputs import OutputChoice
    from cleanplate.runtime.plate import Plate

    products = _with_extras(only, backdrop, shadow, plate)
    behind = read_backdrop(backdrop) if backdrop is not None else None
    choice = OutputChoice(products, int(bits), depth_format, behind, shadow != "drop")
    measured = Metres(metres, plate_depth, fov)
    measured.refuse_useless(choice, plate)
    shots = [shot for shot in _find_shots(inputs, plate, out) if not measured.is_map(shot)]
    _refuse_shared_stems(shots)
    _refuse_overwriting(shots, [Path(file) for file in (plate, model, plate_depth, backdrop) if file], out, choice)
    _refuse_two_depth_formats(shots, out, choice)
    if not overwrite:
        measured.refuse_mixing(shots, out, choice)

    work = [(shot, products if overwrite else choice.missing(out, shot.stem)) for shot in shots]
    work = [(shot, products) for shot, products in work if products]
    num_kept, num_failed = len(shots) - len(work), 0
    if work:
        opened = Plate.open(plate, model, doctor=doctor == "on") if plate else NoPlate(model)
        for notice in measured.apply(opened, choice) if isinstance(opened, Plate) else ():
            _say(notice)
        prepare_folder(out)
        num_failed = _matte_all(work, opened, out, choice)
    _report(len(work) - num_failed, num_kept, num_failed, out)
    return 1 if num_failed else 0


def _with_extras(only: tuple[str, ...], backdrop: str | None, shadow: str, plate: Path | None) -> tuple[str, ...]:
    """The products wanted, with those that --backdrop and --shadow ask for by themselves."""
    if backdrop is None and "composite" in only:
        raise UsageError("--only composite: lies over a backdrop; give --backdrop FILE, a colour or blur")
    if backdrop is None and shadow == "keep":
        raise UsageError("--shadow keep: there is no composite to carry it; give --backdrop, or take --shadow separate")
    wanted = {*only, *(["composite"] if backdrop is not None else []), *(["shadow"] if shadow == "separate" else [])}
    if plate is None and (shadow != "drop" or "shadow" in wanted):
        raise UsageError("--shadow: without a plate nothing tells what a shadow is; give --plate FILE, or leave it out")
    if plate is None and backdrop is not None and backdrop.lower() == "blur":
        raise UsageError("--backdrop blur: is the plate out of focus; give --plate FILE, or another backdrop")
    return tuple(product for product in _PRODUCTS if product in wanted)


def _matte_all(
    work: Sequence[tuple[Path, tuple[str, ...]]], plate: "Plate | NoPlate", out: Path, choice: "OutputChoice"
) -> int:
    """Do the work; the number of shots that failed."""
    from cleanplate.jobs.progress import track
    from cleanplate.runtime.outputs import write_outputs

    num_failed = 0
    told = set[str]()
    for shot, products in track(work, "matting", len(work)):
        try:
            matte = plate.matte(shot)
            for notice in matte.notices:
                if notice not in told:
                    _say(notice)
            told.update(matte.notices)
            write_outputs(matte, plate.session.contract, out, shot.stem, choice.only(products))
        except CleanplateError as error:
            _say(str(error))
            num_failed += 1
        except MemoryError:
            _say(f"{shot}: there is not enough memory for it; scale it down")
            num_failed += 1
    return num_failed


def _find_shots(inputs: Iterable[Path], plate: Path | None, out: Path) -> list[Path]:
    """The pictures named, folders replaced by the pictures in them, sorted, without the plate and hidden files."""
    from cleanplate.imaging.files import PICTURE_SUFFIXES, file_identity, is_folder

    shots: list[Path] = []
    for path in inputs:
        if not is_folder(path):
            shots.append(path)
            continue
        if path.resolve() == out.resolve():
            raise UsageError(f"{out}: is a folder of inputs as well; name another --out, or results become inputs")
        try:
            inside = sorted(path.iterdir())
        except OSError as error:
            raise InputError(f"{path}: cannot be listed ({error.strerror}); check its permissions") from error
        found = [
            file
            for file in inside
            if file.suffix.lower() in PICTURE_SUFFIXES
            and not file.name.startswith(".")
            and file.is_file()
            and (plate is None or file_identity(file) != file_identity(plate))
        ]
        if not found:
            raise InputError(f"{path}: holds no JPEG, PNG, WebP or TIFF picture besides the plate; name another folder")
        shots.extend(found)
    return _without_repeats(shots)


def _without_repeats(shots: Iterable[Path]) -> list[Path]:
    """Each shot once, however often it is named; a file under two names has results of both."""
    from cleanplate.imaging.files import file_identity

    once: dict[tuple[str, tuple[int, int] | Path], Path] = {}
    for shot in shots:
        once.setdefault((_result_key(shot), file_identity(shot) or shot), shot)
    return list(once.values())


def _result_key(shot: Path) -> str:
    """What shots share whose results would have one name; upper and lower case are one name on macOS and Windows."""
    return unicodedata.normalize("NFC", shot.stem).casefold()


def _refuse_shared_stems(shots: Iterable[Path]) -> None:
    """Two shots whose results would have one name."""
    seen: dict[str, Path] = {}
    for shot in shots:
        key = _result_key(shot)
        if key in seen:
            raise UsageError(
                f"{seen[key]} and {shot}: their results would have the same names; rename or leave out one"
            )
        seen[key] = shot


def _refuse_overwriting(shots: Sequence[Path], others: Iterable[Path], out: Path, choice: "OutputChoice") -> None:
    """A result that would take the place of something read; files are compared, not names."""
    from cleanplate.imaging.files import file_identity

    read: dict[tuple[int, int], Path] = {}
    for path in (*shots, *others):
        identity = file_identity(path)
        if identity is not None:
            read[identity] = path
    for shot in shots:
        for product in choice.products:
            for name in choice.names(shot.stem, product):
                taken = file_identity(out / name)
                if taken is not None and taken in read:
                    raise UsageError(f"{read[taken]}: would be overwritten by a result of {shot}; name another --out")


def _refuse_two_depth_formats(shots: Iterable[Path], out: Path, choice: "OutputChoice") -> None:
    """Depth in one format where it is in the other already: both would be described by one sidecar."""
    from cleanplate.imaging.files import file_identity

    if "depth" not in choice.products:
        return
    for shot in shots:
        for other in (out / name for name in choice.other_depths(shot.stem)):
            if file_identity(other):
                raise UsageError(f"{other}: depth is there in another format already; remove it, or name another --out")


def _report(num_done: int, num_kept: int, num_failed: int, out: Path) -> None:
    if num_kept:
        _say(
            f"{out}: the results of {num_kept} {_shots(num_kept)} were there and are kept; --overwrite makes them anew"
        )
    failed = f", {num_failed} failed" if num_failed else ""
    kept = f", {num_kept} kept" if num_kept else ""
    click.echo(f"{num_done} {_shots(num_done)} done{kept}{failed}: {out}")


def _shots(number: int) -> str:
    return "shot" if number == 1 else "shots"


def _say(sentence: str) -> None:
    click.echo(f"cleanplate: {' '.join(sentence.split())}", err=True)
