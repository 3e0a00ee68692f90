"""The units of a data set of either layout, finished one by one."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from cleanplate.imaging.files import prepare_folder
from cleanplate.jobs.ledger import Entry
from cleanplate.jobs.units import Crew, MakeUnit, finished_units
from cleanplate.sample.folders import is_pictures_entry
from cleanplate.sample.shards import is_shard_entry


def finished_samples(
    folder: Path,
    make: MakeUnit,
    sizes: Sequence[int],
    crew: Crew | None,
    *,
    layout: str,
    size_hw: tuple[int, int],
    plan: Mapping[str, Any],
    bytes_each: tuple[int, int],
    what: str,
) -> AbstractContextManager[list[Entry]]:
    """As `jobs.units.finished_units`, for samples of one size; a unit whose entry is damaged is made again.

    Args:
        folder: for the data set; made if it is not there.
        make: makes a unit by its number: what `write_shard` or `write_pictures` returns.
        sizes: number of samples in each unit.
        crew: who works; this process if None.
        layout: "shards" or "folders".
        size_hw: of the pictures.
        plan: what decides the samples besides their number, size and layout (JSON values).
        bytes_each: about how much a sample takes, and each of its pixels.
        what: the work, for the progress bar.

    Raises:
        As `finished_units`.
    """
    height, width = size_hw
    whole = {"count": sum(sizes), "size": f"{width}x{height}", "layout": layout, **plan}
    is_whole = is_shard_entry if layout == "shards" else is_pictures_entry
    prepare_folder(folder)
    return finished_units(
        folder,
        whole,
        make,
        sizes,
        crew or Crew(),
        what=what,
        bytes_per_item=bytes_each[0] + bytes_each[1] * width * height,
        fits=lambda _unit, entry: is_whole(entry),
    )
