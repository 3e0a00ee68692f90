"""Open a data set of whichever layout: shards or folders."""

from collections.abc import Sequence
from pathlib import Path

from cleanplate.errors import InputError, UsageError
from cleanplate.imaging.files import file_identity, is_folder
from cleanplate.sample.folder_reader import FolderReader
from cleanplate.sample.folders import FORMAT
from cleanplate.sample.manifest import MANIFEST, read_manifest
from cleanplate.sample.shards import ShardReader


def open_samples(
    folder: Path,
    *,
    layers: bool = False,
    rule_words: Sequence[str] = (),
    depth_is: str | None = None,
    with_depth: bool = True,
) -> ShardReader | FolderReader:
    """The samples of a data set.

    Args:
        folder: where it lies.
        layers: of shards, also decode shadow and instances.
        rule_words: how names pair in a folder set without a manifest, as `name_rule` takes them.
        depth_is: "disparity" or "depth": what the depth images of such a set show.
        with_depth: if False, depth images of a folder set are not read, and `depth_is` is not needed.

    Raises:
        InputError: no data set there, or one that cannot be used.
        UsageError: `rule_words` or `depth_is` is given for shards; or as `FolderReader`.
    """
    if is_folder_set(folder):
        return FolderReader(folder, rule_words, depth_is, with_depth=with_depth)
    reader = ShardReader(folder, layers)
    if rule_words or depth_is:
        raise UsageError(f"{folder}: holds shards, which say it all themselves; leave --pairs and --depth-is out")
    return reader


def is_folder_set(folder: Path) -> bool:
    """Whether a folder holds a folder set: by its manifest or, where there is none, by a folder `fg_bg` in it."""
    try:
        manifest = read_manifest(folder)
    except InputError:
        return False
    return is_folder(folder / "fg_bg") if manifest is None else manifest.get("format") == FORMAT


def is_foreign_set(folder: Path) -> bool:
    """Whether a folder holds a folder set that somebody else made: there is no manifest that says what it is."""
    return not file_identity(folder / MANIFEST) and is_folder_set(folder)
