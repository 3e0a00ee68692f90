"""The options of `cleanplate run` that give depth a unit: --metres, --plate-depth, --fov."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import isclose
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from cleanplate.cli.options import Command, FilePath
from cleanplate.errors import UsageError

if TYPE_CHECKING:
    from cleanplate.cli.shots import Shot
    from cleanplate.plate.anchors import Anchor
    from cleanplate.runtime.no_plate import NoPlate
    from cleanplate.runtime.outputs import OutputChoice
    from cleanplate.runtime.plate import Plate

_ANCHOR = re.compile(r"[-+.\d]+,[-+.\d]+=\S*")


class WithAnchors(click.Command):
    """Reads `--metres A B` as `--metres A --metres B`: click has no option that takes several words, or fewer."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, once the words that look like anchors have their option."""
        spelled: list[str] = []
        following = False
        for word in args:
            following = following and _ANCHOR.fullmatch(word) is not None
            is_value = bool(spelled) and spelled[-1] == "--metres"
            spelled += ["--metres", word] if following and not is_value else [word]
            following = following or is_value or word.startswith("--metres=")
        return super().parse_args(ctx, spelled)


def metres_options(command: Command) -> Command:
    """Add `--metres`, `--plate-depth` and `--fov`."""
    metres = click.option(
        "--metres",
        multiple=True,
        metavar="X,Y=M [X,Y=M]...",
        help="Distance from the lens to the plate's surface at pixel X,Y: depth is then in metres. Better two or more.",
    )
    plate_depth = click.option(
        "--plate-depth",
        type=FilePath(readable=False),
        help="A depth map of the plate: 16-bit PNG (mm), .npy or .exr (m); 0 is unknown.",
    )
    fov = click.option("--fov", type=float, metavar="DEG", help="The camera's horizontal field of view.")
    return metres(plate_depth(fov(command)))


@dataclass(frozen=True)
class Metres:
    """What was said with the three options."""

    words: tuple[str, ...]
    plate_depth: Path | None
    fov_deg: float | None

    def refuse_useless(self, choice: "OutputChoice", *, has_plate: bool) -> None:
        """Options that exclude each other, or that nothing would be made of.

        Raises:
            UsageError: so it is, or a word is no anchor.

        """
        from cleanplate.plate.anchors import parse_anchor

        if self.words and self.plate_depth:
            raise UsageError("--metres and --plate-depth each fix the plate's depth; give one of them")
        given = "--metres" if self.words else "--plate-depth" if self.plate_depth else ""
        if given and "depth" not in choice.products:
            raise UsageError(f"{given} is for depth, which --only leaves out; leave {given} out, or add depth")
        if self.fov_deg is not None and not given and choice.depth_format != "ply":
            raise UsageError("--fov is needed for metres and points only; give --metres, or --depth-format ply")
        if not has_plate and (given or self.fov_deg is not None or choice.depth_format == "ply"):
            raise UsageError(
                "--plate none: metres and points need a plate; give --plate FILE, or leave out --metres, "
                "--plate-depth, --fov and --depth-format ply"
            )
        for word in self.words:
            parse_anchor(word)

    def is_map(self, path: Path) -> bool:
        """Whether a file is the depth map, which may lie among the shots."""
        from cleanplate.imaging.files import file_identity

        identity = file_identity(self.plate_depth) if self.plate_depth else None
        return identity is not None and identity == file_identity(path)

    def refuse_mixing(self, shots: "Iterable[Shot]", out: Path, choice: "OutputChoice") -> None:
        """Refuse depth that would be kept beside other: without a unit or in metres, by other distances or lenses.

        Raises:
            UsageError: there is such.
            InputError: the depth map cannot be read.

        """
        from cleanplate.runtime.depth_files import read_sidecar

        if "depth" not in choice.products:
            return
        for shot in shots:
            folder = out / shot.folder
            fields = read_sidecar(folder, shot.stem)
            try:
                other = self._otherwise(fields) if fields else ""  # else it will be written
            except (LookupError, TypeError, AttributeError):
                other = "is not fully described"
            if other:
                raise UsageError(
                    f"{folder / shot.stem}_depth.json: the depth there {other}; --overwrite makes it anew, "
                    "or name another --out"
                )

    def _otherwise(self, made: "dict[str, Any]") -> str:
        """How the depth that a sidecar tells of was made otherwise, in words; "" where it was not."""
        wanted = "m" if self.words or self.plate_depth else None
        if made.get("unit") != wanted:
            return "has no unit" if wanted else "is in metres"
        camera = cast("dict[str, Any] | None", made.get("camera"))
        if camera:
            given = camera["fov_deg"] if camera.get("fov_from") == "given" else 0.0
            if not isclose(given, self.fov_deg or 0.0):
                return "was made with another --fov"
        if wanted is None:
            return ""
        if bool(self.plate_depth) != ("plate_depth" in made):
            return "was made " + ("without --plate-depth" if self.plate_depth else "with --plate-depth")
        if self.plate_depth and made["plate_depth"]["map"] != self._map_digest:
            return "was made with another --plate-depth"
        had = {(anchor["x"], anchor["y"], anchor["distance_m"]) for anchor in made.get("anchors", ())}
        asked = {(anchor.x, anchor.y, anchor.distance_m) for anchor in self.anchors()}
        return "was made with other distances" if had != asked else ""

    @cached_property
    def _map_digest(self) -> str:
        """What the depth of shots by this map says of it."""
        from cleanplate.imaging.depthfile import digest_of, read_depth

        return digest_of(read_depth(self.plate_depth)) if self.plate_depth else ""

    def anchors(self) -> "tuple[Anchor, ...]":
        """The distances that were given."""
        from cleanplate.plate.anchors import parse_anchor

        return tuple(parse_anchor(word) for word in self.words)

    def assumption(self, plate: "Plate | NoPlate", choice: "OutputChoice") -> tuple[str, ...]:
        """What to tell of points that have no metres."""
        from cleanplate.runtime.plate import Plate

        measured = self.words or self.plate_depth
        if not isinstance(plate, Plate) or measured or choice.depth_format != "ply" or "depth" not in choice.products:
            return ()
        return (plate.assumption,)
