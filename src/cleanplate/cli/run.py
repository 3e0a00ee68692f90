"""`cleanplate run`: matte, cut-out, depth and preview of every shot of a plate."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cleanplate.cli.clips import ClipWork, matte_clips, network_threads
from cleanplate.cli.metres import Metres, WithAnchors, metres_options
from cleanplate.cli.options import FilePath, crew_of, num_cores, ray_option
from cleanplate.cli.shots import (
    find_shots,
    refuse_clip,
    refuse_folders_of_frames,
    refuse_overwriting,
    refuse_shared_names,
    refuse_two_depth_formats,
    results_of,
    tidy,
)
from cleanplate.cli.summary import Summary
from cleanplate.cli.walk import begin_results
from cleanplate.errors import UsageError

if TYPE_CHECKING:
    from cleanplate.cli.clips import ClipForm
    from cleanplate.jobs.units import Crew
    from cleanplate.runtime.batches import Order, Outcome, Setup
    from cleanplate.runtime.depth_files import DepthFormat
    from cleanplate.runtime.outputs import OutputChoice

_USUAL = ("matte", "cutout", "depth", "preview")
_PRODUCTS = (*_USUAL, "composite", "shadow")
_MANY_SHOTS, _USUAL_WORKERS = 32, 4
"""From so many shots on there are processes, and so many; each takes about 1 GB for shots of 12 megapixels."""

_PATH = FilePath(readable=False)  # what cannot be read is said of each file, and the others are done


def _parse_only(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    if value is None:
        return _USUAL
    wanted = [word.strip() for word in value.split(",") if word.strip()]
    unknown = [word for word in wanted if word not in _PRODUCTS]
    if unknown or not wanted:
        raise click.BadParameter(f"{value!r} is not a list out of {','.join(_PRODUCTS)}")
    return tuple(product for product in _PRODUCTS if product in wanted)


_AUTO = "auto"


def _parse_plate(context: click.Context, parameter: click.Parameter, value: str) -> Path | str | None:
    if value in {"none", _AUTO}:  # files of those names are ./none and ./auto
        return None if value == "none" else _AUTO
    plate = _PATH.convert(value, parameter, context)
    refuse_clip(plate, "give a photo of the empty scene, or --plate auto to have one made of each clip")
    return plate


@click.command("run", cls=WithAnchors, short_help="Matte, cut-out, depth and preview of every shot.")
@click.argument("inputs", nargs=-1, required=True, metavar="SHOT...", type=_PATH)
@click.option(
    "--plate",
    required=True,
    callback=_parse_plate,
    metavar="FILE|auto|none",
    help="The photo of the empty scene; auto: make one from each clip; none: matte people without a plate.",
)
@click.option("--out", required=True, type=_PATH, help="The folder for the results.")
@click.option("--model", type=_PATH, help="Use this model instead of the one in the package.")
@click.option("--fast", is_flag=True, help="Use the package's model in 8 bits, which computes faster.")
@click.option("--only", callback=_parse_only, metavar="LIST", help=f"Write only some of {','.join(_PRODUCTS)}.")
@click.option(
    "--bits",
    type=click.Choice(["8", "16"]),
    default="8",
    help="Bits of matte, cut-out, shadow and composite; 8 by default.",
)
@click.option(
    "--depth-format",
    type=click.Choice(["png16", "npy", "exr", "ply"]),
    default="png16",
    help="File format of the depth; png16 by default.",
)
@metres_options
@click.option(
    "--doctor",
    type=click.Choice(["on", "off"]),
    default="on",
    help="on: mend the plate where it does not fit a shot, the default; off: take it as it is.",
)
@click.option(
    "--closer",
    type=click.Choice(["on", "off"]),
    help="Look again, closer, where something was found; by default on for photos and off for clips.",
)
@click.option(
    "--backdrop",
    metavar="FILE|COLOUR|blur",
    help="Also write a composite: the foreground over this, or over the plate out of focus (blur).",
)
@click.option(
    "--shadow",
    type=click.Choice(["keep", "drop", "separate"]),
    default="drop",
    help="keep: the composite carries the foreground's shadow; separate: it does, and the shadow is also a file of its "
    "own; drop, the default: neither.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Number of worker processes, with one thread each; 1: this process alone, with all threads. "
    f"By default 1 for fewer than {_MANY_SHOTS} shots, else the number of cores, at most {_USUAL_WORKERS}.",
)
@ray_option
@click.option(
    "--clip-as",
    type=click.Choice(["prores", "webm", "png"]),
    default="prores",
    help="A clip's cut-out: ProRes 4444, WebM with alpha, or png: all its results as pictures. prores unless given.",
)
@click.option("--summary", type=_PATH, metavar="FILE.jsonl", help="Also write what became of each shot, as JSON lines.")
@click.option("--overwrite", is_flag=True, help="Make results anew that exist already.")
def command(
    *,
    inputs: tuple[Path, ...],
    plate: Path | str | None,
    out: Path,
    model: Path | None,
    fast: bool,
    only: tuple[str, ...],
    bits: str,
    depth_format: "DepthFormat",
    metres: tuple[str, ...],
    plate_depth: Path | None,
    fov: float | None,
    doctor: str,
    closer: str | None,
    backdrop: str | None,
    shadow: Literal["keep", "drop", "separate"],
    workers: int | None,
    ray: str | None,
    clip_as: "ClipForm",
    summary: Path | None,
    overwrite: bool,
) -> int:
    """Write matte, cut-out, depth and preview of every SHOT into --out: photos and clips of the scene, or folders.

    Folders below a SHOT become folders below --out: IN/a/x.jpg gives OUT/a/x_matte.png. Results that exist are kept
    unless --overwrite is given; what is missing is added. One bad shot does not stop the others. With --plate none only
    people are found, and every shot's depth has a scale of its own. Exit code: 0 all done, 1 some failed, 2 wrong
    usage, 130 after Ctrl-C.
    """
    # only now: `cleanplate --help` loads none of it
    from cleanplate.runtime.backdrop import read_backdrop
    from cleanplate.runtime.batches import Order, Setup
    from cleanplate.runtime.outputs import OutputChoice
    from cleanplate.runtime.session import FAST_MODEL

    if fast and model:
        raise UsageError(f"--fast and --model {model} each choose the model; give one of them")
    model = FAST_MODEL if fast else model
    if closer == "on" and plate is None:
        raise UsageError("--closer on: without a plate there is no second look; give --plate FILE, or leave that out")
    told, auto = Summary(out, summary), plate == _AUTO
    plate = plate if isinstance(plate, Path) else None
    products = _with_extras(only, backdrop, shadow, has_plate=auto or plate is not None)
    choice = OutputChoice(
        products, int(bits), depth_format, None if backdrop is None else read_backdrop(backdrop), shadow != "drop"
    )
    if ray is not None:  # a cluster's machines have working directories of their own
        inputs = tuple(path.absolute() for path in inputs)
        plate, model, plate_depth = (path.absolute() if path else None for path in (plate, model, plate_depth))
    measured = Metres(metres, plate_depth, fov)
    measured.refuse_useless(choice, has_plate=auto or plate is not None)
    found, notices = find_shots(inputs, [Path(file) for file in (plate, backdrop) if file], out)
    found = [shot for shot in found if not measured.is_map(shot.file)]
    refuse_shared_names(found)
    clips, shots = [shot for shot in found if shot.is_clip], [shot for shot in found if not shot.is_clip]
    if auto and shots:
        raise UsageError(f"{shots[0].file}: is no clip, and --plate auto needs clips; give --plate FILE, or clips only")
    setup = Setup(plate, model, doctor == "on", closer != "off", measured.anchors(), plate_depth, fov)
    of_clips = ClipWork(
        replace(setup, num_threads=network_threads()), auto, out, choice, clip_as, backdrop, closer == "on", overwrite
    )
    setup = setup if shots else of_clips.setup  # a plate is opened once for each
    refuse_overwriting(
        [(shot, of_clips.results(shot) if shot.is_clip else results_of(shot, out, choice)) for shot in found],
        [Path(file) for file in (plate, model, plate_depth, backdrop) if file],
    )
    in_frames = clips if clip_as == "png" else []
    refuse_folders_of_frames(shots, in_frames, out)
    pictures = [*shots, *(of_clips.first_frame(clip) for clip in in_frames)]
    refuse_two_depth_formats(pictures, out, choice, overwrite=overwrite)
    if not overwrite:
        measured.refuse_mixing(pictures, out, choice)
    if clips and clip_as != "png" and (metres or plate_depth or int(bits) != 8 or depth_format != "png16"):
        raise UsageError(
            f"{clips[0].file}: --metres, --plate-depth, --bits 16 and --depth-format need the frames as pictures; "
            "add --clip-as png, or leave them out"
        )
    tidy(found, out)
    orders = [
        Order(shot.file, target / shot.stem, products, tuple(choice.replaced(shot.stem)))
        if overwrite
        else Order(shot.file, target / shot.stem, choice.missing(target, shot.stem))
        for shot in shots
        for target in [out / shot.folder]
    ]
    num_wanted = sum(bool(order.products) for order in orders)
    crew = _crew(workers, ray, num_wanted)
    if num_wanted or (not auto and any(map(of_clips.missing, clips))):  # told before work
        notices = (*notices, *setup.notices, *measured.assumption(setup.opened(), choice))
    if num_wanted or clips:
        begin_results(out)
    with told:
        told.tell(*notices)
        _matte_all(orders, setup, choice, crew, told)
        matte_clips(clips, of_clips, told)
        told.report()
    return 1 if told.num_failed else 0


def _with_extras(only: tuple[str, ...], backdrop: str | None, shadow: str, *, has_plate: bool) -> tuple[str, ...]:
    """The products wanted, with those that --backdrop and --shadow ask for by themselves."""
    if backdrop is None and "composite" in only:
        raise UsageError("--only composite: lies over a backdrop; give --backdrop FILE, a colour or blur")
    if backdrop is None and shadow == "keep":
        raise UsageError("--shadow keep: there is no composite to carry it; give --backdrop, or take --shadow separate")
    wanted = {*only, *(["composite"] if backdrop is not None else []), *(["shadow"] if shadow == "separate" else [])}
    if not has_plate and (shadow != "drop" or "shadow" in wanted):
        raise UsageError("--shadow: without a plate nothing tells what a shadow is; give --plate FILE, or leave it out")
    if not has_plate and backdrop is not None and backdrop.lower() == "blur":
        raise UsageError("--backdrop blur: there is no plate to blur; give --plate FILE, or another backdrop")
    return tuple(product for product in _PRODUCTS if product in wanted)


def _crew(workers: int | None, ray: str | None, num_shots: int) -> "Crew":
    """Who works: a worker alone is this process, with all threads."""
    from cleanplate.jobs.units import Crew

    if ray is not None:
        return crew_of(workers, ray)
    if workers is None:
        workers = min(num_cores(), _USUAL_WORKERS) if num_shots >= _MANY_SHOTS else 1
    return Crew(0 if workers == 1 else workers)


def _matte_all(
    orders: "Sequence[Order]", setup: "Setup", choice: "OutputChoice", crew: "Crew", summary: Summary
) -> None:
    """Do what is wanted, and tell of every shot."""
    from cleanplate.jobs.progress import nobody_looks, progress
    from cleanplate.runtime.batches import in_batches, matte_batches

    wanted = [order for order in orders if order.products]
    for order in orders:
        if not order.products:
            summary.keep(order.shot)
    with progress("matting", len(wanted), items="shots") if len(wanted) > 1 else nullcontext(nobody_looks) as advance:

        def take(outcome: "Outcome") -> None:
            summary.take(outcome)
            advance(1)

        matte_batches(in_batches(orders), setup, choice, crew, take)
