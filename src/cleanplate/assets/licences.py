"""Where every file of the pack comes from, and which licences are let in."""

from dataclasses import asdict, dataclass
from typing import Literal

Registry = Literal["pip", "npm", "apt"]

ALLOWED = frozenset(
    {
        "CC0-1.0",
        "MIT",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "Apache-2.0",
        "CC-BY-2.0",
        "CC-BY-3.0",
        "CC-BY-3.0-US",
        "CC-BY-4.0",
    }
)
"""SPDX names. No copyleft, no share-alike, no non-commercial: models trained on the pack must be free of conditions."""


@dataclass(frozen=True)
class Source:
    """One file of a package that went into the pack.

    Attributes:
        registry: "pip", "npm" or "apt". package, version: as the registry names them.
        file: path inside the package. sha256: of that file, hexadecimal.
        licence: SPDX name, judged for this file at its origin.
        author: whom to name; "" only where the licence asks for nobody.
        origin: who made it and says under what licence it is: an address, or a file of the package.
        part: what it became, "people", "furniture"...
    """

    registry: Registry
    package: str
    version: str
    file: str
    sha256: str
    licence: str
    author: str
    origin: str
    part: str

    def __post_init__(self) -> None:
        if self.licence not in ALLOWED:
            raise ValueError(f"{self.package}/{self.file}: {self.licence} is not let in")
        if self.licence.startswith("CC-BY") and not self.author:
            raise ValueError(f"{self.package}/{self.file}: {self.licence} needs somebody to name")

    def as_json(self) -> dict[str, str]:
        """The entry in the manifest."""
        return asdict(self)
