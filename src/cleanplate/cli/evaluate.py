"""`cleanplate evaluate`: how good a model is, in figures and pictures."""

from contextlib import suppress
from pathlib import Path

import click

from cleanplate.cli.evaluate_synthetic import command as synthetic
from cleanplate.cli.options import (
    FilePath,
    closer_option,
    folder_set_options,
    overwrite_option,
    pairs_option,
    refuse_idle,
)

FOLDER = FilePath(file_okay=False)


@click.group("evaluate")
def command() -> None:
    """Score a model, or predictions that already exist."""


command.add_command(synthetic)


@command.command("real")
@click.argument("folder", metavar="DIR", type=FilePath())
@click.option("--model", type=FilePath(), help="Score this model instead of the one in the package.")
@click.option(
    "--out", type=FOLDER, default=Path("out/evaluate"), show_default=True, help="For scores.json and report.html."
)
@click.option("--predictions", type=FOLDER, help="Score CAMERA/ID.png and CAMERA/ID_depth.npy here; run no model.")
@click.option("--save-predictions", type=FOLDER, help="Keep what the model gives, in the layout of --predictions.")
@click.option("--no-depth", is_flag=True, help="Leave depth out.")
@closer_option
def real(
    *,
    folder: Path,
    model: Path | None,
    out: Path,
    predictions: Path | None,
    save_predictions: Path | None,
    no_depth: bool,
    closer: str,
) -> int:
    """Score on real cameras: DIR holds one folder a camera.

    A camera's folder holds plate.png and, for every shot, ID.png and ID_mask.png (255 foreground, 0 background, 128 not
    scored), and where depth was measured ID_depth.png (16 bit, millimetres, 0 unknown).
    """
    from cleanplate.errors import UsageError
    from cleanplate.evaluate.cameras import find_cameras
    from cleanplate.evaluate.cases import Cases
    from cleanplate.evaluate.predictions import RuntimePredictor, SavedPredictor, refuse_cameras
    from cleanplate.evaluate.real import refuse_other_results, score_cameras, write_results
    from cleanplate.evaluate.scores import table
    from cleanplate.imaging.files import prepare_folder

    of_models = {"--model": model, "--save-predictions": save_predictions, "--closer": closer == "off"}
    useless = [option for option, given in of_models.items() if given]
    if predictions is not None and useless:
        raise UsageError(f"--predictions runs no model: leave {useless[0]} out")
    cameras = find_cameras(folder)
    for kept in (predictions, save_predictions):
        if kept is not None:
            refuse_cameras(kept, cameras)
    if predictions is None:
        predictor = RuntimePredictor(model, closer=closer == "on")
    else:
        predictor = SavedPredictor(predictions, cameras, with_depth=not no_depth)
    refuse_other_results(out)
    prepare_folder(out)
    cases = Cases()
    shots = score_cameras(cameras, predictor, cases, save_to=save_predictions, with_depth=not no_depth)
    try:
        _, report = write_results(out, str(folder), predictor, shots, cases)
    finally:  # of files and printed figures, whichever fails the other is there
        click.echo(table(shots))
    click.echo(f"worst and best cases: {report}")
    return 0


