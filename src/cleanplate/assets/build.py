"""Gather all packages, bake them, write the packs: what scenes are made of, what only tests see, and the encoder."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cleanplate.assets.bake_encoder import bake_encoder
from cleanplate.assets.bake_furniture import bake_furniture, bake_unseen
from cleanplate.assets.bake_people import bake_people
from cleanplate.assets.bake_skies import bake_skies
from cleanplate.assets.bake_textures import bake_textures
from cleanplate.assets.gather import Downloads
from cleanplate.assets.licences import Source
from cleanplate.assets.packing import refuse_other_manifest, write_pack
from cleanplate.synth.pack import Pack

Bake = Callable[[Downloads], tuple[dict[str, NDArray[Any]], list[Source]]]

BAKES: Mapping[str, Bake] = {
    "skies": bake_skies,
    "textures": bake_textures,
    "furniture": bake_furniture,
    "people": bake_people,
}
"""What makes each file of the pack, quick ones first."""

ENCODER_BAKES: Mapping[str, Bake] = {"lite0": bake_encoder}
"""The same of the pack of the encoder."""

UNSEEN_BAKES: Mapping[str, Bake] = {"furniture": bake_unseen}
"""The same of the pack of things that only tests see."""

_COUNTED = (
    ("people", "bodies", "bodies"),
    ("furniture", "name", "pieces of furniture and things"),
    ("textures", "shows", "photographed surfaces"),
    ("skies", "name", "panoramas of light"),
)


def build_pack(folder: Path, bakes: Mapping[str, Bake], downloads: Downloads, report: Callable[[str], None]) -> Pack:
    """Make a whole pack, or leave the folder as it was.

    Args:
        folder: where the pack goes.
        bakes: `BAKES`, `ENCODER_BAKES` or `UNSEEN_BAKES`.
        downloads: where packages are kept.
        report: told in a few words what is being done.

    Raises:
        InputError: a package cannot be had, is not what it should be, the disk is full, or the folder holds something
            else than a pack.
        MissingExtraError: a library that baking needs is not installed.

    """
    refuse_other_manifest(folder)
    parts: dict[str, dict[str, NDArray[Any]]] = {}
    sources: list[Source] = []
    for name, bake in bakes.items():
        report(f"{name}: gathering and baking")
        parts[name], new = bake(downloads)
        sources += new
    return write_pack(folder, parts, sources)


def summary(pack: Pack) -> list[str]:
    """What is in a pack, line by line: its place and size, how much of what, under which licences."""
    size_mb = sum(int(entry["num_bytes"]) for entry in pack.manifest["files"]) / 1e6
    licences = Counter(str(source["licence"]) for source in pack.manifest["sources"])
    counts = [f"{len(pack.arrays(name)[key])} {what}" for name, key, what in _COUNTED if name in pack.names]
    return [
        f"{pack.folder} ({size_mb:.1f} MB, {pack.fingerprint})",
        *([", ".join(counts)] if counts else []),
        "made from " + ", ".join(f"{count} files under {licence}" for licence, count in sorted(licences.items())),
    ]
