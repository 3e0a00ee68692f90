"""What several commands understand in the same way."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cleanplate.errors import UsageError

if TYPE_CHECKING:
    from cleanplate.jobs.units import Crew

Command = TypeVar("Command", bound=Callable[..., Any])

_SIDE_PX = range(32, 4097)


class FilePath(click.Path):
    """A path. An empty word, as a shell's unset variable gives, would mean the current folder, and is refused.

    So is what no file can be called.
    """

    def __init__(self, **checks: bool) -> None:
        super().__init__(path_type=Path, **checks)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path, if `value` names one."""
        if value == "":
            self.fail("is empty; name a file or folder (. is the current one)", param, ctx)
        if isinstance(value, str) and "\0" in value:
            self.fail(f"{value!r} can be no file's name; check it", param, ctx)
        return super().convert(value, param, ctx)


def pairs_option(command: Command) -> Command:
    """Add `--pairs`: how the names of a folder set without a manifest belong together."""
    pairs = click.option(
        "--pairs",
        multiple=True,
        metavar="KIND=TEMPLATE",
        help='How names in a folder set pair: "fg_bg={bg}_{n}", "mask={bg}_{n}_mask" (docs/formats.md).',
    )
    return pairs(command)


def folder_set_options(command: Command) -> Command:
    """Add `--pairs` and `--depth-is`: what a folder set without a manifest does not say itself."""
    depth_is = click.option(
        "--depth-is",
        type=click.Choice(["disparity", "depth"]),
        help="What depth images without a manifest show: disparity (near is light) or depth (near is dark).",
    )
    return pairs_option(depth_is(command))


def refuse_idle(idle: Mapping[str, bool], without: str, given: object) -> None:
    """Raise UsageError for the first option given that changes nothing without another, which is `None` if not given.

    `idle`: the options' names, and whether each was given; `without`: the other's name, `given` its value.
    """
    if given is None and (names := [name for name, is_given in idle.items() if is_given]):
        raise UsageError(f"{names[0]} is for {without}: add {without}, or leave {names[0]} out")


def overwrite_option(command: Command) -> Command:
    """Add `--overwrite`: a file that was named to be written may take the place of one that is there."""
    return click.option("--overwrite", is_flag=True, help="Replace the file to write if there is one already.")(command)


def closer_option(command: Command) -> Command:
    """Add `--closer`: whether what is scored looks at each shot again."""
    closer = click.option(
        "--closer", type=click.Choice(["on", "off"]), default="on", help="off: look once, as at a clip's frames."
    )
    return closer(command)


def crew_options(command: Command) -> Command:
    """Add `--workers` and `--ray`: who works."""
    workers = click.option(
        "--workers", type=click.IntRange(min=1), help="Processes that work; as many as there are cores."
    )
    return workers(ray_option(command))


def ray_option(command: Command) -> Command:
    """Add `--ray`: a cluster that works."""
    return click.option(
        "--ray", metavar="ADDRESS", help="Work on a Ray cluster: auto, HOST:PORT, or local for a new one here."
    )(command)


def crew_of(workers: int | None, ray: str | None) -> "Crew":
    """Who works, by what was said with `crew_options`.

    Raises:
        MissingExtraError: Ray is asked for and not installed.
    """
    from cleanplate.jobs.cluster import refuse_without_ray
    from cleanplate.jobs.units import Crew

    if ray is not None:
        refuse_without_ray()
    return Crew(workers or (0 if ray else num_cores()), ray)


def size_hw(size: str) -> tuple[int, int]:
    """Height and width of "PX", the shorter side of a 4:3 picture, or "WIDTHxHEIGHT".

    Raises:
        click.BadParameter: it is neither.
    """
    if size.isdecimal() and int(size) in _SIDE_PX:
        return int(size), round(int(size) * 4 / 3)
    width, _, height = size.lower().partition("x")
    if width.isdecimal() and height.isdecimal() and int(width) in _SIDE_PX and int(height) in _SIDE_PX:
        return int(height), int(width)
    raise click.BadParameter(
        f"--size {size}: give the shorter side, like 192, or WIDTHxHEIGHT, like 256x192; sides from 32 to 4096 px"
    )


def num_cores() -> int:
    """The cores this process may use, which in a container can be fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