@command.command("stress")
@click.argument("folder", metavar="DIR", type=FilePath())
@click.option(
    "--tool",
    default="cleanplate",
    show_default=True,
    help="cleanplate, undoctored (the same without the plate doctor), difference, mog2, knn, rembg, mediapipe, "
    "or a command with {image}, {plate} and {out}. Its words are separated by spaces; quotes keep a word together, "
    "a backslash is an ordinary character.",
)
@click.option("--name", help="Name of the tool on the page; its own by default.")
@click.option("--model", type=FilePath(), help="The model of cleanplate, undoctored, rembg or mediapipe.")
@click.option("--count", type=click.IntRange(min=1), default=24, show_default=True, help="Number of pairs to take.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of choice and changes.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=300,
    show_default=True,
    help="Seconds a command may take for one picture.",
)
@click.option("--note", default="", help="A sentence for the page, such as where DIR comes from.")
@click.option("--out", type=FOLDER, default=Path("out"), show_default=True, help="For stress.md and the folder stress.")
@pairs_option
def stress(
    *,
    folder: Path,
    tool: str,
    name: str | None,
    model: Path | None,
    count: int,
    seed: int,
    timeout: float,
    note: str,
    out: Path,
    pairs: tuple[str, ...],
) -> int:
    """Measure how a matting program suffers as plate and shot drift apart.

    DIR is a data set, or holds one folder a camera as for `evaluate real`. The error of alpha is measured along ten
    axes (plate shift, rotation, zoom, exposure, white balance, noise, JPEG, shadow, light drift, camouflage) at five
    levels. Run it once for each tool with the same --out: the page shows all of them. Stopped, the same command goes on
    with the pairs that are missing.
    """
    from cleanplate.evaluate.stress.measure import measure
    from cleanplate.evaluate.stress.page import PARTS, refuse_other_page, write_page
    from cleanplate.evaluate.stress.pairs import digest_of, example_of, read_pairs
    from cleanplate.evaluate.stress.results import (
        Result,
        read_results,
        refuse_other_pairs,
        refuse_other_tool,
        unfinished_folder,
        write_result,
    )
    from cleanplate.evaluate.stress.tools import make_tool
    from cleanplate.imaging.files import prepare_folder
    from cleanplate.jobs.ledger import Ledger

    made = make_tool(tool, model=model, timeout_s=timeout, name=name)
    chosen = read_pairs(folder, count, seed, rule_words=pairs)
    digest = digest_of(chosen, seed)
    refuse_other_page(out)
    there = read_results(out / PARTS)
    refuse_other_pairs(there, digest, out / PARTS)
    refuse_other_tool(there, made, out / PARTS)
    unfinished = unfinished_folder(out / PARTS, made.name)
    prepare_folder(unfinished)
    try:
        plan = {"tool": made.name, "about": made.about, "weights": made.weights, "pairs": digest}
        with Ledger(unfinished, plan) as ledger:
            scores, mattes = measure(chosen, made, seed, ledger)
            names = tuple(pair.name for pair in chosen)
            result = Result(made.name, made.about, _typed(), names, digest, tuple(scores), note, made.weights)
            written = write_result(out / PARTS, result, mattes)
            ledger.close_finished()
    finally:
        with suppress(OSError):  # what was measured so far stays, to be gone on with
            unfinished.rmdir()
    page = write_page(out, read_results(out / PARTS), chosen[example_of(chosen)], seed)
    click.echo(f"{made.name}: error {result.clean:.4f} on {len(chosen)} clean pairs; all of it: {written}")
    click.echo(f"every tool that was measured there: {page}")
    return 0


def _typed() -> str:
    """The command line of the command that runs, as far as it was typed."""
    import shlex
    from typing import cast

    context = click.get_current_context()
    words = ["cleanplate", "evaluate", "stress"]
    for parameter in context.command.params:
        if parameter.name == "note":  # the page has it in words
            continue
        value: object = context.params.get(parameter.name or "")
        if isinstance(parameter, click.Argument):
            words.append(shlex.quote(str(value)))
        elif context.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE:
            many = cast("tuple[object, ...]", value) if parameter.multiple else (value,)
            words += [word for one in many for word in (parameter.opts[0], shlex.quote(str(one)))]
    return " ".join(words)


@command.command("data")
@click.argument("folder", metavar="DIR", type=FilePath())
@click.option("--effects", is_flag=True, help="As training sees it: with the default camera effects.")
@click.option("--count", type=click.IntRange(min=1), help="Look at the first so many samples only.")
@click.option("--json", "json_file", type=FilePath(dir_okay=False), help="Write the figures here.")
@folder_set_options
@overwrite_option
def data(
    *,
    folder: Path,
    effects: bool,
    count: int | None,
    json_file: Path | None,
    pairs: tuple[str, ...],
    depth_is: str | None,
    overwrite: bool,
) -> int:
    """Tell what a data set holds: coverage, depth, brightness, and how well a plain threshold would do on it."""
    import json

    import numpy as np

    from cleanplate.evaluate.dataset import measure
    from cleanplate.imaging.files import refuse_output, replace_file
    from cleanplate.jobs.progress import track
    from cleanplate.sample.opening import open_samples
    from cleanplate.synth.camera import Effects, degrade

    refuse_idle({"--overwrite": overwrite}, "--json", json_file)
    if json_file is not None:
        refuse_output(json_file, overwrite=overwrite)
    reader = open_samples(folder, rule_words=pairs, depth_is=depth_is)
    number = min(count or len(reader), len(reader))
    samples = (reader[index] for index in track(range(number), "measuring", number))
    if effects:
        samples = (
            degrade(sample, np.random.default_rng(index), Effects(), (sample.alpha.shape[0], sample.alpha.shape[1]))
            for index, sample in enumerate(samples)
        )
    statistics = measure(samples)
    click.echo(statistics.table())
    if json_file is not None:
        with replace_file(json_file) as temporary:
            temporary.write_text(json.dumps(statistics.as_dict(), indent=1), encoding="utf-8")
    return 0
